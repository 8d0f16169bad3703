import { createHash } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createNetServer,
  type Server,
  type Socket,
} from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import type { Codec, KernelKind } from '@x/frame-codec';
import { WebSocket, WebSocketServer } from '@x/node-adapter';
import type { Attack } from '../arbitraries/attack.js';
import { LOW_LIMITS } from '../arbitraries/faults.js';
import { ACCEPT, KEY } from '../arbitraries/handshake.js';
import { chunksOf } from '../arbitraries/stream.js';
import { codecOf } from './subjects.js';
import { Witness } from './witness.js';

/** What must happen happens within this, on a busy machine too. */
const DEADLINE_MS = 5000;
/** How long a hostile peer that never ends in order is silent. */
const MUTE_MS = 20;
/** As in §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The limits of all connections in an {@link Arena}. */
export const ARENA_LIMITS = {
  maxPayload: LOW_LIMITS.maxMessageLength,
  maxFragments: LOW_LIMITS.maxFragments,
} as const;

const OPTIONS = { ...ARENA_LIMITS, closeTimeout: 1000, handshakeTimeout: 5000 } as const;

/** Where the two ways lead: a port, or a name that is no file; that only Linux has. */
type Place = { readonly host: string; readonly port: number } | { readonly path: string };

let arenas = 0;

/** Listens on both ways. */
async function listen<Way extends Server | HttpServer>(
  make: () => Way,
): Promise<{ servers: Way[]; places: Record<Attack['way'], Place> }> {
  const tcp = make();
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { address, port } = tcp.address() as AddressInfo;
  const place = { host: address, port };
  if (process.platform !== 'linux') return { servers: [tcp], places: { tcp: place, local: place } };
  const local = make();
  const path = `\0x-fuzz-${process.pid}-${threadId}-${++arenas}`;
  await new Promise<void>((resolve) => local.listen(path, resolve));
  return { servers: [tcp, local], places: { tcp: place, local: { path } } };
}

/**
 * A server of the adapter that echoes, a client of it that keeps the rules, and a server that does not. They stay for as
 * long as nothing goes wrong, and keep no process alive.
 */
export class Arena {
  readonly #codec: Codec;
  readonly #sockets = new Set<Socket>();
  readonly #witnesses = new Map<string, Witness>();
  readonly #attacks = new Map<string, Attack>();
  #unnamed: Witness[] = [];
  readonly #webSocketServers: WebSocketServer[] = [];
  #servers: (Server | HttpServer)[] = [];
  #target!: Record<Attack['way'], Place>;
  #hostile!: Record<Attack['way'], Place>;
  #healthy!: WebSocket;
  #made = 0;
  #accepted = 0;
  #names = 0;

  private constructor(codec: Codec) {
    this.#codec = codec;
  }

  static async open(kernel: KernelKind): Promise<Arena> {
    const arena = new Arena(codecOf(kernel));
    await arena.#open();
    return arena;
  }

  async #open(): Promise<void> {
    const target = await listen(() => this.#makeTarget());
    const hostile = await listen(() => this.#makeHostile());
    this.#target = target.places;
    this.#hostile = hostile.places;
    this.#servers = [...target.servers, ...hostile.servers];
    for (const server of this.#servers) server.unref();
    this.#healthy = this.#connect(this.#target.tcp, 'healthy');
    await this.#until(() => this.#healthy.readyState === WebSocket.OPEN, 'the healthy client is open');
    for (const socket of this.#sockets) socket.unref();
    const { _socket: own } = this.#healthy;
    if (own !== null && 'unref' in own && typeof own.unref === 'function') own.unref();
  }

  #makeTarget(): HttpServer {
    const http = createServer((_, response) => response.end('a page'));
    http.on('connection', (socket) => {
      this.#accepted++;
      this.#keep(socket);
    });
    const server = new WebSocketServer({
      server: http,
      perMessageDeflate: true,
      codec: this.#codec,
      ...OPTIONS,
    });
    server.on('connection', (websocket, { url = '' }) => {
      const witness = new Witness(websocket, true);
      if (this.#attacks.has(url)) this.#witnesses.set(url, witness);
      else if (url !== '/healthy') this.#unnamed.push(witness);
    });
    this.#webSocketServers.push(server);
    return http;
  }

  #makeHostile(): Server {
    return createNetServer({ allowHalfOpen: true }, (socket) => {
      this.#accepted++;
      this.#keep(socket);
      socket.on('error', () => undefined);
      let head = '';
      const read = (chunk: Buffer): void => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        socket.off('data', read);
        socket.resume();
        const attack = this.#attacks.get(/^GET (\S+)/.exec(head)?.[1] ?? '');
        const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
        if (attack !== undefined) void assail(socket, attack, answerTo(attack, key));
      };
      socket.on('data', read);
    });
  }

  /** Nobody listens for errors here: those of its sockets are the adapter's to catch. */
  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #connect(place: Place, name: string, extension?: string): WebSocket {
    this.#made++;
    return new WebSocket(`ws://localhost/${name}`, {
      createConnection: () => connect(place),
      perMessageDeflate: extension !== undefined,
      codec: this.#codec,
      ...OPTIONS,
    });
  }

