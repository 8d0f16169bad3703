import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from '@x/node-adapter';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Program } from '../../test/code-blocks.js';
import { openPage } from './pages.js';

const { page, programs } = openPage('reconnecting.md');

const CLIENT = `
const [options, ...urls] = process.argv.slice(2);
for (const url of urls) {
  const client = new ReconnectingClient(url, {
    ...JSON.parse(options),
    open: () => client.send('I am here'),
    message: (data) => console.log('message ' + data),
    over: (end) => console.log('over ' + JSON.stringify(end)),
    waits: (wait) => console.log('waits ' + wait),
  });
  process.on('SIGTERM', () => client.close());
}`;

/** A program with a client for each path. */
function start(port: number, options: object = {}, paths: readonly unknown[] = ['']): Program {
  const urls = paths.map((path) => `ws://127.0.0.1:${port}/${path}`);
  const args = [JSON.stringify({ least: 10, most: 80, stable: 60_000, ...options }), ...urls];
  return programs.start('reconnecting.js', { behind: CLIENT, args });
}

/** The times that a client has waited. */
function waits({ output }: Program): number[] {
  return Array.from(output().matchAll(/^waits ([\d.]+)$/gm), ([, wait]) => Number(wait));
}

/** How its clients were told to stop, in an order that does not depend on time. */
function over({ output }: Program): unknown[] {
  return Array.from(output().matchAll(/^over (.*)$/gm), ([, end = '']) => end)
    .sort()
    .map((end) => JSON.parse(end));
}

/** A server that does with its connections, counted from 1, what the test says. */
async function serve(connected: (socket: WebSocket, count: number, path: string) => void): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  let count = 0;
  server.on('connection', (socket, { url = '' }) => {
    socket.on('error', () => undefined);
    connected(socket, ++count, url.slice(1));
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that answers each upgrade with a refusal, counted from 1. */
async function refuse(answer: (count: number, path: string) => string): Promise<number> {
  const server: Server = createServer();
  let count = 0;
  server.on('upgrade', ({ url = '' }: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined);
    socket.end(`HTTP/1.1 ${answer(++count, url.slice(1))}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The codes of the table that are retried, and those that are not. */
function codesOf(answer: string): number[] {
  return page
    .table('What may be retried')
    .filter(([, , retried = '']) => retried.startsWith(answer))
    .flatMap(([codes = '']) => codes.split(', ').map(Number));
}

describe('the page on reconnecting', () => {
  it('shows a client that comes back, later and later, but not later than it may (§7.2.3)', async () => {
    const port = await serve((socket, count) => {
      if (count <= 8) socket.close(1001);
      else socket.on('message', (data) => socket.send(`hello again, ${data}`));
    });
    const program = start(port);
    await expect.poll(program.output).toContain('message hello again, I am here');
    const waited = waits(program);
    expect(waited).toHaveLength(8);
    for (const [attempt, wait] of waited.entries()) {
      expect(wait).toBeGreaterThanOrEqual(10);
      expect(wait).toBeLessThanOrEqual(10 + Math.min(80, 10 * 2 ** attempt));
    }
    expect(new Set(waited).size, 'at random').toBe(8);
    program.child.kill('SIGTERM');
    await once(program.child, 'close');
    expect(over(program)).toEqual([{ code: 1000, reason: '' }]);
  });

  it('shows a client that begins anew once a connection has held', async () => {
    const port = await serve((socket, count) => {
      if (count <= 4) setTimeout(() => socket.close(1001), 60);
    });
    const program = start(port, { least: 10, most: 10_000, stable: 20 });
    await expect.poll(() => waits(program).length).toBe(4);
    expect(Math.max(...waits(program))).toBeLessThanOrEqual(20);
  });

  it('shows a client that comes back behind each code that may be retried', async () => {
    // These two are of connections that end without a code.
    const codes = codesOf('yes').filter((code) => code !== 1005 && code !== 1006);
    expect(codes).toContain(1013);
    const port = await serve((socket, count) => {
      const code = codes[count - 1];
      if (code === undefined) socket.send('back');
      else socket.close(code);
    });
    const program = start(port);
    await expect.poll(program.output).toContain('message back');
    expect(waits(program)).toHaveLength(codes.length);
  });

  it('shows a client that comes back where no close frame, or none with a code, came (§7.1.5)', async () => {
    const port = await serve((socket, count) => {
      if (count === 1) socket.terminate();
      else if (count === 2) socket.close();
      else socket.send('third');
    });
    const program = start(port);
    await expect.poll(program.output).toContain('message third');
  });

  it('shows a client that does not come back behind the others', async () => {
    const codes = codesOf('no');
    expect(codes).toContain(1008);
    const port = await serve((socket, _count, path) => socket.close(Number(path), 'over'));
    const program = start(port, {}, codes);
    await once(program.child, 'close');
    expect(over(program)).toEqual(codes.sort().map((code) => ({ code, reason: 'over' })));
    expect(waits(program)).toEqual([]);
  });

  it('shows a client that takes statuses which stay for an answer', async () => {
    const statuses = [401, 403, 404, 426];
    const port = await refuse((_count, path) => `${path} No`);
    const program = start(port, {}, statuses);
    await once(program.child, 'close');
    expect(over(program)).toMatchObject(statuses.map((status) => ({ code: 1006, status })));
  });

  it('shows a client that waits as long as the server says', async () => {
    const port = await refuse((count) => {
      if (count === 1) return '503 Service Unavailable\r\nRetry-After: 1';
      return count === 2 ? '429 Too Many Requests' : '404 Not Found';
    });
    const program = start(port);
    await once(program.child, 'close');
    const [first = 0, second = 0, ...more] = waits(program);
    expect(first).toBe(1000);
    expect(second).toBeLessThan(100);
    expect(more).toEqual([]);
    expect(over(program)).toMatchObject([{ status: 404 }]);
  });

  it('shows a client that goes on where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    const program = start(port);
    await expect.poll(() => waits(program).length).toBeGreaterThan(3);
    expect(over(program)).toEqual([]);
  });

  it('has no block that these tests leave out', () => {
    expect(page.fences).toEqual(['js reconnecting.js']);
  });
});
