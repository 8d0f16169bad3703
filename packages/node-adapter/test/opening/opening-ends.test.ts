import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import npm from 'ws';
import { type ClientOptions, WebSocket } from '../../src/index.js';
import { type Arrived, RawServer, recorder, switching } from '../opening.js';
import { surfacing } from '../surfaced.js';

/** What hits a client that connects: from its own side, or from the peer's. */
const OWN = ['close', 'terminate', 'abort'] as const;
const PEER = ['refuse', 'forge', 'open', 'redirect', 'garble', 'end', 'reset'] as const;
const HITS = [...OWN, ...PEER, 'time-out'] as const;
type Hit = (typeof HITS)[number];

/**
 * When the hits come: all in the tick of the constructor, in the hook that finishes the request, in one tick when the
 * request has arrived, a turn of the event loop apart, or, as for a client's own ones, from listeners.
 */
const MOMENTS = ['at once', 'finishing', 'arrived', 'apart', 'listening'] as const;
type Moment = (typeof MOMENTS)[number];

const TIMEOUT = 15;
const EVENTS = ['open', 'upgrade', 'unexpected-response', 'redirect', 'error', 'close'];

const surfaced = surfacing();

function isPeer(hit: Hit): hit is (typeof PEER)[number] {
  return PEER.some((each) => each === hit);
}

/** What is used of either library. */
interface Client {
  on(event: string, listener: (value: unknown) => void): unknown;
  close(): void;
  terminate(): void;
}

type Make = (url: string, options: ClientOptions) => Client;

const ours: Make = (url, options) => new WebSocket(url, options);
const theirs: Make = (url, options) => new npm(url, options as object);

/** One client, one row of hits. */
class Play {
  readonly events: string[] = [];
  readonly #played: readonly Hit[];
  readonly #hits: Hit[];
  readonly #moment: Moment;
  readonly #abort = new AbortController();
  readonly #recorder = recorder();
  #websocket: Client | undefined;
  /** Before it has arrived, hits of the peer wait. */
  #peer: Arrived | undefined;
  #early: Hit[] = [];

  constructor(hits: readonly Hit[], moment: Moment) {
    this.#played = hits;
    this.#hits = [...hits];
    this.#moment = moment;
  }

