import { createHash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { AppSocket, Library } from './library.js';
import { DuplexLink } from './link.js';
import { Planned } from './planned.js';

/** As in §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Turns, and pauses of 2 ms behind them, in which it must end. */
const TURNS = 30;
const PAUSES = 100;
const CONNECTING = 0;

/** What the application does to a client that connects. */
export type Blow = 'close' | 'terminate' | 'abort' | 'send' | 'throw';

/** How the server answers. */
export type Answer =
  | 'good'
  | 'wrong accept'
  | 'status 400'
  | 'no HTTP'
  | 'half'
  | 'nothing'
  | 'end'
  | 'reset';

/** A client that connects, and all that hits it. */
export interface Connecting {
  readonly answer: Answer;
  /** turns that the server takes */
  readonly answersAfter: number;
  /** milliseconds */
  readonly handshakeTimeout?: number;
  /** in `finishRequest`, in front of `request.end()` */
  readonly finishing?: Blow;
  /** in listeners */
  readonly on: { readonly [event in 'upgrade' | 'unexpected-response' | 'open' | 'error' | 'close']?: Blow };
  /** behind the constructor, each with turns in front of it; less than 0 for none, and 0 for a tick */
  readonly steps: readonly { readonly after: number; readonly does: Blow }[];
}

/** What came of it. */
export interface Connected {
  /** events in order, `error` with its message, `close` with its code */
  readonly told: string[];
  readonly faults: string[];
  readonly planned: Planned[];
  /** it was given up before it was open */
  gaveUp: boolean;
}

function answerTo(answer: Answer, head: string): string | undefined {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  const good =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
  switch (answer) {
    case 'good':
      return good;
    case 'wrong accept':
      return good.replace(accept, 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=');
    case 'status 400':
      return 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    case 'no HTTP':
      return 'nonsense\r\n\r\n';
    case 'half':
      return good.slice(0, 40);
    default:
      return undefined;
  }
}

function serve(link: DuplexLink, { answer, answersAfter }: Connecting): void {
  let head = '';
  let answered = false;
  const reply = async (): Promise<void> => {
    for (let turn = 0; turn < answersAfter; turn++) await nextTurn();
    const text = answerTo(answer, head);
    if (text !== undefined) link.send(Buffer.from(text));
    else if (answer === 'end') link.end();
    // What listeners throw there is for the event loop.
    else if (answer === 'reset') setImmediate(() => link.reset());
  };
  link.listener = {
    bytes: (chunk) => {
      head += Buffer.from(chunk).toString('latin1');
      if (answered || !head.includes('\r\n\r\n')) return;
      answered = true;
      void reply();
    },
    end: () => link.end(),
    closed: () => undefined,
  };
}

/** Runs it on one library. */
export async function connectOn(library: Library, program: Connecting): Promise<Connected> {
  const { handshakeTimeout, finishing, on, steps } = program;
  const result: Connected = { told: [], faults: [], planned: [], gaveUp: false };
  const link = new DuplexLink({ way: 'duplex', write: 'turn', highWaterMark: 16_384, piece: 0 });
  serve(link, program);
  const controller = new AbortController();
  let closed = false;
  const strike = (websocket: AppSocket, blow: Blow | undefined, where: string): void => {
    if (blow === undefined) return;
    const { readyState } = websocket;
    if (readyState === CONNECTING && blow !== 'send' && blow !== 'throw') result.gaveUp = true;
    if (blow === 'close' || blow === 'terminate') websocket[blow]();
    else if (blow === 'abort') controller.abort();
    else if (blow === 'throw') {
      const planned = new Planned(`planned: ${where}`);
      result.planned.push(planned);
      throw planned;
    } else {
      let threw = false;
      try {
        websocket.send('too early', {}, () => {
          if (threw) result.faults.push('send() throws and calls back');
        });
      } catch {
        threw = true;
      }
      if (threw !== (readyState === CONNECTING))
        result.faults.push(`send() in state ${readyState} ${threw ? 'throws' : 'does not throw'}`);
    }
  };
  const websocket = library.connect('ws://localhost/', {
    createConnection: () => link.near,
    signal: controller.signal,
    closeTimeout: 20,
    ...(handshakeTimeout === undefined ? {} : { handshakeTimeout }),
    ...(finishing === undefined || finishing === 'throw'
      ? {}
      : {
          finishRequest: (request: { end(): void }, client: AppSocket) => {
            strike(client, finishing, 'finishRequest');
            request.end();
          },
        }),
  });
  const tell = (event: string, detail = ''): void => {
    if (closed) result.faults.push(`${event} is told behind close`);
    result.told.push(detail === '' ? event : `${event} ${detail}`);
  };
  websocket.on('open', () => {
    tell('open');
    if (result.gaveUp) result.faults.push('open is told of a client that was given up');
    strike(websocket, on.open, 'open');
  });
  websocket.on('error', (error: Error) => {
    tell('error', error.message);
    strike(websocket, on.error, 'error');
  });
  websocket.on('close', (code: number) => {
    tell('close', String(code));
    closed = true;
    strike(websocket, on.close, 'close');
  });
  if (on.upgrade !== undefined) websocket.on('upgrade', () => strike(websocket, on.upgrade, 'upgrade'));
  if (on['unexpected-response'] !== undefined)
    websocket.on('unexpected-response', () => {
      strike(websocket, on['unexpected-response'], 'unexpected-response');
      // Whoever listens takes over.
      websocket.terminate();
    });
  for (const { after, does } of steps) {
    if (after === 0) await Promise.resolve();
    for (let turn = 0; turn < after; turn++) await nextTurn();
    if (does !== 'throw') strike(websocket, does, 'step');
  }
  await end(websocket, program, () => closed, result);
  return result;
}

async function end(
  websocket: AppSocket,
  { handshakeTimeout }: Connecting,
  isClosed: () => boolean,
  { faults, gaveUp, told }: Connected,
): Promise<void> {
  const within = async (turns: number, pauses: number): Promise<boolean> => {
    for (let turn = 0; turn < turns + pauses && !isClosed(); turn++)
      await (turn < turns ? nextTurn() : sleep(2));
    return isClosed();
  };
  const ends = gaveUp || websocket.readyState > 1 || handshakeTimeout !== undefined;
  if (!(await within(TURNS, websocket.readyState !== 1 && ends ? PAUSES : 2))) {
    if (ends && websocket.readyState !== 1)
      faults.push(`a client that connects does not end (state ${websocket.readyState})`);
    websocket.terminate();
    if (!(await within(TURNS, PAUSES))) faults.push('terminate() does not end a client');
  }
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  await sleep(1);
  const errors = told.filter((each) => each.startsWith('error'));
  if (errors.length > 1) faults.push(`error is told ${errors.length} times: ${errors.join(', ')}`);
  const closes = told.filter((each) => each.startsWith('close'));
  if (closes.length !== 1) faults.push(`close is told ${closes.length} times`);
}
