import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Listening } from '../../test/code-blocks.js';
import { connect, openPage } from './pages.js';

const { page, programs } = openPage('server-on-the-codec.md');

function board(changes: Record<string, string> = {}): Promise<Listening> {
  return programs.listen('board.js', 'server', { changes });
}

const urlOf = ({ port }: Listening): string => `ws://127.0.0.1:${port}/`;

/** A socket, and all that came. */
function tcp(port: number): { socket: Socket; came: () => string } {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { socket, came: () => Buffer.concat(chunks).toString('latin1') };
}

const REQUEST = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n');

describe('the board of the page on a server on the codec', () => {
  it('tells all what one says, and keeps a picture of its own', async () => {
    const running = await board();
    const [ann, bob] = [await connect(urlOf(running)), await connect(urlOf(running))];
    ann.ws.send('Grüße 🎉');
    await expect.poll(() => [ann.told, bob.told]).toEqual([['Grüße 🎉'], ['Grüße 🎉']]);
    const picture = Buffer.alloc(100_000, 0x5a);
    ann.ws.send(picture);
    // These would overwrite what was only borrowed.
    for (let count = 0; count < 20; count++) ann.ws.send('x'.repeat(10_000));
    await expect.poll(() => bob.told.length).toBe(21);
    bob.ws.send('?');
    await expect.poll(() => bob.told.length).toBe(22);
    expect(bob.told[21] === picture.toString('hex')).toBe(true);
  });

  it('answers pings, and closes with the code of the peer (§5.5.2, §7.1.5)', async () => {
    const running = await board();
    const { ws, closed } = await connect(urlOf(running));
    ws.ping('there?');
    expect(String((await once(ws, 'pong'))[0])).toBe('there?');
    ws.close(4001, 'enough');
    expect(await closed).toEqual([4001, 'enough']);
    await expect.poll(running.output).toContain('closed 4001 enough clean\n');
  });

  it('fails who breaks a rule, and nobody else (§5.1, §10.4)', async () => {
    const running = await board();
    const good = await connect(urlOf(running));
    const { socket, came } = tcp(running.port);
    socket.write(REQUEST);
    await expect.poll(came).toContain('\r\n\r\n');
    socket.write(Buffer.of(0x81, 0x01, 0x61));
    await once(socket, 'end');
    expect(came()).toContain('\x03\xea');
    expect(running.output()).toContain('mask-missing: ');
    const long = await connect(urlOf(running));
    long.ws.send('x'.repeat(1024 * 1024 + 1));
    expect((await long.closed)[0]).toBe(1009);
    good.ws.send('still here');
    await expect.poll(() => good.told).toEqual(['still here']);
  });

  it('refuses what is no handshake, and waits for nobody for ever (§4.2.1)', async () => {
    const running = await board({ '10_000': '200' });
    const refused = tcp(running.port);
    refused.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(refused.socket, 'end');
    expect(refused.came()).toMatch(/^HTTP\/1\.1 426 /);
    const slow = tcp(running.port);
    slow.socket.write(REQUEST.slice(0, -2));
    await once(slow.socket, 'end');
    expect(slow.came()).toBe('');
    // What is sent to a socket that is gone comes back as a reset.
    const sending = setInterval(() => refused.socket.write('x'), 20);
    onTestFinished(() => clearInterval(sending));
    await once(refused.socket, 'error');
  });

  it('leaves a peer that does not read out of what is told to all', async () => {
    const running = await board({ '1024 * 1024; // bytes that': '1024; // bytes that' });
    const [deaf, ann] = [await connect(urlOf(running)), await connect(urlOf(running))];
    deaf.ws.pause();
    const count = 200;
    for (let index = 0; index < count; index++) ann.ws.send(`${index} ${'x'.repeat(100_000)}`);
    await expect.poll(() => ann.told.length, { timeout: 15_000 }).toBe(count);
    deaf.ws.resume();
    ann.ws.send('last');
    await expect.poll(() => ann.told.at(-1)).toBe('last');
    expect(deaf.told.length).toBeLessThan(count);
  });

  it('pings who is silent, and drops who stays silent (§5.5.2)', async () => {
    const running = await board({ '30_000': '200' });
    const alive = await connect(urlOf(running));
    const dead = await connect(urlOf(running));
    let pings = 0;
    alive.ws.on('ping', () => pings++);
    dead.ws.pause();
    await expect.poll(running.output).toContain('closed 1006  not clean\n');
    expect(pings).toBeGreaterThan(0);
    expect(alive.ws.readyState).toBe(alive.ws.OPEN);
  });

  it('closes all with 1001 at SIGTERM, and ends (§7.4.1)', async () => {
    const running = await board();
    const { closed } = await connect(urlOf(running));
    const ended = once(running.child, 'exit');
    running.child.kill('SIGTERM');
    expect(await closed).toEqual([1001, 'going away']);
    expect(await ended).toEqual([0, null]);
  });
});

describe('the page on a server on the codec', () => {
  it('shows an extension that is agreed on, and at work (§9)', async () => {
    expect((await programs.end('extension.js')).output.split('\n')).toEqual([
      "[ 'x-invert' ]",
      // RSV2, FIN and text; "HI", inverted
      'writes a102b7b6',
      '',
    ]);
  });

  it('has no block that these tests leave out', () => {
    expect(page.fences).toEqual(['js board.js', 'js extension.js']);
  });
});
