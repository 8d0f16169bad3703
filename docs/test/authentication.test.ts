import { describe, expect, it } from 'vitest';
import { connect, openPage, refusal } from './pages.js';

const { page, programs } = openPage('authentication.md');

/** What a client is greeted with. */
async function greeting(url: string, options = {}): Promise<string | undefined> {
  const { told } = await connect(url, options);
  await expect.poll(() => told.length).toBe(1);
  return told[0];
}

const Cookie = 'theme=dark; session=s3cret';

describe('the page on authentication', () => {
  it('shows a server that lets in pages of its own with a session (§10.2)', async () => {
    const { port } = await programs.listen('origin.js', 'server');
    const url = `ws://127.0.0.1:${port}/`;
    for (const origin of ['https://app.example.org', `http://127.0.0.1:${port}`]) {
      expect(await greeting(url, { origin, headers: { Cookie } })).toBe('hello, Ann');
      expect(await refusal(url, { origin }), 'without a cookie').toBe(401);
      expect(await refusal(url, { origin, headers: { Cookie: 'session=other' } })).toBe(401);
    }
    for (const origin of ['https://evil.example', 'https://app.example.org.evil.example', 'null']) {
      expect(await refusal(url, { origin, headers: { Cookie } }), origin).toBe(403);
    }
    expect(await refusal(url, { headers: { Cookie } }), 'without an origin').toBe(403);
  });

  it('shows how to decide for each upgrade by hand', async () => {
    const { port, child } = await programs.listen('by-hand.js', 'http');
    const url = `ws://127.0.0.1:${port}/`;
    expect(await greeting(url, { headers: { Authorization: 'Bearer t0ken' } })).toBe('hello, Ann');
    expect(await refusal(url)).toBe(401);
    expect(await refusal(url, { headers: { Authorization: 'Bearer other' } })).toBe(401);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('a page');
    expect(child.exitCode).toBe(null);
  });

  it('tells of a callback with a status and headers of its own', async () => {
    expect(page.text).toContain(`callback(false, 429, 'Too Many Requests', { 'Retry-After': '10' })`);
    const verify = `async ({ req }) => sessions.has(sessionOf(req))`;
    const changes = {
      [verify]: `(info, callback) => callback(false, 429, 'Too Many Requests', { 'Retry-After': '10' })`,
    };
    const { port } = await programs.listen('origin.js', 'server', { changes });
    expect(await refusal(`ws://127.0.0.1:${port}/`, { origin: `http://127.0.0.1:${port}` })).toBe(429);
  });

  it('shows tickets that are good once', async () => {
    const { port } = await programs.listen('ticket.js', 'http');
    const ask = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/`, { headers });
    expect((await ask({})).status).toBe(401);
    const ticket = await (await ask({ Authorization: 'Bearer t0ken' })).text();
    const url = `ws://127.0.0.1:${port}/ws?ticket=`;
    expect(await refusal(`${url}other`)).toBe(401);
    expect(await greeting(url + ticket)).toBe('hello, Ann');
    expect(await refusal(url + ticket), 'a second time').toBe(401);
  });

  it('shows tickets that are good for a while', async () => {
    const { port } = await programs.listen('ticket.js', 'http', { changes: { '10_000': '1' } });
    const headers = { Authorization: 'Bearer t0ken' };
    const ticket = await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await refusal(`ws://127.0.0.1:${port}/ws?ticket=${ticket}`)).toBe(401);
  });

  it('shows a first message with a token (§7.4.2)', async () => {
    const { port } = await programs.listen('first-message.js', 'server', { changes: { '5_000': '300' } });
    const url = `ws://127.0.0.1:${port}/`;
    const [good, bad, silent] = [await connect(url), await connect(url), await connect(url)];
    good.ws.send('t0ken');
    good.ws.send('good morning');
    bad.ws.send('other');
    expect(await bad.closed).toEqual([4401, 'the token is not good']);
    expect(await silent.closed).toEqual([4401, 'no token came']);
    expect(good.told).toEqual(['hello, Ann', 'Ann said good morning']);
  });

  it('has no block that these tests leave out', () => {
    expect(page.fences).toEqual(['js origin.js', 'js by-hand.js', 'js ticket.js', 'js first-message.js']);
  });
});
