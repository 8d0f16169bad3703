import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Chat, DEFAULT_LIMITS, startChat } from '../src/chat.js';
import { PROTOCOL, readTold } from '../src/protocol.js';
import type { RoomLimits } from '../src/room.js';

const chats: Chat[] = [];
afterEach(async () => {
  await Promise.all(chats.splice(0).map((chat) => chat.stop()));
});

async function start(limits: Partial<RoomLimits> = {}): Promise<Chat> {
  const chat = await startChat({ host: '127.0.0.1', port: 0 }, { ...DEFAULT_LIMITS, ...limits });
  chats.push(chat);
  return chat;
}

/** A peer of another make: npm `ws`, which keeps what it hears. */
class Guest {
  readonly heard: string[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(
    { port }: Chat,
    path = '/ws',
    headers: Record<string, string> = {},
    protocols: readonly string[] = [],
  ) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], { headers });
    this.socket.on('message', (data, isBinary) => this.heard.push(isBinary ? 'binary' : data.toString()));
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async join(chat: Chat): Promise<Guest> {
    const guest = new Guest(chat);
    await once(guest.socket, 'open');
    return guest;
  }

  /** As the page joins: it hears JSON, and first of all who it is. */
  static async joinAsPage(chat: Chat, path = '/ws'): Promise<{ guest: Guest; name: string }> {
    const guest = new Guest(chat, path, {}, [PROTOCOL]);
    await expect.poll(() => guest.heard.length).toBe(1);
    const told = readTold(guest.heard[0] ?? '');
    return { guest, name: told !== undefined && 'you' in told ? told.you.name : '' };
  }
}

/** Everything that the server answers to `request` until it ends the connection. */
async function exchange(chat: Chat, request: string): Promise<string> {
  const socket = connect(chat.port, '127.0.0.1');
  socket.setEncoding('latin1').write(request);
  let answer = '';
  for await (const piece of socket) answer += piece;
  return answer;
}

function upgradeRequest(path: string, ...headers: string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...headers,
    '\r\n',
  ].join('\r\n');
}