  /** Lets it run to its end. */
  async run(make: Make, server: RawServer, port: number, path: string, patience: number): Promise<void> {
    const timed = this.#hits.includes('time-out');
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    server.on(path, (peer) => {
      this.#peer = peer;
      for (const hit of this.#early.splice(0)) this.#hit(hit);
      arrive();
    });
    const moment = this.#moment;
    const websocket = make(`ws://127.0.0.1:${port}${path}`, {
      followRedirects: true,
      signal: this.#abort.signal,
      createConnection: this.#recorder.createConnection,
      ...(timed ? { handshakeTimeout: TIMEOUT } : {}),
      ...(moment === 'finishing' ? { finishRequest: this.#finish } : {}),
    });
    this.#websocket = websocket;
    for (const name of EVENTS) {
      websocket.on(name, (value: unknown) => {
        this.events.push(value instanceof Error ? `${name} ${value.message}` : name);
        if (moment === 'listening') this.#hitOwn();
      });
    }
    const closed = new Promise((resolve) => websocket.on('close', resolve));
    if (moment === 'at once') this.#hitAll();
    await Promise.race([arrived, closed]);
    if (moment === 'apart') {
      for (const hit of this.#hits) {
        this.#hit(hit);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (moment === 'listening') for (const hit of this.#hits.filter(isPeer)) this.#hit(hit);
    else if (moment === 'arrived') this.#hitAll();
    await Promise.race([closed, pass(patience)]);
    // What they did not end is ended here.
    websocket.terminate();
    await closed;
    // Whatever might follow.
    await pass(timed ? 2 * TIMEOUT : 4);
  }

  /** What must hold, however it went. */
  check(): void {
    const what = `${this.#moment}: ${this.#played.join()}`;
    const { events } = this;
    expect([what, events.filter((event) => event === 'close')]).toEqual([what, ['close']]);
    expect([what, events.at(-1)]).toEqual([what, 'close']);
    const errors = events.filter((event) => event.startsWith('error'));
    expect([what, events, errors.length <= 1]).toEqual([what, events, true]);
    // Who has given up does not open any more.
    const [first] = this.#played;
    const gaveUp = first !== undefined && OWN.some((own) => own === first) && this.#moment !== 'listening';
    if (gaveUp) expect([what, events]).toEqual([what, [expect.stringMatching(/^error/), 'close']]);
    expect([what, this.#recorder.sockets.filter((socket) => !socket.destroyed)]).toEqual([what, []]);
  }

  readonly #finish = (request: { end(): void }, websocket: Client): void => {
    this.#websocket = websocket;
    this.#hitAll();
    request.end();
  };

  #hitAll(): void {
    for (const hit of this.#hits) this.#hit(hit);
  }

  /** The next hit of its own side, once each. */
  #hitOwn(): void {
    const next = this.#hits.findIndex((hit) => !isPeer(hit));
    const [hit] = next === -1 ? [] : this.#hits.splice(next, 1);
    if (hit !== undefined) this.#hit(hit);
  }

  #hit(hit: Hit): void {
    if (isPeer(hit) && this.#peer === undefined) this.#early.push(hit);
    else this.#strike(hit);
  }

  #strike(hit: Hit): void {
    const { socket, request = '' } = this.#peer ?? {};
    const actions: { readonly [Each in Hit]: () => unknown } = {
      close: () => this.#websocket?.close(),
      terminate: () => this.#websocket?.terminate(),
      abort: () => this.#abort.abort(),
      refuse: () => socket?.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
      forge: () => socket?.write(switching(request, true)),
      open: () => socket?.write(switching(request)),
      redirect: () => socket?.write('HTTP/1.1 302 Found\r\nLocation: ?again\r\nContent-Length: 0\r\n\r\n'),
      garble: () => socket?.write('\0\0\r\n\r\n'),
      end: () => socket?.end(),
      reset: () => socket?.resetAndDestroy(),
      'time-out': () => this.#holdUp(),
    };
    actions[hit]();
  }

  /** Nothing happens until the time is over; from listeners it is left to pass. */
  #holdUp(): void {
    if (this.#moment === 'listening') return;
    const end = performance.now() + TIMEOUT;
    while (performance.now() < end);
  }
}

async function playAll(plays: readonly (readonly [readonly Hit[], Moment])[]): Promise<void> {
  const { server, port } = await RawServer.listen();
  const rest = plays.map(([hits, moment], at) => ({ play: new Play(hits, moment), path: `/${at}` }));
  const all = [...rest];
  const work = async (): Promise<void> => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      await next.play.run(ours, server, port, next.path, 2 * TIMEOUT);
    }
  };
  await Promise.all(Array.from({ length: 50 }, work));
  for (const { play } of all) play.check();
  expect(surfaced).toEqual([]);
}

describe('whatever hits a client that connects, one error at most and one close, last, with all sockets gone:', () => {
  it.each(MOMENTS)('each two hits, %s', async (moment) => {
    await playAll(HITS.flatMap((first) => HITS.map((second) => [[first, second], moment] as const)));
  });

  it.each(MOMENTS)('each three hits, %s', async (moment) => {
    const hits = ['close', 'abort', 'refuse', 'forge', 'open', 'redirect', 'reset'] as const;
    await playAll(
      hits.flatMap((first) =>
        hits.flatMap((second) => hits.map((third) => [[first, second, third], moment] as const)),
      ),
    );
  });
});

describe('one hit has the events of npm ws, in their order:', () => {
  it.each(
    MOMENTS.flatMap((moment) => HITS.filter((hit) => hit !== 'open').map((hit) => [hit, moment] as const)),
  )('%s, %s', async (hit, moment) => {
    const { server, port } = await RawServer.listen();
    const [here, there] = [new Play([hit], moment), new Play([hit], moment)];
    await Promise.all([
      here.run(ours, server, port, '/ours', 200),
      there.run(theirs, server, port, '/theirs', 200),
    ]);
    here.check();
    expect(here.events).toEqual(there.events);
  });
});
