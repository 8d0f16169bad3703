import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  acceptRequest,
  ClientHandshake,
  type ClientRequest,
  createRequest,
  type Establishment,
  type Failure,
  type PermessageDeflateConfig,
  parseExtensions,
  parseSubprotocols,
  permessageDeflate,
  ServerHandshake,
} from '../src/index.js';
import { bytes } from './example.js';

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return port;
}

function track<Stream extends { destroy(): unknown; on(event: 'error', listener: () => void): unknown }>(
  stream: Stream,
): Stream {
  closing.push(() => stream.destroy());
  stream.on('error', () => {});
  return stream;
}

/** Opens a connection to a real server and feeds a client handshake with what comes back. */
async function open<Config>(
  port: number,
  request: ClientRequest<Config>,
): Promise<{ result: Establishment<Config> | Failure; socket: Socket }> {
  const socket = track(connect(port, '127.0.0.1'));
  const handshake = new ClientHandshake(request);
  socket.write(request.head, 'latin1');
  for (;;) {
    const [chunk]: Buffer[] = await once(socket, 'data');
    const result = chunk && handshake.receive(chunk);
    if (result !== undefined) return { result, socket };
  }
}

/** ws itself: its parsers, which it does not export. */
const load = createRequire(import.meta.url);
const lib = join(dirname(load.resolve('ws/package.json')), 'lib');
const theirs: {
  extension: { parse(text: string): Record<string, Record<string, (string | true)[]>[]> };
  subprotocol: { parse(text: string): Set<string> };
} = { extension: load(join(lib, 'extension.js')), subprotocol: load(join(lib, 'subprotocol.js')) };

describe('with npm ws as the client', () => {
  it('a server on a bare socket opens the connection, with subprotocol and permessage-deflate', async () => {
    const options = { subprotocols: ['b'], extensions: [permessageDeflate({ serverMaxWindowBits: 10 })] };
    const server = createTcpServer((socket) => {
      const handshake = new ServerHandshake(options);
      track(socket).on('data', (chunk) => {
        const answer = handshake.receive(chunk);
        // "hi" in a text frame, written by hand.
        if (answer?.ok) socket.write(answer.head, 'latin1', () => socket.write(bytes('\x81\x02hi')));
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${await listen(server)}/x?y`, ['a', 'b']);
    closing.push(() => client.terminate());
    const [data]: Buffer[] = await once(client, 'message');
    expect(String(data)).toBe('hi');
    expect(client.protocol).toBe('b');
    expect(client.extensions).toBe('permessage-deflate');
  });

  it('a server on node:http opens the connection from the IncomingMessage', async () => {
    const server = createServer();
    server.on('upgrade', (message, socket) => {
      const answer = acceptRequest(message, { extensions: [permessageDeflate()] });
      if (answer.ok) track(socket).write(answer.head, 'latin1');
      else socket.end(answer.head + answer.body, 'latin1');
    });
    const client = new WebSocket(`ws://127.0.0.1:${await listen(server)}/`);
    closing.push(() => client.terminate());
    await once(client, 'open');
    expect(client.extensions).toBe('permessage-deflate');
  });

  it('a refusal arrives with its status and body', async () => {
    const server = createServer();
    server.on('upgrade', (message, socket) => {
      const answer = acceptRequest(message, { origin: () => false });
      if (!answer.ok) track(socket).end(answer.head + answer.body, 'latin1');
    });
    const client = new WebSocket(`ws://127.0.0.1:${await listen(server)}/`);
    client.on('error', () => {});
    const [, response] = await once(client, 'unexpected-response');
    expect(response.statusCode).toBe(403);
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(body).toBe('the origin is not allowed: none was sent');
    client.terminate();
  });
});

describe('with npm ws as the server', () => {
  async function serve(options: ConstructorParameters<typeof WebSocketServer>[0]): Promise<number> {
    const http = createServer();
    const server = new WebSocketServer({ server: http, ...options });
    closing.push(() => server.close());
    server.on('connection', (socket) => {
      closing.push(() => socket.terminate());
      socket.on('error', () => {});
      socket.send('hi');
    });
    return listen(http);
  }

  it('a client on a bare socket opens the connection, with subprotocol and permessage-deflate', async () => {
    const port = await serve({
      perMessageDeflate: { clientMaxWindowBits: 11, serverNoContextTakeover: true },
    });
    const { result } = await open(
      port,
      createRequest<PermessageDeflateConfig>(`ws://127.0.0.1:${port}/`, {
        ...{ nonce: randomBytes(16), subprotocols: ['a', 'b'], extensions: [permessageDeflate()] },
      }),
    );
    if (!result.ok) throw new Error(result.message);
    expect(result.subprotocol).toBe('a');
    expect(result.extensions[0]?.config).toEqual({
      ...{ serverNoContextTakeover: true, clientNoContextTakeover: false },
      ...{ serverMaxWindowBits: 15, clientMaxWindowBits: 11 },
    });
  });

  it('a client reports the status of a refusal', async () => {
    const port = await serve({
      verifyClient: (_info, answer) => answer(false, 401, 'no', { 'WWW-Authenticate': 'Basic' }),
    });
    const { result } = await open(port, createRequest(`ws://127.0.0.1:${port}/`, { nonce: randomBytes(16) }));
    expect(result).toMatchObject({ ok: false, status: 401, violation: 'status-unauthorized' });
    expect(result.rawHeaders).toContain('WWW-Authenticate');
  });
});

describe('what npm ws reads, is read to the same', () => {
  /** Names and what stands between them, more or less in turn, so that a good part of it is read. */
  const listOf = (...between: string[]) =>
    fc
      .array(
        fc.tuple(fc.constantFrom('a', 'b', 'c-d', '__proto__', 'e', 'f', ''), fc.constantFrom(...between)),
        {
          maxLength: 6,
        },
      )
      .map((pairs) => `${pairs.flat().join('')}z`);

  it('in Sec-WebSocket-Extensions (§9.1)', () => {
    let read = 0;
    fc.assert(
      fc.property(listOf(', ', ';', '; ', '=', '="x";', '="\\y", ', ' ', '"'), (header) => {
        let expected: ReturnType<typeof theirs.extension.parse>;
        try {
          expected = theirs.extension.parse(header);
        } catch {
          return;
        }
        read++;
        const grouped: typeof expected = Object.create(null);
        for (const { name, params } of parseExtensions(header)) {
          const group: Record<string, (string | true)[]> = Object.create(null);
          for (const [key, value] of params) group[key] = [...(group[key] ?? []), value];
          grouped[name] = [...(grouped[name] ?? []), group];
        }
        expect(JSON.stringify(grouped)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 2000 },
    );

    expect(read).toBeGreaterThan(100);
  });

  it('in Sec-WebSocket-Protocol (§4.3)', () => {
    let read = 0;
    fc.assert(
      fc.property(listOf(',', ', ', ' , ', ',\t', ' ', ';'), (header) => {
        let expected: Set<string>;
        try {
          expected = theirs.subprotocol.parse(header);
        } catch {
          return;
        }
        read++;
        expect(parseSubprotocols(header)).toEqual([...expected]);
      }),
      { numRuns: 2000 },
    );

    expect(read).toBeGreaterThan(100);
  });
});
