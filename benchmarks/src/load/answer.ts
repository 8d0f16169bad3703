import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { bareFrame, maskedFrame } from '../frames.js';
import { payloadOf } from './burst.js';
import { Meter } from './meter.js';
import type { Run } from './run.js';
import type { Scenario } from './scenario.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const BATCH = 256;

/**
 * A server for clients under test: it answers each `length` bytes of payload with a frame made before, and looks at
 * nothing but how many bytes came.
 */
export async function answer(
  { length }: Scenario & { kind: 'answer' },
  fail: (why: string) => void,
): Promise<Run> {
  const frame = bareFrame(2, payloadOf(length));
  const answers = Buffer.concat(Array<Buffer>(BATCH).fill(frame));
  const asked = maskedFrame(2, payloadOf(length)).length;
  const meter = new Meter();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let pending = 0;
    socket.once('data', (head) => {
      const key = /^sec-websocket-key:\s*(\S+)/im.exec(head.toString('latin1'))?.[1];
      if (key === undefined) return fail('a client sent no opening handshake');
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.on('data', (bytes) => {
        pending += bytes.length;
        let count = Math.floor(pending / asked);
        pending -= count * asked;
        meter.messages += count;
        for (; count > 0; count -= BATCH)
          socket.write(answers.subarray(0, Math.min(count, BATCH) * frame.length));
      });
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    sample: () => meter.sample(),
    stop: () => {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}
