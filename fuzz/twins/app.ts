import type { Duplex } from 'node:stream';
import type { AppServer, AppSocket, Library } from './library.js';
import { badText, bytesOf, textOf } from './payload.js';
import { Planned } from './planned.js';
import type { Back, Program, Reaction, Step } from './program.js';
import { type Call, GIVEN_UP, type RunRecord, type Told } from './record.js';

const NOTHING = Buffer.alloc(0);
const OPEN = 1;
const CLOSED = 3;

type Send = Extract<Step, { do: 'send' }>;
type Called = (error?: Error | null) => void;

/** The application of a program: makes its calls, and writes down what it is told. */
export class App {
  readonly record: RunRecord = {
    calls: [],
    told: [],
    samples: [],
    cuts: [],
    faults: [],
    company: [],
    opened: false,
    elapsed: 0,
    drained: undefined,
    wire: [],
    wireFault: undefined,
    peerSent: [],
    peerEnded: false,
  };
  readonly planned: Planned[] = [];
  readonly controller: AbortController = new AbortController();
  server: AppServer | undefined;
  serverClosed: number = 0;
  serverClosing = false;
  stream: Duplex | undefined;
  /** bytes that were refused, which count as buffered ever after */
  refused = 0;
  readonly #library: Library;
  readonly #program: Program;
  #websocket: AppSocket | undefined;
  #messages = 0;
  #clock = 0;
  #masks = 0;
  /** amid a message that is sent in fragments */
  fragmented = false;

  constructor(library: Library, program: Program) {
    this.#library = library;
    this.#program = program;
  }

