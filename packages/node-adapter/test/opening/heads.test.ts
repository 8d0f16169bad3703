import { type EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import Ws, { WebSocketServer as WsServer } from 'ws';
import { type ClientOptions, WebSocket } from '../../src/index.js';
import type { Aspect } from '../heads.js';
import { after, connect, listen, portOf, RawPeer } from '../loopback.js';
import { acceptFor, RawServer } from '../opening.js';
import { REQUEST_HEADS } from '../request-heads.js';
import { RESPONSE_HEADS } from '../response-heads.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** What either package makes of a head. */
type Outcome = (head: string, aspect: Aspect) => Promise<string>;

/** The status that a server answers with, and what it has chosen of the offers. */
async function answerTo(port: number, head: string): Promise<string> {
  const peer = new RawPeer(port);
  peer.socket.write(head, 'latin1');
  // A server may end the connection without a word.
  await peer.until(() => peer.received.includes('\r\n\r\n')).catch(() => undefined);
  peer.socket.destroy();
  const text = peer.received.toString('latin1');
  const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'no answer';
  const chosen = [...text.matchAll(/^Sec-WebSocket-(?:Protocol|Extensions): (.*)$/gim)];
  return status === '101' ? ['101', ...chosen.map(([, value]) => sorted(value))].join(' ') : status;
}

/** Parameters in any order say the same. */
function sorted(value = ''): string {
  return value.trim().split('; ').sort().join('; ');
}

async function listenWs(): Promise<number> {
  const server = new WsServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  server.on('connection', (websocket) => websocket.on('error', () => undefined));
  await once(server, 'listening');
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return portOf(server);
}

/** What the clients of both packages have in common here. */
interface Client extends EventEmitter {
  readonly protocol: string;
  readonly extensions: string;
  terminate(): void;
}

/** Whether a client opens the connection, and with what. */
async function openingOf(client: Client): Promise<string> {
  const opened = new Promise<string>((resolve) => {
    client.on('open', () => resolve(['open', client.protocol, client.extensions].join(' ').trim()));
    client.on('error', () => resolve('error'));
  });
  const outcome = await opened;
  client.terminate();
  return outcome;
}

/** The rows of the README for the heads that the two packages make different things of. */
async function rowsOf(aspects: readonly Aspect[], theirs: Outcome, ours: Outcome): Promise<string[]> {
  const rows: string[] = [];
  /** Aspects that need a clause, or have one for nothing. */
  const wrong: string[] = [];
  for (const aspect of aspects) {
    const { what, clause, heads } = aspect;
    const outcomes = await Promise.all(
      heads.map((head) => Promise.all([theirs(head, aspect), ours(head, aspect)])),
    );
    const differing = outcomes.filter(([one, other]) => one !== other);
    const [left, right] = [0, 1].map((side) => [...new Set(differing.map((pair) => pair[side]))].join(', '));
    if (differing.length > 0) rows.push(`| ${what} | ${left} | ${right} | ${clause} |`);
    const at = outcomes.findIndex(([one, other]) => one !== other);
    const sample = at < 0 ? 'no difference' : `${outcomes[at]}: ${heads[at]}`;
    if ((clause === '') === differing.length > 0) wrong.push(`${what}: ${sample}`);
  }
  expect(wrong).toEqual([]);
  return rows;
}

/** The rows of the README below this heading. */
function documented(heading: string): string[] {
  const [, below = ''] = README.split(`\n${heading}\n\n|`);
  return below.split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
}

it('a server differs from that of ws in the heads that the README lists, each for its clause (§4.2)', async () => {
  const theirPort = await listenWs();
  const { server, port } = await listen({ perMessageDeflate: true });
  server.on('connection', (websocket) => websocket.on('error', () => undefined));
  const rows = await rowsOf(
    REQUEST_HEADS,
    (head) => answerTo(theirPort, head),
    (head) => answerTo(port, head),
  );
  expect(documented('A request that both servers are sent:')).toEqual(rows);
});

it('a client differs from that of ws in the heads that the README lists, each for its clause (§4.1)', async () => {
  const { server, port } = await RawServer.listen();
  let count = 0;
  const outcome = (start: (url: string, options: object) => Client) => (head: string, aspect: Aspect) => {
    const path = `/${count++}`;
    server.on(path, ({ socket, request }) => {
      const [, key = ''] = /^sec-websocket-key: (\S+)/im.exec(request) ?? [];
      socket.end(head.replaceAll('%', acceptFor(key)), 'latin1');
    });
    const { offer = { serverMaxWindowBits: 10 } } = aspect;
    return openingOf(start(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: offer }));
  };
  const rows = await rowsOf(
    RESPONSE_HEADS,
    outcome((url, options) => new Ws(url, ['a', 'b'], options)),
    outcome((url, options) => new WebSocket(url, ['a', 'b'], options)),
  );
  expect(documented('A response that both clients are sent:')).toEqual(rows);
});

it('the heads are more than four hundred', () => {
  expect([...REQUEST_HEADS, ...RESPONSE_HEADS].flatMap(({ heads }) => heads).length).toBeGreaterThan(400);
});

it('a client writes names as §11.3 spells them, and the caller’s as the caller does (§11.3)', async () => {
  const { server, url } = await listen();
  const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
  const headers = { 'X-mIxed': '1', 'x-lower': '2', COOKIE: 'a=b', 'sec-websocket-key': 'mine' };
  const finishRequest: ClientOptions['finishRequest'] = (request) => {
    expect(request.getRawHeaderNames()).toEqual(expect.arrayContaining(['Sec-WebSocket-Key', 'X-mIxed']));
    request.setHeader('X-fInish', 'yes');
    request.end();
  };
  await connect(url.replace('//', '//user@'), { headers, origin: 'http://a', finishRequest }, ['a']);
  const { rawHeaders } = (await connected)[1];
  expect(rawHeaders.filter((_, at) => at % 2 === 0).sort()).toEqual([
    ...['Authorization', 'COOKIE', 'Connection', 'Host', 'Origin', 'Sec-WebSocket-Extensions'],
    ...['Sec-WebSocket-Key', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Version', 'Upgrade'],
    ...['X-fInish', 'X-mIxed', 'x-lower'],
  ]);
});
