import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from '@x/node-adapter';
import { type Latencies, Samples } from './latency.js';

/** What the healthy client saw since it was asked last. */
export interface HealthyFigures {
  readonly sent: number;
  /** messages that did not come back, or came back as something else, and connections that were lost */
  readonly lost: readonly string[];
  /** from a message to its echo */
  readonly echoes: Latencies;
  /** from the start of a fresh connection to its first echo */
  readonly fresh: Latencies;
}

/** Messages of one connection. */
interface Lane {
  readonly name: string;
  readonly everyMs: number;
  readonly compress: boolean;
  message(index: number): string | Buffer;
}

const LANES: readonly Lane[] = [
  { name: 'small', everyMs: 10, compress: false, message: (index) => `message ${index}` },
  { name: 'large', everyMs: 50, compress: false, message: (index) => Buffer.alloc(16_384, index) },
  {
    name: 'compressed',
    everyMs: 25,
    compress: true,
    message: (index) => `${index} ${'as good as any other text '.repeat(80)}`,
  },
];
const FRESH_MS = 250;
/** A message that has not come back after this is lost. */
const LOST_MS = 10_000;

interface Pending {
  readonly message: string | Buffer;
  readonly sentAt: number;
}

/** A client that keeps every rule: some connections that stay, and fresh ones now and then. */
export class HealthyClient {
  readonly #url: string;
  readonly #echoes = new Samples();
  readonly #fresh = new Samples();
  readonly #lanes: HealthyLane[] = [];
  #lost: string[] = [];
  #sent = 0;
  #freshTimer: NodeJS.Timeout | undefined;
  #freshOnes = 0;

  constructor(port: number) {
    this.#url = `ws://127.0.0.1:${port}`;
  }

  /** Connections that stay. */
  static readonly connections: number = LANES.length;

  async open(): Promise<void> {
    for (const lane of LANES) {
      const open = new HealthyLane(lane, this.#url, this.#echoes, (what) => this.#lost.push(what));
      this.#lanes.push(open);
      await open.opened;
    }
  }

  /** Sends, until {@link rest}. */
  go(): void {
    for (const lane of this.#lanes) lane.go();
    this.#freshTimer ??= setInterval(() => void this.#connect(), FRESH_MS);
  }

  /** Sends nothing more, and waits for what is still out. */
  async rest(): Promise<void> {
    clearInterval(this.#freshTimer);
    this.#freshTimer = undefined;
    const deadline = performance.now() + LOST_MS;
    for (const lane of this.#lanes) this.#sent += await lane.rest(deadline);
    while (this.#freshOnes > 0 && performance.now() < deadline) await sleep(5);
  }

  take(): HealthyFigures {
    const figures = {
      sent: this.#sent,
      lost: this.#lost,
      echoes: this.#echoes.take(),
      fresh: this.#fresh.take(),
    };
    this.#sent = 0;
    this.#lost = [];
    return figures;
  }

  async close(): Promise<void> {
    await this.rest();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  /** Connects, is answered, and closes, each in order. */
  async #connect(): Promise<void> {
    this.#freshOnes++;
    const start = performance.now();
    const websocket = new WebSocket(this.#url, { perMessageDeflate: false, handshakeTimeout: LOST_MS });
    let answered = false;
    websocket.on('open', () => websocket.send('fresh'));
    websocket.on('message', (data) => {
      answered = String(data) === 'fresh';
      this.#fresh.add(performance.now() - start);
      websocket.close(1000);
    });
    websocket.on('error', (error) => this.#lost.push(`a fresh connection: ${error.message}`));
    const timer = setTimeout(() => websocket.terminate(), LOST_MS);
    const code = await new Promise<number>((resolve) => websocket.on('close', resolve));
    clearTimeout(timer);
    if (!answered || code !== 1000) this.#lost.push(`a fresh connection ended with ${code}`);
    this.#freshOnes--;
  }
}

/** One connection that stays: what it sends must come back, in order and unchanged. */
class HealthyLane {
  readonly opened: Promise<void>;
  readonly #lane: Lane;
  readonly #echoes: Samples;
  readonly #lose: (what: string) => void;
  readonly #websocket: WebSocket;
  readonly #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #index = 0;
  #sent = 0;
  #closed = false;

  constructor(lane: Lane, url: string, echoes: Samples, lose: (what: string) => void) {
    this.#lane = lane;
    this.#echoes = echoes;
    this.#lose = lose;
    this.#websocket = new WebSocket(`${url}/healthy`, { perMessageDeflate: lane.compress });
    this.opened = new Promise((resolve, reject) => {
      this.#websocket.on('open', resolve);
      this.#websocket.on('error', reject);
    });
    this.#websocket.on('message', (data) => this.#receive(data as Buffer));
    this.#websocket.on('close', (code) => {
      if (!this.#closed) this.#lose(`the ${lane.name} connection ended with ${code}`);
      clearInterval(this.#timer);
    });
  }

  go(): void {
    this.#timer ??= setInterval(() => this.#send(), this.#lane.everyMs);
  }

  /** Returns how many messages were sent. */
  async rest(deadline: number): Promise<number> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    while (this.#pending.length > 0 && performance.now() < deadline) await sleep(2);
    if (this.#pending.length > 0) this.#lose(`${this.#pending.length} ${this.#lane.name} messages`);
    this.#pending.length = 0;
    const sent = this.#sent;
    this.#sent = 0;
    return sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#websocket.readyState === WebSocket.CLOSED) return;
    const over = new Promise((resolve) => this.#websocket.on('close', resolve));
    this.#websocket.close(1000);
    await over;
  }

  #send(): void {
    if (this.#websocket.readyState !== WebSocket.OPEN) return;
    const message = this.#lane.message(this.#index++);
    this.#pending.push({ message, sentAt: performance.now() });
    this.#sent++;
    this.#websocket.send(message);
  }

  #receive(data: Buffer): void {
    const pending = this.#pending.shift();
    if (pending === undefined) {
      this.#lose(`a ${this.#lane.name} message that was not sent`);
      return;
    }
    this.#echoes.add(performance.now() - pending.sentAt);
    const { message } = pending;
    const same = typeof message === 'string' ? String(data) === message : data.equals(message);
    if (!same) this.#lose(`a ${this.#lane.name} message came back changed`);
  }
}
