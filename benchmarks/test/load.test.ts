import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { bareFrame, maskedFrame } from '../src/frames.js';
import { answer } from '../src/load/answer.js';
import { broadcast } from '../src/load/broadcast.js';
import { connecting, idle } from '../src/load/connections.js';
import { echo } from '../src/load/echo.js';
import { FrameCounter } from '../src/load/frame-counter.js';
import type { Run } from '../src/load/run.js';

// On a busy machine, sockets take their time.
vi.setConfig({ testTimeout: 20_000 });

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('frames for the load', () => {
  it('are masked from a client (§5.3) and bare from a server (§5.1)', () => {
    expect(maskedFrame(1, Buffer.from('Hi'))).toEqual(hex('81 82 12345678 5a 5d'));
    expect(bareFrame(2, Buffer.from('Hi'))).toEqual(hex('82 02 48 69'));
  });

  it('have the shortest form of their length (§5.2)', () => {
    expect(bareFrame(2, Buffer.alloc(125)).subarray(0, 2)).toEqual(hex('82 7d'));
    expect(bareFrame(2, Buffer.alloc(126)).subarray(0, 4)).toEqual(hex('82 7e 007e'));
    expect(bareFrame(2, Buffer.alloc(65536)).subarray(0, 10)).toEqual(hex('82 7f 0000000000010000'));
  });
});

describe('the counter of frames', () => {
  const stream = Buffer.concat([
    hex('81 00'),
    hex('82 01 ff'),
    hex('82 7e 0080'),
    Buffer.alloc(128, 0x81),
    hex('82 7f 0000000000000003 aabbcc'),
  ]);

  it.each([1, 2, 3, 5, 7, stream.length])('counts four in pieces of %i bytes', (length) => {
    const counter = new FrameCounter();
    let frames = 0;
    for (let at = 0; at < stream.length; at += length) {
      const piece = stream.subarray(at, at + length);
      frames += counter.push(piece, piece.length);
    }
    expect(frames).toBe(4);
  });

  it('counts a frame with its last byte, not before', () => {
    const counter = new FrameCounter();
    expect(counter.push(hex('82 02 01'), 3)).toBe(0);
    expect(counter.push(hex('02'), 1)).toBe(1);
  });
});

describe('the load generator', () => {
  const open: (() => unknown)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  /** A server that does this with what comes. */
  async function serving(
    received: (socket: Socket, bytes: Buffer, all: ReadonlySet<Socket>) => unknown,
  ): Promise<number> {
    const all = new Set<Socket>();
    const server: Server = createServer((socket) => {
      all.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => all.delete(socket));
      socket.on('data', (bytes) => received(socket, bytes, all));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(() => {
      server.close();
      for (const socket of all) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }

  function keep(run: Run): Run {
    open.push(() => run.stop());
    return run;
  }

  const failing = (why: string): never => {
    throw new Error(why);
  };
  const SCENARIO = {
    kind: 'echo',
    connections: 2,
    depth: 10,
    length: 16,
    opcode: 1,
    deflate: false,
  } as const;

  it('counts the messages that come back, and how long they took', async () => {
    let bytes = 0;
    const port = await serving((socket, chunk) => {
      bytes += chunk.length;
      socket.write(chunk);
    });
    const run = keep(await echo(SCENARIO, port, true, failing));
    await expect.poll(() => bytes).toBeGreaterThan(100_000);
    run.stop();
    const { latency, messages } = run.sample();
    // A message of 16 bytes is a frame of 22 from a client; what is under way did not come back.
    expect(messages).toBeLessThanOrEqual(bytes / 22);
    expect(messages).toBeGreaterThan(bytes / 22 - 2 * SCENARIO.depth - 1);
    expect(latency.p50).toBeGreaterThan(1000);
    expect(latency.p99).toBeGreaterThanOrEqual(latency.p50);
    expect(latency.p999).toBeGreaterThanOrEqual(latency.p99);
  });

  it('finds out who sends back something else', async () => {
    const port = await serving((socket, chunk) => socket.write(Buffer.alloc(chunk.length)));
    const failed = new Promise<string>((resolve) => {
      void echo(SCENARIO, port, true, resolve).then(keep);
    });
    expect(await failed).toBe('the server does not send back what it got');
  });

  it('finds out who sends back more', async () => {
    const port = await serving((socket, chunk) => socket.write(Buffer.concat([chunk, hex('00')])));
    const failed = new Promise<string>((resolve) => {
      void echo({ ...SCENARIO, connections: 1 }, port, true, resolve).then(keep);
    });
    expect(await failed).toMatch(/more than it got|not send back/);
  });

  it('finds out who refuses the opening handshake, and who ends the connection', async () => {
    const refusing = await serving((socket) => socket.write('HTTP/1.1 403 Forbidden\r\n\r\n'));
    const failed = new Promise<string>((resolve) => {
      void echo(SCENARIO, refusing, false, resolve).then(keep);
    });
    expect(await failed).toBe('refused with HTTP/1.1 403 Forbidden');
    const ending = await serving((socket) => socket.end());
    const lost = new Promise<string>((resolve) => {
      void echo(SCENARIO, ending, true, resolve).then(keep);
    });
    expect(await lost).toMatch(/ended the connection|ECONNRESET|EPIPE/);
  });

  it('counts each delivery of a broadcast', async () => {
    let bytes = 0;
    const port = await serving(async (_, chunk, all) => {
      bytes += chunk.length;
      const copy = Buffer.from(chunk);
      while (all.size < 5) await pause(1);
      for (const each of all) each.write(copy);
    });
    const scenario = { kind: 'broadcast', connections: 5, depth: 2, length: 64, opcode: 1 } as const;
    const run = keep(await broadcast(scenario, port, true, failing));
    await expect.poll(() => run.sample().messages).toBeGreaterThan(100);
    run.stop();
    // Two frames of 70 bytes go to five connections; of the last burst, some may not be there yet.
    const { messages } = run.sample();
    const bursts = bytes / 140;
    expect(messages).toBeLessThanOrEqual(10 * bursts);
    expect(messages).toBeGreaterThanOrEqual(10 * (bursts - 1));
  });

  it('opens connections and leaves them, or drops them and opens others', async () => {
    let opened = 0;
    const port = await serving((socket) => {
      opened++;
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const silent = keep(idle({ kind: 'idle', deflate: false, greet: false }, port, false, failing));
    await silent.grow?.(10);
    expect(silent.sample().messages).toBe(10);
    await silent.grow?.(15);
    expect(silent.sample().messages).toBe(15);
    expect(opened).toBe(15);
    const dropping = keep(connecting({ kind: 'connect', concurrency: 4 }, port, false, failing));
    await expect.poll(() => dropping.sample().messages).toBeGreaterThan(20);
    dropping.stop();
    expect(opened).toBeGreaterThan(35);
  });

  it('answers clients, each message with one of its own', async () => {
    const run = keep(await answer({ kind: 'answer', length: 32 }, failing));
    const client = new WebSocket(`ws://127.0.0.1:${run.port}/`, { perMessageDeflate: false });
    const received: Buffer[] = [];
    client.on('message', (data: Buffer) => received.push(data));
    await once(client, 'open');
    for (let count = 0; count < 3; count++) client.send(Buffer.alloc(32, 'a'));
    await expect.poll(() => received.length).toBe(3);
    await pause(20);
    expect(received.map(({ length }) => length)).toEqual([32, 32, 32]);
    expect(run.sample().messages).toBe(3);
    client.terminate();
  });
});