  /** Runs attacks side by side; returns what the attacked connections told, where they came to be. */
  async run(attacks: readonly Attack[]): Promise<(Witness | undefined)[]> {
    this.#witnesses.clear();
    this.#unnamed = [];
    this.#attacks.clear();
    const names = attacks.map((attack) => {
      const name = `/${++this.#names}`;
      this.#attacks.set(name, attack);
      return name;
    });
    await within(
      Promise.all(
        attacks.map((attack, index) =>
          attack.role === 'server'
            ? this.#attackServer(attack, names[index] ?? '')
            : this.#attackClient(attack, names[index] ?? ''),
        ),
      ),
      'all hostile sockets are closed',
    );
    await this.#until(() => this.#accepted === this.#made, 'all connections are accepted');
    // That of the healthy client stays.
    await this.#until(() => this.#sockets.size === 1, 'all other sockets are gone');
    const clients = this.#webSocketServers.reduce((count, server) => count + server.clients.size, 0);
    if (clients !== 1) throw new Error(`the servers have ${clients} clients, and one is there`);
    const witnesses = [...this.#witnesses.values(), ...this.#unnamed];
    await this.#until(() => witnesses.every(({ closed }) => closed), 'each connection tells its end');
    await this.#echo();
    for (const { faults } of witnesses) if (faults[0] !== undefined) throw new Error(faults[0]);
    return names.map((name) => this.#witnesses.get(name));
  }

  #attackServer(attack: Attack, name: string): Promise<void> {
    this.#made++;
    const socket = connect({ ...this.#target[attack.way], allowHalfOpen: true });
    socket.resume();
    return assail(socket, attack, attack.head ?? requestOf(attack, name));
  }

  async #attackClient(attack: Attack, name: string): Promise<void> {
    const websocket = this.#connect(this.#hostile[attack.way], name.slice(1), attack.extension);
    const witness = new Witness(websocket, false);
    this.#witnesses.set(name, witness);
    await this.#until(() => witness.closed, 'the client tells its end');
  }

  /** The healthy client is answered. */
  async #echo(): Promise<void> {
    const text = `still there ${this.#names}`;
    let answer = '';
    this.#healthy.once('message', (data) => {
      answer = String(data);
    });
    this.#healthy.send(text);
    await this.#until(() => answer !== '', 'the healthy client is answered');
    if (answer !== text) throw new Error(`the healthy client is answered "${answer}"`);
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    for (let turn = 0; !condition(); turn++) {
      if (turn < 100) await nextTurn();
      else await sleep(2);
      if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`);
    }
  }

  /** Drops everything. */
  destroy(): void {
    this.#healthy.terminate();
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Waits, but not for ever. */
async function within<Result>(promise: Promise<Result>, what: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function extensionLine({ extension }: Attack): string {
  return extension === undefined ? '' : `Sec-WebSocket-Extensions: ${extension}\r\n`;
}

function requestOf(attack: Attack, name: string): Buffer {
  return Buffer.from(
    `GET ${name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${extensionLine(attack)}\r\n`,
  );
}

/** A hostile answer that has the accept value of §1.3 gets the right one, so that the rest of it is looked at. */
function answerTo(attack: Attack, key: string): Buffer {
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  if (attack.head !== undefined)
    return Buffer.from(Buffer.from(attack.head).toString('latin1').replace(ACCEPT, accept), 'latin1');
  return Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n${extensionLine(attack)}\r\n`,
  );
}

/** Sends what a hostile peer sends, and ends as it ends; done when its socket is closed. */
async function assail(socket: Socket, attack: Attack, head: Uint8Array): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.setNoDelay();
  if (socket.connecting)
    await Promise.race([new Promise<void>((done) => socket.once('connect', done)), closed]);
  const [first = new Uint8Array(0), ...others] = chunksOf(attack);
  if (attack.early) socket.write(Buffer.concat([head, first]));
  else {
    socket.write(head);
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    socket.write(first);
  }
  for (const chunk of others) {
    await nextTurn();
    if (socket.destroyed) break;
    socket.write(chunk);
  }
  if (attack.ending === 'mute') await Promise.race([sleep(MUTE_MS), closed]);
  if (attack.ending === 'end') {
    socket.once('end', () => socket.end());
    socket.end();
  } else if (attack.ending === 'destroy' || attack.way === 'local') {
    // Local sockets know no reset.
    socket.destroy();
  } else socket.resetAndDestroy();
  await closed;
}
