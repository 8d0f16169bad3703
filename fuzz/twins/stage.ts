import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { selfSigned } from './certificate.js';
import { DuplexLink, type FarEnd } from './link.js';
import type { LinkManner } from './program.js';
import { SocketLink } from './socket-link.js';

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const HOST = '127.0.0.1';

/**
 * Where programs run: servers that are shared by all of them, since listening takes longer than most programs. They keep no
 * process alive.
 */
export class Stage {
  readonly #upgrades = new Map<string, Upgrade>();
  readonly #arrivals = new Map<string, (far: FarEnd, head: Uint8Array) => void>();
  readonly #http: Server;
  readonly #ports: { readonly [name in 'http' | 'https' | 'tcp' | 'tls']: number };
  #paths = 0;

  private constructor(http: Server, ports: { [name in 'http' | 'https' | 'tcp' | 'tls']: number }) {
    this.#http = http;
    this.#ports = ports;
  }

  static async open(): Promise<Stage> {
    const credentials = selfSigned();
    const upgrade: Upgrade = (request, socket, head) => stage.#upgrade(request, socket, head);
    const arrive = (socket: Socket): void => stage.#arrive(socket);
    const http = createServer().on('upgrade', upgrade);
    const servers = {
      http,
      https: createSecureServer(credentials).on('upgrade', upgrade),
      tcp: createNetServer({ allowHalfOpen: true }, arrive),
      tls: createTlsServer({ ...credentials, allowHalfOpen: true }, arrive),
    };
    const ports = { http: 0, https: 0, tcp: 0, tls: 0 };
    for (const name of ['http', 'https', 'tcp', 'tls'] as const) {
      const server = servers[name];
      await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
      server.unref();
      ports[name] = (server.address() as AddressInfo).port;
    }
    const stage: Stage = new Stage(http, ports);
    return stage;
  }

  /** A name for one connection. */
  path(): string {
    return `/${++this.#paths}`;
  }

  /** A raw peer asks for an upgrade; its end of the link. */
  ask(manner: LinkManner, path: string, upgrade: Upgrade): FarEnd {
    const { way, piece } = manner;
    this.#upgrades.set(path, upgrade);
    if (way === 'duplex') {
      const link = new DuplexLink(manner);
      this.#http.emit('connection', link.near);
      return link;
    }
    const { http, https } = this.#ports;
    const socket =
      way === 'tcp'
        ? connect({ port: http, host: HOST, allowHalfOpen: true })
        : connectTls({ port: https, host: HOST, rejectUnauthorized: false });
    return new SocketLink(socket, piece);
  }

  /** How a client connects to a raw peer; `arrived` is called with the peer's end of the link. */
  answer(
    manner: LinkManner,
    path: string,
    arrived: (far: FarEnd) => void,
  ): { readonly url: string; readonly options: object } {
    const { way } = manner;
    if (way === 'duplex') {
      const link = new DuplexLink(manner);
      arrived(link);
      return { url: `ws://localhost${path}`, options: { createConnection: () => link.near } };
    }
    this.#arrivals.set(path, (far, head) => {
      arrived(far);
      far.listener?.bytes(head);
    });
    const { tcp, tls } = this.#ports;
    return way === 'tcp'
      ? { url: `ws://${HOST}:${tcp}${path}`, options: {} }
      : { url: `wss://${HOST}:${tls}${path}`, options: { rejectUnauthorized: false } };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url = '' } = request;
    const upgrade = this.#upgrades.get(url);
    this.#upgrades.delete(url);
    upgrade?.(request, socket, head);
  }

  #arrive(socket: Socket): void {
    const far = new SocketLink(socket, 0);
    far.listener = {
      bytes: (chunk) => {
        const path = /^GET (\S+)/.exec(Buffer.from(chunk).toString('latin1'))?.[1] ?? '';
        const arrived = this.#arrivals.get(path);
        this.#arrivals.delete(path);
        far.listener = undefined;
        arrived?.(far, chunk);
      },
      end: () => far.end(),
      closed: () => undefined,
    };
  }
}