  get websocket(): AppSocket {
    if (this.#websocket === undefined) throw new Error('not open');
    return this.#websocket;
  }

  /** Counts what happens. */
  tick(): number {
    return ++this.#clock;
  }

  cut(why: string): void {
    this.record.cuts.push({ why, at: this.tick() });
  }

  get closed(): boolean {
    return this.record.told.some(({ event }) => event === 'close');
  }

  /** Options of both libraries, and those of this one. */
  options(): object {
    const { deflate, maskThrowsAt, verifiedAfter: _, ...settings } = this.#program.settings;
    const { role } = this.#program;
    const compression =
      deflate === undefined
        ? false
        : {
            threshold: deflate.threshold,
            ...(deflate.takeover ? {} : { serverNoContextTakeover: true, clientNoContextTakeover: true }),
          };
    const generateMask = (mask: Buffer): void => {
      mask.fill(this.#masks + 1);
      // It may surface as the error of the connection or of a callback as well.
      if (this.#masks++ === maskThrowsAt) throw new Planned('planned: mask');
    };
    return {
      ...settings,
      perMessageDeflate: compression,
      ...(role === 'client' && maskThrowsAt !== undefined ? { generateMask } : {}),
      ...(role === 'client' ? { signal: this.controller.signal } : {}),
    };
  }

  /** Listens to a connection; the program begins when it is open. */
  attach(websocket: AppSocket): void {
    this.#websocket = websocket;
    const { throwing = [] } = this.#program.handler;
    const throwAt = (event: (typeof throwing)[number]): void => {
      if (throwing.includes(event)) throw this.#plan(event);
    };
    websocket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#tell({ event: 'message', payload: Buffer.from(data), isBinary });
      this.#handle(data, isBinary);
    });
    websocket.on('ping', (data: Buffer) => {
      this.#tell({ event: 'ping', payload: Buffer.from(data) });
      throwAt('ping');
    });
    websocket.on('pong', (data: Buffer) => {
      this.#tell({ event: 'pong', payload: Buffer.from(data) });
      throwAt('pong');
    });
    websocket.on('error', (error: Error) => {
      this.#tell({ event: 'error', error });
      throwAt('error');
    });
    websocket.on('drain', () => {
      this.#tell({ event: 'drain' });
      throwAt('drain');
    });
    websocket.on('close', (code: number, reason: Buffer) => {
      this.#tell({ event: 'close', code, payload: Buffer.from(reason) });
      throwAt('close');
    });
  }

  #tell({
    event,
    payload = NOTHING,
    isBinary = false,
    code = 0,
    error,
  }: Partial<Told> & { event: string }): void {
    const paused = this.websocket.isPaused;
    this.record.told.push({ event, at: this.tick(), payload, isBinary, code, error, paused });
  }

  /** Makes an error that surfaces. */
  #plan(where: string): Planned {
    const planned = new Planned(`planned: ${where}`);
    this.planned.push(planned);
    return planned;
  }

  #handle(data: Buffer, isBinary: boolean): void {
    const { each, once } = this.#program.handler;
    const number = this.#messages++;
    if (each === 'echo' || each === 'echo-blob') {
      const payload = each === 'echo' ? data : new Blob([Uint8Array.from(data)]);
      const kind = isBinary ? 'binary' : 'text';
      this.#call(
        { id: `e${number}`, what: 'message', name: 'send', kind, payload: data, step: false },
        'notes',
        (called) => this.websocket.send(payload, { binary: isBinary }, called),
      );
    }
    if (each === 'pause') this.websocket.pause();
    if (once?.at === number) this.react(once.does, `h${number}`);
  }

  react(reaction: Reaction, id: string): void {
    if (reaction === 'throw') throw this.#plan(id);
    if (reaction === 'send') this.#send({ do: 'send', body: 'text', size: 8, back: 'notes' }, id, false);
    else if (reaction === 'close') this.#close(1000, 'handler', id, false);
    else if (reaction === 'terminate') this.#end('terminate', id, false);
    else this.websocket.pause();
  }

  /** Takes a step of the application. */
  act(step: Step, index: number): void {
    const id = `s${index}`;
    if (step.do === 'send') this.#send(step, id, true);
    else if (step.do === 'burst') this.#burst(step, id);
    else if (step.do === 'ping' || step.do === 'pong') this.#control(step.do, step.size, id, step.back);
    else if (step.do === 'frame') this.#frame(step.size, id, step.back);
    else if (step.do === 'broadcast') this.#broadcast(step, id);
    else if (step.do === 'close') this.#close(step.code, step.reason, id, true);
    else if (step.do === 'terminate' || step.do === 'abort') this.#end(step.do, id, true);
    else if (step.do === 'pause' || step.do === 'resume') {
      const name = step.do;
      this.#call({ id, what: 'other', name, step: true }, 'none', () => this.websocket[name]());
    }
    if (step.do === 'stream' && this.stream === undefined) this.#wrap(step);
    if (step.do === 'server-close') this.closeServer(step.clients);
  }

  #send(step: Send, id: string, isStep: boolean): void {
    const { body, size, random = false, back, binary, compress } = step;
    // It is whole by itself.
    const fin = body === 'prepared' || (step.fin ?? true);
    const text = textOf(id, size, random);
    const bytes = body === 'bad-text' ? badText(id, size, random) : bytesOf(id, size, random);
    const data = {
      text,
      bytes,
      blob: new Blob([Uint8Array.from(bytes)]),
      number: Number(`${size}${id.replace(/\D/g, '')}`),
      prepared: this.#library.prepare(text),
      'bad-text': bytes,
    }[body];
    const isText = body === 'text' || body === 'number' || body === 'prepared';
    const payload = isText ? Buffer.from(body === 'number' ? String(data) : text) : Buffer.from(bytes);
    const asBinary = body === 'prepared' ? false : body === 'bad-text' ? false : (binary ?? !isText);
    const given = {
      ...(body === 'bad-text'
        ? { binary: false }
        : binary === undefined || body === 'prepared'
          ? {}
          : { binary }),
      ...(compress === undefined ? {} : { compress }),
      ...(fin ? {} : { fin }),
    };
    const kind = asBinary ? 'binary' : 'text';
    const name = `send ${body}`;
    this.#call({ id, what: 'message', name, kind, payload, fin, step: isStep }, back, (called) =>
      this.websocket.send(data, given, called),
    );
  }

  #burst({ count, size, back }: Extract<Step, { do: 'burst' }>, id: string): void {
    for (let index = 0; index < count; index++)
      this.#send({ do: 'send', body: 'text', size, back }, `${id}.${index}`, true);
  }

  #control(name: 'ping' | 'pong', size: number, id: string, back: Back): void {
    const payload = Buffer.from(textOf(id, size, false));
    this.#call({ id, what: name, name, kind: name, payload, step: true }, back, (called) =>
      this.websocket[name](payload, undefined, called),
    );
  }

  #frame(size: number, id: string, back: Back): void {
    // It would be no frame of the message that is under way, and it is made of no state that is not open.
    if (this.fragmented || this.websocket.readyState !== OPEN) return;
    const payload = Buffer.from(textOf(id, size, false));
    this.#call({ id, what: 'frame', name: 'sendFrame', kind: 'text', payload, step: true }, back, (called) =>
      this.#library.sendFrame(this.websocket, payload, this.#program.role === 'client', called),
    );
  }

  #broadcast({ body, size }: Extract<Step, { do: 'broadcast' }>, id: string): void {
    const { server } = this;
    if (server === undefined) return;
    const data = body === 'text' ? textOf(id, size, false) : bytesOf(id, size, false);
    const kind = body === 'text' ? 'text' : 'binary';
    this.#call(
      { id, what: 'broadcast', name: 'broadcast', kind, payload: Buffer.from(data), step: true },
      'none',
      () => this.#library.broadcast(server, data),
    );
  }

  #close(code: number | undefined, reason: string, id: string, step: boolean): void {
    const head = code === undefined ? [] : [code >> 8, code & 255];
    const payload = Buffer.concat([Buffer.from(head), Buffer.from(code === undefined ? '' : reason)]);
    this.#call({ id, what: 'close', name: 'close', kind: 'close', payload, step }, 'none', () => {
      if (code === undefined) this.websocket.close();
      else this.websocket.close(code, reason);
    });
  }

  #end(how: 'terminate' | 'abort', id: string, step: boolean): void {
    if (how === 'abort' && this.#program.role === 'server') return;
    if (this.websocket.readyState !== CLOSED && !(how === 'abort' && this.#library.name === 'ws'))
      this.cut(how);
    this.#call({ id, what: 'other', name: how, step }, 'none', () => {
      if (how === 'terminate') this.websocket.terminate();
      // npm `ws` hands the signal to the request alone.
      else this.controller.abort();
    });
  }

  #wrap({ mark, reads }: Extract<Step, { do: 'stream' }>): void {
    const stream = this.#library.stream(this.websocket, { readableHighWaterMark: mark });
    // What listeners throw while the stream wants more, Node makes the error of the stream.
    stream.on('error', (error) => {
      if (error instanceof Planned) error.surfaced++;
    });
    if (reads) stream.resume();
    this.stream = stream;
  }

  /** Ends what has not ended by itself. */
  giveUp(): void {
    this.cut(GIVEN_UP);
    this.websocket.terminate();
  }

  closeServer(clients: boolean): void {
    const { server } = this;
    if (server === undefined || this.serverClosing) return;
    this.serverClosing = true;
    if (clients && this.#websocket?.readyState === OPEN)
      this.record.calls.push(
        this.#made({ id: 'sc', what: 'close', name: 'server.close', kind: 'close', step: true }, false),
      );
    if (clients) this.cut('server.close');
    this.#library.closeServer(server, clients, () => {
      this.serverClosed++;
    });
  }

  #made(call: Partial<Call> & Pick<Call, 'id' | 'what' | 'name' | 'step'>, hasBack: boolean): Call {
    const state = this.websocket.readyState;
    return {
      kind: 'text',
      payload: NOTHING,
      fin: true,
      hasBack,
      threw: undefined,
      returned: undefined,
      backs: [],
      state,
      at: this.tick(),
      ...call,
    };
  }

  /** Makes a call, and writes down what comes of it. */
  #call(
    described: Partial<Call> & Pick<Call, 'id' | 'what' | 'name' | 'step'>,
    back: Back,
    run: (called: Called | undefined) => unknown,
  ): void {
    const call = this.#made(described, back !== 'none');
    this.record.calls.push(call);
    const called: Called = (error) => {
      call.backs.push({ error: error ?? undefined, at: this.tick() });
      if (call.backs.length > 1) return;
      if (back === 'throws') throw this.#plan(`callback of ${call.id}`);
      if (back === 'sends')
        this.#send({ do: 'send', body: 'text', size: 9, back: 'notes' }, `c${call.id}`, false);
      if (back === 'terminates') this.#end('terminate', `c${call.id}`, false);
    };
    try {
      call.returned = run(call.hasBack ? called : undefined);
    } catch (error) {
      call.threw = error instanceof Error ? error : new Error(String(error));
      // What the program throws goes on out of a handler; what the library throws the program catches.
      if (error instanceof Planned && !call.step) throw error;
      if (error instanceof Planned) error.surfaced++;
    }
    const { calls } = this.record;
    // A prepared message is whole by itself, and ends none that is under way.
    const isPart = call.what === 'message' && call.name !== 'send prepared';
    if (isPart && call.threw === undefined && call.state === OPEN) this.fragmented = !call.fin;
    if (call.state !== OPEN && calls.includes(call)) this.refused += call.payload.length;
    this.sample();
  }

  sample(): void {
    const { bufferedAmount: amount, readyState: state } = this.websocket;
    this.record.samples.push({ at: this.tick(), amount, state });
  }
}
