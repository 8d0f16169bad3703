import { once } from 'node:events';
import http from 'node:http';
import { LIMITS } from '@x/frame-codec';
import { DEFAULT_LIMITS } from '@x/handshake';
import { describe, expect, it } from 'vitest';
import { optionsOf } from './declared.js';
import { connect, openPage, refusal } from './pages.js';

const { page, programs } = openPage('limits.md');

/** The options of a table that are named in its column of options, each with its default; `NaN` for none. */
function defaultsOf(heading: string, column: number): Map<string, number> {
  return new Map(
    page.table(heading).flatMap((row) => {
      const [, name] = /^`(\w+)`$/.exec(row[column] ?? '') ?? [];
      return name === undefined ? [] : [[name, Number(row[column + 1]?.replaceAll(',', ''))]];
    }),
  );
}

describe('the tables of the page on limits', () => {
  it('have each bound of the adapter, with its default', () => {
    const told = new Map([...defaultsOf('Sizes and counts', 1), ...defaultsOf('Waits', 1)]);
    const bounds = ['ServerOptions', 'ClientOptions']
      .flatMap(optionsOf)
      .filter(({ name }) => /^max|Timeout$|Interval$/.test(name));
    // It is ignored, which the page says below the table.
    const names = new Set(bounds.map(({ name }) => name).filter((name) => name !== 'maxBufferedChunks'));
    expect([...told.keys()].sort()).toEqual([...names].sort());
    for (const { name, comment } of bounds) {
      const [, number] = /default (\d+)/.exec(comment) ?? [];
      if (number !== undefined && told.has(name)) expect(told.get(name), name).toBe(Number(number));
    }
  });

  it('have each bound of the lower packages, with its default', () => {
    const told = Object.fromEntries(defaultsOf("Without Node's sockets", 0));
    expect(told).toEqual({ ...LIMITS, ...DEFAULT_LIMITS });
  });

  it('have those that no option sets as the lower packages set them', () => {
    const rows = page.table('Sizes and counts').filter(([, option]) => option === '');
    const values = rows.map(([, , value = '']) => Number(value.replaceAll(',', '')));
    expect(values).toEqual([
      125,
      DEFAULT_LIMITS.listElements,
      LIMITS.maxQueuedPongs,
      LIMITS.maxRetainedLength,
      LIMITS.maxTurnLength,
    ]);
  });

  it('have those of node:http as Node has them', () => {
    const server = http.createServer();
    const own = (heading: string, option: string): number => {
      const row = page.table(heading).find((cells) => cells[1] === `\`${option}\` of \`node:http\``);
      return Number(row?.[2]?.replaceAll(',', ''));
    };
    expect(own('Sizes and counts', 'maxHeaderSize')).toBe(http.maxHeaderSize);
    expect(own('Waits', 'headersTimeout')).toBe(server.headersTimeout);
  });
});

describe('the page on limits', () => {
  it('shows a server that bounds connections, messages and what waits (§10.4)', async () => {
    const { port, output } = await programs.listen('bounded.js', 'server', {
      changes: { '10_000,\n  maxT': '2,\n  maxT' },
    });
    const url = `ws://127.0.0.1:${port}/`;
    const [deaf, long] = [await connect(url), await connect(url)];
    expect(await refusal(url)).toBe(503);
    expect(await refusal(url, { headers: { 'X-Long': 'x'.repeat(17_000) } })).toBe(431);
    long.ws.send(Buffer.alloc(64 * 1024));
    await expect.poll(() => long.told.length).toBe(1);
    long.ws.send(Buffer.alloc(64 * 1024 + 1));
    expect((await long.closed)[0]).toBe(1009);
    deaf.ws.pause();
    for (let count = 0; count < 500; count++) deaf.ws.send(Buffer.alloc(64 * 1024));
    await expect.poll(output).toContain('WS_ERR_TOO_MUCH_BUFFERED');
    deaf.ws.resume();
    expect((await deaf.closed)[0]).toBe(1008);
  });

  it('shows a server that bounds the memory of all, and asks the one to come later that passes it', async () => {
    const changes = { '512 * 1024 * 1024': '100_000' };
    const { port, output } = await programs.listen('bounded.js', 'server', { changes });
    const url = `ws://127.0.0.1:${port}/`;
    const [first, second] = [await connect(url), await connect(url)];
    first.ws.send(Buffer.alloc(60_000), { fin: false });
    second.ws.send(Buffer.alloc(60_000), { fin: false });
    expect((await Promise.race([first.closed, second.closed]))[0]).toBe(1013);
    await expect.poll(output).toContain('WS_ERR_TOO_MUCH_MEMORY');
  });

  it('shows a producer that waits for its peer, and ends when the peer has gone', async () => {
    const { port, output } = await programs.listen('produce.js', 'server', {
      changes: { '10_000': '2_000' },
    });
    const url = `ws://127.0.0.1:${port}/`;
    const { ws, told } = await connect(url);
    ws.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(output()).not.toContain('all is sent');
    ws.resume();
    await expect.poll(() => told.length, { timeout: 15_000 }).toBe(2_000);
    expect(output()).toContain('all is sent');
    const other = await connect(url);
    other.ws.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    other.ws.terminate();
    await expect.poll(output).toContain('gone');
  });

  it('shows how the latest is sent to all who keep up', async () => {
    const { port, output } = await programs.listen('latest.js', 'server');
    const url = `ws://127.0.0.1:${port}/`;
    const [deaf, good] = [await connect(url), await connect(url)];
    deaf.ws.pause();
    await expect.poll(() => good.told.length, { timeout: 15_000 }).toBeGreaterThan(1000);
    const prices = (told: string[]) => told.map((text) => Number.parseInt(text, 10));
    const [first = 0] = prices(good.told);
    expect(prices(good.told)).toEqual(good.told.map((_, index) => first + index));
    const before = good.told.length;
    deaf.ws.resume();
    const latest = (): number => prices(deaf.told).at(-1) ?? 0;
    await expect.poll(latest).toBeGreaterThan(first + before);
    expect(deaf.told.length, 'some were left out').toBeLessThan(latest() - first);
    expect(output()).not.toContain('WS_ERR');
  });

  it('shows a server that holds back who sends too often, and loses nothing', async () => {
    const changes = { 'RATE = 100;': 'RATE = 50;', 'BURST = 200;': 'BURST = 10;' };
    const { port } = await programs.listen('rate.js', 'server', { changes });
    const { ws, told } = await connect(`ws://127.0.0.1:${port}/`);
    const start = performance.now();
    for (let count = 0; count < 40; count++) ws.send(String(count));
    await expect.poll(() => told.length).toBe(40);
    expect(performance.now() - start).toBeGreaterThan((30 / 50) * 1000 * 0.9);
    expect(told).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
    ws.close();
    await once(ws, 'close');
  });

  it('has no block that these tests leave out', () => {
    expect(page.fences).toEqual(['js bounded.js', 'js produce.js', 'js latest.js', 'js rate.js']);
  });
});
