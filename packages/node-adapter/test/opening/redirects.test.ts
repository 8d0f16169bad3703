import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import Ws from 'ws';
import { type ClientOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { after, connect, listenHttp, portOf, until } from '../loopback.js';

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

function redirect(socket: Duplex, location: string): void {
  socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
}

const acceptor = new WebSocketServer({ noServer: true });
const accept: Upgrade = (request, socket, head) =>
  acceptor.handleUpgrade(request, socket, head, (websocket) => after(() => websocket.terminate()));

it.each([
  [2, 2, ['open']],
  [2, 3, ['error Maximum redirects exceeded']],
  [10, 10, ['open']],
])('with maxRedirects %s a client follows %s or not', async (maxRedirects, count, wanted) => {
  const { http, url } = await listenHttp();
  let left = count;
  http.on('upgrade', (request, socket, head) => {
    if (left-- > 0) redirect(socket, `/${left}`);
    else accept(request, socket, head);
  });
  const client = new WebSocket(url, { followRedirects: true, maxRedirects });
  after(() => client.terminate());
  const events: string[] = [];
  client.on('open', () => events.push('open'));
  client.on('error', (error) => events.push(`error ${error.message}`));
  await until(() => events.length > 0);
  expect(events).toEqual(wanted);
});

/** What a client has for its credentials, and a field that is none. */
const HEADERS = {
  Authorization: 'a',
  cookie: 'c',
  'PROXY-AUTHORIZATION': 'p',
  'X-Api-Key': 'k',
  'X-Plain': 'yes',
};
const OPTIONS = { followRedirects: true, headers: HEADERS, secretHeaders: ['x-api-KEY'] };
const ALL = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-plain'];

/** The fields of {@link HEADERS} that a request has. */
function carried({ headers }: IncomingMessage): string[] {
  return ALL.filter((name) => headers[name] !== undefined);
}

/** A server of both, on one port or on two: it redirects to these addresses in turn, and then opens. */
async function listenBoth(...locations: To[]): Promise<Ports & { cert: string; seen: IncomingMessage[] }> {
  const { key, cert } = selfSigned();
  const http = createHttp();
  const https = createHttps({ key, cert });
  // One port for both: what begins with a TLS record of a handshake (RFC 8446 §5.1) is TLS.
  const both = net.createServer((socket) => {
    after(() => socket.destroy());
    socket.once('data', (chunk) => {
      socket.pause();
      socket.unshift(chunk);
      (chunk[0] === 22 ? https : http).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  const other = net.createServer((socket) => {
    after(() => socket.destroy());
    https.emit('connection', socket);
  });
  for (const server of [both, other]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
  }
  const ports = { plain: portOf(both), secure: portOf(other) };
  const seen: IncomingMessage[] = [];
  const left = [...locations];
  const upgrade: Upgrade = (request, socket, head) => {
    seen.push(request);
    const location = left.shift();
    if (location === undefined) accept(request, socket, head);
    else redirect(socket, location(ports));
  };
  http.on('upgrade', upgrade);
  https.on('upgrade', upgrade);
  return { ...ports, cert, seen };
}

/** Every name is this machine. */
const lookup: net.LookupFunction = (_name, options, done) => {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

type Ports = { plain: number; secure: number };
type To = (ports: Ports) => string;

describe('credentials of a client that is redirected (RFC 9110 §15.4)', () => {
  const WAYS: readonly [where: string, scheme: 'ws' | 'wss', to: To, keeps: boolean, withWs: boolean][] = [
    ['elsewhere on its server', 'ws', () => '/elsewhere', true, true],
    [
      'elsewhere on its server, by a whole URL',
      'ws',
      ({ plain }) => `http://127.0.0.1:${plain}/`,
      true,
      true,
    ],
    ['elsewhere on its server under TLS', 'wss', () => '/elsewhere', true, true],
    ['to TLS on its host and port', 'ws', ({ plain }) => `wss://127.0.0.1:${plain}/`, false, true],
    ['to TLS on another port', 'ws', ({ secure }) => `wss://127.0.0.1:${secure}/`, false, false],
    ['away from TLS on its host and port', 'wss', ({ plain }) => `ws://127.0.0.1:${plain}/`, false, false],
    ['to another port', 'wss', ({ secure }) => `wss://127.0.0.1:${secure}/`, false, false],
    ['to another host', 'ws', ({ plain }) => `ws://localhost:${plain}/`, false, false],
    ['to a host below its own', 'ws', ({ plain }) => `ws://a.127.0.0.1.test:${plain}/`, false, false],
  ];

  it.each(WAYS)('%s go along, or do not', async (_where, scheme, to, keeps) => {
    const { plain, cert, seen } = await listenBoth(to);
    await connect(`${scheme}://127.0.0.1:${plain}/`, { ...OPTIONS, ca: cert, lookup });
    expect(seen.map(carried)).toEqual([ALL, keeps ? ALL : ['x-plain']]);
  });

  it.each(WAYS)('%s do the same where a listener of redirect sees it', async (_where, scheme, to, keeps) => {
    const { plain, cert, seen } = await listenBoth(to);
    const client = new WebSocket(`${scheme}://127.0.0.1:${plain}/`, { ...OPTIONS, ca: cert, lookup });
    after(() => client.terminate());
    const told: boolean[] = [];
    client.on('redirect', (_url, request) => told.push(request.hasHeader('cookie')));
    await once(client, 'open');
    expect(seen.map(carried)).toEqual([ALL, keeps ? ALL : ['x-plain']]);
    expect(told).toEqual([keeps]);
  });

  it.each(WAYS)(
    '%s with npm ws go along, or do not, where no listener of redirect sees it',
    async (_where, scheme, to, _keeps, theirs) => {
      const { plain, cert, seen } = await listenBoth(to);
      const client = new Ws(`${scheme}://127.0.0.1:${plain}/`, { ...OPTIONS, ca: cert, lookup });
      after(() => client.terminate());
      await once(client, 'open');
      expect(seen.map(({ headers }) => headers.authorization)).toEqual(['a', theirs ? 'a' : undefined]);
    },
  );

  it('do not go along from ws: to wss: on the ports of these schemes', async () => {
    const { plain, cert, seen } = await listenBoth(() => 'wss://localhost/');
    const asked: unknown[] = [];
    const createConnection = ({ port, ...options }: { port: number }): Duplex => {
      asked.push(port);
      const to = {
        ...options,
        host: '127.0.0.1',
        port: plain,
        path: undefined,
        ca: cert,
        servername: 'localhost',
      };
      return port === 443 ? tls.connect(to) : net.connect(to);
    };
    await connect('ws://localhost/', { ...OPTIONS, createConnection });
    expect(asked).toEqual([80, 443]);
    expect(seen.map(carried)).toEqual([ALL, ['x-plain']]);
  });

  it('do not come back with a redirect to where they were meant for', async () => {
    const away: To = ({ plain }) => `ws://localhost:${plain}/`;
    const back: To = ({ plain }) => `ws://127.0.0.1:${plain}/`;
    const { plain, seen } = await listenBoth(away, back);
    await connect(`ws://127.0.0.1:${plain}/`, { ...OPTIONS, lookup });
    expect(seen.map(carried)).toEqual([ALL, ['x-plain'], ['x-plain']]);
  });

  it('are given back by a listener of redirect that knows where it leads', async () => {
    const { plain, seen } = await listenBoth(({ plain }) => `ws://localhost:${plain}/`);
    const client = new WebSocket(`ws://127.0.0.1:${plain}/`, { ...OPTIONS, lookup });
    after(() => client.terminate());
    client.on('redirect', (url, request) => {
      if (url === `ws://localhost:${plain}/`) request.setHeader('Authorization', 'b');
    });
    await once(client, 'open');
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['a', 'b']);
  });

  it.each<[string, (port: number) => [string, ClientOptions]]>([
    ['the option auth', (port) => [`ws://127.0.0.1:${port}/`, { auth: 'user:pass' }]],
    ['the userinfo of the URL', (port) => [`ws://user:pass@127.0.0.1:${port}/`, {}]],
  ])('stay behind as %s, and do not come back', async (_what, make) => {
    const away: To = ({ plain }) => `wss://127.0.0.1:${plain}/`;
    const back: To = ({ plain }) => `ws://127.0.0.1:${plain}/`;
    const { plain, cert, seen } = await listenBoth(away, back);
    const [url, options] = make(plain);
    await connect(url, { ...options, ca: cert, followRedirects: true });
    const basic = 'Basic dXNlcjpwYXNz';
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([basic, undefined, undefined]);
  });

  it('are those of the new URL where that has some', async () => {
    const { plain, seen } = await listenBoth(({ plain }) => `ws://new:pass@localhost:${plain}/`);
    await connect(`ws://old:pass@127.0.0.1:${plain}/`, { followRedirects: true, lookup });
    const names = seen.map(({ headers }) =>
      String(Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')),
    );
    expect(names).toEqual(['old:pass', 'new:pass']);
  });

  it('are no Host field, and that goes to no other host either', async () => {
    const same: To = () => '/';
    const other: To = ({ plain }) => `ws://localhost:${plain}/`;
    const { plain, seen } = await listenBoth(same, other);
    await connect(`ws://127.0.0.1:${plain}/`, { followRedirects: true, lookup, headers: { Host: 'mine' } });
    expect(seen.map(({ headers }) => headers.host)).toEqual(['mine', 'mine', `localhost:${plain}`]);
  });
});
