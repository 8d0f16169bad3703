import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { App } from './app.js';
import type { Library } from './library.js';
import { Peer } from './peer.js';
import { type Program, SHORT_TIMEOUT, type Step } from './program.js';
import { ERROR_OVERFLOW, type RunRecord } from './record.js';
import type { Stage } from './stage.js';

const OPEN = 1;
const CLOSED = 3;

/** Turns of the event loop, and pauses of 2 ms behind them, that something may take. */
const TURNS = 40;
const PAUSES = 150;
/** npm `ws` is not what is judged. */
const PAUSES_OF_WS = 8;

/** Whether `condition` comes true, counted in turns: a busy machine takes longer for each. */
async function within(condition: () => boolean, pauses: number): Promise<boolean> {
  for (let turn = 0; turn < TURNS + pauses; turn++) {
    if (condition()) return true;
    if (turn < TURNS) await nextTurn();
    else await sleep(2);
  }
  return condition();
}

/** One program on one library. */
export class Run {
  readonly app: App;
  readonly #library: Library;
  readonly #program: Program;
  readonly #stage: Stage;
  readonly #company: Peer[] = [];
  /** those of them that were dropped since they did not read fast enough */
  readonly #overflowed = new Set<Peer>();
  #peer: Peer | undefined;
  readonly #pauses: number;
  /** when it opened: early messages are told before anybody here takes notice */
  #begun: number | undefined;

  constructor(library: Library, program: Program, stage: Stage) {
    this.#library = library;
    this.#program = program;
    this.#stage = stage;
    this.#pauses = library.name === 'ws' ? PAUSES_OF_WS : PAUSES;
    this.app = new App(library, program);
  }

  #within(condition: () => boolean): Promise<boolean> {
    return within(condition, this.#pauses);
  }

  get #open(): Peer {
    if (this.#peer === undefined) throw new Error('no peer');
    return this.#peer;
  }

