import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { directDeflater, directInflater } from '../src/compression/zlib-direct.js';
import { type WebSocket, WebSocketServer } from '../src/index.js';
import { canWriteDirectly, REFUSED, writeDirectly } from '../src/transport/direct-write.js';
import { selfSigned } from './certificate.js';
import { after, collect, connect, maskedFrame, portOf } from './loopback.js';

/*
 * Where Node keeps what is used of its inside under another name, everything goes the long way, and all other tests pass. So
 * these fail on the version that is the first to do so.
 */

type Carrier = 'TCP' | 'TLS' | 'a local socket';

/** A client and the server's side of it, over sockets of some kind. */
async function pairOver(carrier: Carrier): Promise<readonly [client: WebSocket, peer: WebSocket]> {
  const { key, cert } = selfSigned();
  const http = carrier === 'TLS' ? createSecureServer({ key, cert }) : createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  after(() => http.close());
  const url = await listenOver(carrier, http);
  const client = await connect(url, { ca: cert });
  const [peer] = await connected;
  return [client, peer];
}

/** @returns the URL of the server */
async function listenOver(carrier: Carrier, http: net.Server): Promise<string> {
  if (carrier !== 'a local socket') {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return `${carrier === 'TLS' ? 'wss' : 'ws'}://127.0.0.1:${portOf(http)}/`;
  }
  const directory = await mkdtemp(join(tmpdir(), 'internals-'));
  after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'socket');
  http.listen(path);
  await once(http, 'listening');
  return `ws+unix:${path}:/`;
}

function socketOf(websocket: WebSocket): net.Socket {
  if (!(websocket._socket instanceof net.Socket)) throw new TypeError('no socket');
  return websocket._socket;
}

describe('the Node that runs this', () => {
  it('is the one that was asked for, and starts no other', async () => {
    expect(`node ${process.versions.node}`).toContain(process.env.EXPECTED_RUNTIME ?? 'node ');
    const { stdout } = await promisify(execFile)(process.execPath, ['--print', 'process.version']);
    expect(stdout.trim()).toBe(process.version);
  });

  it.each<[Carrier]>([['TCP'], ['TLS'], ['a local socket']])(
    'has zero-copy reads over %s: no data event comes from the socket',
    async (carrier) => {
      const pair = await pairOver(carrier);
      const [client, peer] = pair;
      const events = pair.map((each) => collect(socketOf(each), 'data'));
      client.send('there');
      peer.send('back');
      await Promise.all(pair.map((each) => once(each, 'message')));
      expect(events).toEqual([[], []]);
    },
  );

  it.each<[Carrier]>([['TCP'], ['a local socket']])(
    'has direct writes over %s: the second write of a socket is taken by its handle',
    async (carrier) => {
      const [client, peer] = await pairOver(carrier);
      for (const each of [client, peer]) {
        const other = each === client ? peer : client;
        const received = once(other, 'message');
        each.send('one');
        await received;
        const socket = socketOf(each);
        if (!canWriteDirectly(socket)) throw new TypeError('no handle');
        const pong = each === client ? maskedFrame(0x8a, Buffer.from('x')) : Buffer.from([0x8a, 1, 0x78]);
        const ponged = once(other, 'pong');
        expect(writeDirectly(socket, pong, { written: () => undefined })).not.toBe(REFUSED);
        await ponged;
      }
    },
  );

  it('has no direct writes over TLS, whose handle would have to encrypt first', async () => {
    expect((await pairOver('TLS')).map((each) => canWriteDirectly(socketOf(each)))).toEqual([false, false]);
  });

  it('has zlib by its handle: both directions, without the streams', () => {
    const [deflater, inflater] = [directDeflater({}), directInflater({})];
    if (deflater === undefined || inflater === undefined) throw new TypeError('no handle');
    const text = Buffer.from('over and over, '.repeat(100));
    const blocks: Buffer[] = [];
    inflater.inflate(deflater.deflate(text), (block) => blocks.push(Buffer.from(block)) > 0);
    expect(Buffer.concat(blocks).equals(text)).toBe(true);
    deflater.close();
    inflater.close();
  });
});