describe('a chat', () => {
  it('sends each message to every client, the sender among them', async () => {
    const chat = await start();
    const guests = await Promise.all([Guest.join(chat), Guest.join(chat), Guest.join(chat)]);
    guests[0]?.socket.send('first');
    await expect.poll(() => guests.map(({ heard }) => heard)).toEqual([['first'], ['first'], ['first']]);
    guests[2]?.socket.send('second');
    const both = ['first', 'second'];
    await expect.poll(() => guests.map(({ heard }) => heard)).toEqual([both, both, both]);
  });

  it('cuts a message at 50 characters and keeps the last one whole', async () => {
    const chat = await start();
    const guest = await Guest.join(chat);
    guest.socket.send(`${'x'.repeat(49)}👩‍👩‍👧👩‍👩‍👧`);
    await expect.poll(() => guest.heard).toEqual([`${'x'.repeat(49)}👩‍👩‍👧`]);
  });

  it('tells a page who it is and who says what, and a client without the subprotocol the bare text (§1.9)', async () => {
    const chat = await start();
    const bare = await Guest.join(chat);
    const ann = await Guest.joinAsPage(chat);
    const ben = await Guest.joinAsPage(chat);
    expect(ann.guest.socket.protocol).toBe(PROTOCOL);
    expect(bare.socket.protocol).toBe('');
    ann.guest.socket.send('Hello');
    bare.socket.send('{"you":{"name":"Ann","colour":0}}');
    await expect.poll(() => bare.heard).toHaveLength(2);
    for (const { guest } of [ann, ben]) {
      await expect.poll(() => guest.heard).toHaveLength(3);
      const [, first, second] = guest.heard.map(readTold);
      expect(first).toEqual({ from: { name: ann.name, colour: expect.any(Number) }, text: 'Hello' });
      expect(second).toMatchObject({ text: '{"you":{"name":"Ann","colour":0}}' });
    }
    expect(bare.heard).toEqual(['Hello', '{"you":{"name":"Ann","colour":0}}']);
  });

  it('gives each person in the room another name, and the one it asks for when that is free', async () => {
    const chat = await start();
    const people = await Promise.all(Array.from({ length: 30 }, () => Guest.joinAsPage(chat)));
    expect(new Set(people.map(({ name }) => name)).size).toBe(30);
    const [first, second] = people;
    first?.guest.socket.close();
    await expect.poll(() => chat.clients.size).toBe(29);
    const path = (name = ''): string => `/ws?name=${encodeURIComponent(name)}`;
    expect((await Guest.joinAsPage(chat, path(first?.name))).name).toBe(first?.name);
    expect((await Guest.joinAsPage(chat, path(second?.name))).name).not.toBe(second?.name);
    expect((await Guest.joinAsPage(chat, path('Admin'))).name).not.toBe('Admin');
  });

  it('goes on to the next name when somebody has left, so that an old message keeps its author', async () => {
    const chat = await start();
    const first = await Guest.joinAsPage(chat);
    first.guest.socket.close();
    await expect.poll(() => chat.clients.size).toBe(0);
    expect((await Guest.joinAsPage(chat)).name).not.toBe(first.name);
  });

  it('forgets a client that closes, and talks to the others only', async () => {
    const chat = await start();
    const [leaver, stayer] = await Promise.all([Guest.join(chat), Guest.join(chat)]);
    await expect.poll(() => chat.clients.size).toBe(2);
    leaver.socket.close(1000, 'bye');
    expect(await leaver.closed).toEqual({ code: 1000, reason: 'bye' });
    await expect.poll(() => chat.clients.size).toBe(1);
    stayer.socket.send('anybody?');
    await expect.poll(() => stayer.heard).toEqual(['anybody?']);
    expect(leaver.heard).toEqual([]);
  });

  it('forgets a client whose connection breaks without a close frame', async () => {
    const chat = await start();
    const guest = await Guest.join(chat);
    await expect.poll(() => chat.clients.size).toBe(1);
    guest.socket.terminate();
    await expect.poll(() => chat.clients.size).toBe(0);
  });

  it('closes with 1003 on a binary message and leaves the others alone (§7.4.1)', async () => {
    const chat = await start();
    const [binary, other] = await Promise.all([Guest.join(chat), Guest.join(chat)]);
    binary.socket.send(Buffer.from('not text'));
    expect((await binary.closed).code).toBe(1003);
    other.socket.send('still here');
    await expect.poll(() => other.heard).toEqual(['still here']);
  });

  it('closes with 1009 on a message longer than its limit (§7.4.1)', async () => {
    const guest = await Guest.join(await start({ maxPayload: 100 }));
    guest.socket.send('x'.repeat(101));
    expect((await guest.closed).code).toBe(1009);
  });

  it('drops the connection that breaks the framing rules and no other (§5.1)', async () => {
    const chat = await start();
    const guest = await Guest.join(chat);
    const socket = connect(chat.port, '127.0.0.1');
    socket.write(upgradeRequest('/ws'));
    await once(socket, 'data');
    // A text frame without a mask: FIN and opcode 1, length 2, "hi".
    socket.write(Buffer.from('81026869', 'hex'));
    const pieces: Buffer[] = [];
    for await (const piece of socket) pieces.push(piece);
    // A close frame that carries 1002 (03 ea) first of all.
    const [head, , ...code] = Buffer.concat(pieces);
    expect([head, ...code.slice(0, 2)]).toEqual([0x88, 0x03, 0xea]);
    guest.socket.send('unharmed');
    await expect.poll(() => guest.heard).toEqual(['unharmed']);
  });

  it('closes with 1008 a client that lets more than the limit wait (§7.4.1)', async () => {
    const chat = await start({ maxBufferedAmount: 512 * 1024 });
    const talker = await Guest.join(chat);
    const idler = await Guest.join(chat);
    await expect.poll(() => chat.clients.size).toBe(2);
    const [, idlersEnd] = chat.clients;
    idler.socket.pause();
    // The idler reads nothing: the buffers of the operating system fill first, then ours. The talker hears each burst
    // of 300 kB before it sends the next, so that less than the limit ever waits for it.
    for (let bursts = 1; idlersEnd?.readyState === WebSocket.OPEN && bursts <= 100; bursts++) {
      for (let count = 0; count < 2000; count++) talker.socket.send('漢'.repeat(50));
      await expect.poll(() => talker.heard.length, { timeout: 10_000 }).toBe(2000 * bursts);
    }
    expect(talker.socket.readyState).toBe(WebSocket.OPEN);
    idler.socket.resume();
    expect((await idler.closed).code).toBe(1008);
    await expect.poll(() => chat.clients.size).toBe(1);
  }, 30_000);

  it('cuts off a client that answers no ping (§5.5.2)', async () => {
    const chat = await start({ pingInterval: 300 });
    const answering = await Guest.join(chat);
    const socket = connect(chat.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(upgradeRequest('/ws'));
    await expect.poll(() => chat.clients.size).toBe(2);
    socket.resume();
    await expect.poll(() => chat.clients.size, { timeout: 5000 }).toBe(1);
    await delay(1000);
    expect(answering.socket.readyState).toBe(WebSocket.OPEN);
    socket.destroy();
  });

  it('tells its clients 1001 when it stops, and ends those that do not answer (§7.4.1)', async () => {
    const chat = await start({ closeTimeout: 200 });
    const guest = await Guest.join(chat);
    const silent = connect(chat.port, '127.0.0.1');
    silent.on('error', () => {}).write(upgradeRequest('/ws'));
    await expect.poll(() => chat.clients.size).toBe(2);
    await chat.stop();
    expect(await guest.closed).toEqual({ code: 1001, reason: 'server is going away' });
    expect(chat.clients.size).toBe(0);
    silent.destroy();
  });
});

describe('the server', () => {
  it('answers 426 to a request on /ws that asks for no upgrade (RFC 9110 §15.5.22)', async () => {
    const chat = await start();
    const response = await fetch(`${chat.url}/ws`);
    expect(response.status).toBe(426);
    expect(response.headers.get('sec-websocket-version')).toBe('13');
    expect(await response.text()).toContain('WebSocket');
    // fetch hides the hop-by-hop headers.
    const raw = await exchange(chat, 'GET /ws HTTP/1.0\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(raw).toContain('\r\nUpgrade: websocket\r\n');
  });

  it('takes an upgrade on /ws whatever its query', async () => {
    const guest = new Guest(await start(), '/ws?room=1');
    await once(guest.socket, 'open');
    guest.socket.close();
  });

  it('refuses an upgrade on any other path with 404', async () => {
    expect(await exchange(await start(), upgradeRequest('/other'))).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  });

  it('refuses an upgrade from a page of another site with 403 (§10.2)', async () => {
    const chat = await start();
    for (const origin of ['http://evil.example', `http://127.0.0.1:${chat.port + 1}`, 'null', 'http://']) {
      const answer = await exchange(chat, upgradeRequest('/ws', `Origin: ${origin}`));
      expect(answer, origin).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    }
    const guest = new Guest(chat, '/ws', { Origin: chat.url });
    await once(guest.socket, 'open');
    guest.socket.close();
  });

  it('refuses the client that is one too many with 503', async () => {
    const chat = await start({ maxClients: 1 });
    await Guest.join(chat);
    expect(await exchange(chat, upgradeRequest('/ws'))).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  });

  it.each([
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/?from=here', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/page/theme.css', 'text/css; charset=utf-8', ':root'],
    ['/icon.svg', 'image/svg+xml', '<svg'],
    ['/page/main.js', 'text/javascript; charset=utf-8', 'import'],
    ['/clip.js', 'text/javascript; charset=utf-8', 'export function clip'],
    ['/protocol.js', 'text/javascript; charset=utf-8', 'export const PROTOCOL'],
  ])('serves %s as %s under a strict policy', async (path, type, beginning) => {
    const response = await fetch((await start()).url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(await response.text()).toContain(beginning);
  });

  it('serves every file that the page names, and every module that those import', async () => {
    const { url } = await start();
    const seen = new Set<string>();
    const waiting = [`${url}/`];
    for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
      if (seen.has(address)) continue;
      seen.add(address);
      const response = await fetch(address);
      expect(response.status, address).toBe(200);
      for (const [, target] of (await response.text()).matchAll(/(?:from '|href="|src=")([^'"]+)/g)) {
        if (target !== undefined) waiting.push(new URL(target, address).href);
      }
    }
    expect(seen).toContain(`${url}/clip.js`);
    expect(seen).toContain(`${url}/page/composer.css`);
  });

  it('answers HEAD with the headers alone', async () => {
    const chat = await start();
    const answer = await exchange(chat, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/\r\nContent-Length: [1-9]\d*\r\n/);
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  it('answers 404 where there is nothing, and 405 to other methods', async () => {
    const { url } = await start();
    for (const path of ['/nothing', '/../package.json', '/%2e%2e/package.json', '/page/', '//icon.svg']) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
    const response = await fetch(url, { method: 'POST', body: 'x' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });
});