  async run(): Promise<RunRecord> {
    const { app } = this;
    const { record } = app;
    if (this.#program.role === 'server') this.#accept();
    else this.#connect();
    if (!(await this.#within(() => this.#begun !== undefined))) {
      record.faults.push('the connection does not open');
      return record;
    }
    record.opened = true;
    for (const [index, step] of this.#program.steps.entries()) await this.#step(step, index);
    await this.#settle();
    await this.#end();
    await this.#closeServer();
    const peer = this.#open;
    // What it has not read yet is on its way.
    await this.#within(() => peer.gone || peer.ended);
    record.peerEnded = peer.done;
    if (!peer.gone) peer.reset();
    // Whatever comes behind the end shows now.
    await sleep(1);
    await nextTurn();
    record.wire = peer.wire.items;
    record.wireFault = peer.fault;
    record.peerSent = peer.sent;
    return record;
  }

  #begin(): void {
    const start = performance.now();
    this.#begun = start;
    this.app.websocket.prependListener('close', () => {
      this.app.record.elapsed = performance.now() - start;
    });
  }

  #accept(): void {
    const { app } = this;
    const { link, settings, company } = this.#program;
    const server = this.#library.serve(app.options());
    app.server = server;
    const path = this.#stage.path();
    const far = this.#stage.ask(link, path, async (request, socket, head) => {
      for (let turn = 0; turn < (settings.verifiedAfter ?? 0); turn++) await nextTurn();
      // What listeners throw in here is for the event loop, and not for this promise.
      setImmediate(() =>
        this.#library.upgrade(server, request, socket, head, (websocket) => {
          app.attach(websocket);
          this.#begin();
        }),
      );
    });
    this.#peer = new Peer(far, this.#program, path);
    const quiet: Program = { ...this.#program, early: [], deaf: false, role: 'server' };
    for (let index = 0; index < company; index++) {
      const other = this.#stage.path();
      const manner = { ...link, way: 'duplex', write: 'at once', piece: 0 } as const;
      const end = this.#stage.ask(manner, other, (request, socket, head) => {
        this.#library.upgrade(server, request, socket, head, (websocket) => {
          websocket.on('error', (error: Error) => {
            if (Reflect.get(error, 'code') === ERROR_OVERFLOW) this.#overflowed.add(peer);
          });
        });
      });
      const peer = new Peer(end, quiet, other);
      this.#company.push(peer);
    }
  }

  #connect(): void {
    const { app } = this;
    const path = this.#stage.path();
    const { url, options } = this.#stage.answer(this.#program.link, path, (far) => {
      this.#peer = new Peer(far, this.#program, path);
    });
    const websocket = this.#library.connect(url, { ...options, ...app.options() });
    app.attach(websocket);
    websocket.on('open', () => {
      this.#begin();
    });
  }

  async #step(step: Step, index: number): Promise<void> {
    const peer = this.#open;
    if (step.do === 'wait') {
      if (step.ms > 0) await sleep(step.ms);
      else if (step.ms === 0) await nextTurn();
      else await Promise.resolve();
      this.app.sample();
    } else if (step.do === 'peer') {
      peer.send(step.frames);
      if (step.ends === 'by end') this.#peerEnds();
      if (step.ends === 'by reset') this.#reset();
    } else if (step.do === 'peer-stalls') peer.stall();
    else if (step.do === 'peer-reads') peer.read();
    else this.app.act(step, index);
  }

  #peerEnds(): void {
    if (!this.#open.closeSent) this.app.cut('end of the peer');
    this.#open.endSending();
  }

  #reset(): void {
    this.app.cut('reset');
    this.#open.reset();
  }

  /** Nothing that was sent waits any more. */
  #quiet(): boolean {
    const { app } = this;
    const { bufferedAmount } = app.websocket;
    return app.closed || (this.#open.idle && bufferedAmount <= app.refused);
  }

  /** Lets everything arrive. */
  async #settle(): Promise<void> {
    const { app } = this;
    this.#open.read();
    for (let calm = 0, turn = 0; calm < 4 && turn < TURNS + this.#pauses; turn++) {
      calm = this.#quiet() ? calm + 1 : 0;
      if (turn < TURNS && calm < 2) await nextTurn();
      else await sleep(turn < 4 ? 0 : 1);
    }
    app.sample();
    if (app.closed) return;
    await this.#hears();
    if (await this.#within(() => this.#quiet()))
      app.record.drained = app.websocket.bufferedAmount - app.refused;
    else if (this.#mustDrain)
      app.record.faults.push(`what was sent does not leave: ${app.websocket.bufferedAmount} bytes wait`);
  }

  /** Whether nothing keeps what was sent from leaving: a message that has not ended keeps others waiting (§5.4). */
  get #mustDrain(): boolean {
    const { app } = this;
    return (
      app.record.cuts.length === 0 && !app.fragmented && this.#program.settings.pingInterval === undefined
    );
  }

  /** What has arrived is told, as long as nobody holds it back. */
  async #hears(): Promise<void> {
    const { app } = this;
    const { record } = app;
    const isMessage = ({ kind }: { readonly kind: string }): boolean => kind === 'text' || kind === 'binary';
    const sent = this.#open.sent.filter(isMessage).length;
    const told = (): number => record.told.filter(({ event }) => event === 'message').length;
    const held = (): boolean => app.closed || record.cuts.length > 0 || !this.#reads;
    if (!(await this.#within(() => held() || told() >= sent)))
      record.faults.push(`${sent} messages have come, and ${told()} are told`);
  }

  /** What the peer still sends is read without anybody's help. */
  get #reads(): boolean {
    const { handler } = this.#program;
    return !this.app.websocket.isPaused && handler.each !== 'pause' && this.app.stream === undefined;
  }

  async #end(): Promise<void> {
    const { app } = this;
    const { finale, settings, deaf } = this.#program;
    const peer = this.#open;
    const limited = settings.closeTimeout < SHORT_TIMEOUT;
    const pauses = this.#pauses + (limited ? Math.ceil(settings.closeTimeout / 2) : 0);
    let must = 'its end was begun';
    if (app.websocket.readyState === OPEN) {
      must = finale;
      if (finale === 'terminate') app.act({ do: 'terminate' }, -1);
      else if (finale === 'close') app.act({ do: 'close', code: 1000, reason: 'finale' }, -1);
      else if (finale === 'peer-close') peer.send([{ what: 'close', size: 0, code: 1001 }]);
      else if (finale === 'peer-end') this.#peerEnds();
      else if (finale === 'reset') this.#reset();
      else app.cut('idle');
    } else if (app.websocket.readyState === CLOSED) must = 'closed';
    const cut = app.record.cuts[0]?.why;
    const dropped =
      cut === 'terminate' || cut === 'abort' || (cut === 'reset' && this.#program.link.way === 'duplex');
    const answered =
      this.#reads && must !== 'idle' && !(deaf && (finale === 'close' || must === 'its end was begun'));
    // The peer says nothing more, so that nobody has a sign of life of it.
    const idle = must === 'idle' && (settings.idleTimeout ?? settings.pingInterval) !== undefined;
    const ends = dropped || idle || (limited && app.websocket.readyState !== OPEN) || answered;
    if (ends && !(await within(() => app.closed, pauses)))
      app.record.faults.push(`the connection does not end (${must}, state ${app.websocket.readyState})`);
    if (app.closed) return;
    app.giveUp();
    if (!(await this.#within(() => app.closed)))
      app.record.faults.push('terminate() does not end the connection');
    this.#open.reset();
  }

  /** The others go, and then the server must close. */
  async #closeServer(): Promise<void> {
    const { app } = this;
    const { server, record } = app;
    if (server === undefined) return;
    await within(() => this.#company.every(({ idle }) => idle), 5);
    for (const other of this.#company) {
      if (this.#overflowed.has(other)) continue;
      record.company.push(
        other.wire.items
          .filter(({ kind }) => kind === 'text' || kind === 'binary')
          .map(({ payload }) => String(payload)),
      );
    }
    for (const peer of this.#company) peer.reset();
    app.closeServer(false);
    if (!(await this.#within(() => app.serverClosed > 0 && server.clients.size === 0)))
      record.faults.push(`the server does not close: ${server.clients.size} clients`);
    if (app.serverClosed > 1) record.faults.push(`the server closed ${app.serverClosed} times`);
  }
}
