import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect, openPage, type Peer } from './pages.js';

const { page, programs } = openPage('compression.md');
const OFFER = { perMessageDeflate: { threshold: 0 } };

/** The socket of a client, as npm `ws` keeps it. */
function socketOf({ ws }: Peer): Socket {
  return Reflect.get(ws, '_socket');
}

/** How many bytes a peer receives until it was told so many messages. */
async function bytesUntil(peer: Peer, count: number): Promise<number> {
  await expect.poll(() => peer.told.length).toBe(count);
  return socketOf(peer).bytesRead;
}

describe('the page on compression', () => {
  it('shows a server that compresses each message for itself (RFC 7692 §7.1.1)', async () => {
    const { port } = await programs.listen('server.js', 'server');
    const peer = await connect(`ws://127.0.0.1:${port}/`, OFFER);
    const extensions = Reflect.get(peer.ws, '_extensions')['permessage-deflate'].params;
    expect(extensions).toMatchObject({ server_no_context_takeover: true, client_no_context_takeover: true });
    const head = socketOf(peer).bytesRead;
    const text = '{"a":1},'.repeat(1000);
    peer.ws.send(text);
    const first = (await bytesUntil(peer, 1)) - head;
    peer.ws.send(text);
    expect((await bytesUntil(peer, 2)) - head, 'as long as the first').toBe(2 * first);
    expect(first).toBeLessThan(200);
    peer.ws.send('x'.repeat(1023));
    expect((await bytesUntil(peer, 3)) - head, 'below the threshold').toBe(2 * first + 4 + 1023);
    expect(peer.told).toEqual([text, text, 'x'.repeat(1023)]);
  });

  it('tells of the cost what the main README has measured', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rate = (row: string): number => {
      const [, figure = ''] = new RegExp(`^\\| ${row}[^|]*\\| ([\\d,]+) \\|`, 'm').exec(readme) ?? [];
      return Number(figure.replaceAll(',', ''));
    };
    const [, told] = /about (\d+) µs compressed/.exec(page.text) ?? [];
    expect(Math.abs(1e6 / rate('echo, 1 KiB JSON, compressed') / Number(told) - 1)).toBeLessThan(0.3);
    expect(1e6 / rate('echo, 1 KiB text')).toBeLessThan(1);
  });

  it('has a table of what its program prints, on any zlib about', async () => {
    const { output } = await programs.end('ratio.js');
    const rows = page.table('When it pays').map((row) => row.map((cell) => Number(cell.replaceAll(',', ''))));
    const told = rows.filter(([length = Number.NaN]) => !Number.isNaN(length));
    const printed = output
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    expect(printed).toHaveLength(3);
    for (const [row, cells] of printed.entries()) {
      for (const [column, cell] of cells.entries()) {
        const there = told[row]?.[column] ?? 0;
        expect(Math.abs(there / cell - 1), `${there} for ${cell}`).toBeLessThan(0.1);
      }
    }
  });

  it('has the memory of zlib as its formulas make it', () => {
    const [deflate = [], inflate = []] = page.table('Context takeover, and memory');
    const settings = [
      [15, 8],
      [12, 5],
      [10, 3],
    ] as const;
    for (const [index, [windowBits, memLevel]] of settings.entries()) {
      expect(deflate[index + 1]).toBe(`${(2 ** (windowBits + 2) + 2 ** (memLevel + 9)) / 1024} KiB`);
      expect(inflate[index + 1]).toBe(`${2 ** windowBits / 1024} KiB`);
    }
  });

  it('shows how to keep a secret out of the window', async () => {
    const [secret = ''] = /[0-9a-f]{16}/.exec(page.block('secret.js')) ?? [];
    const wrong = '05e7a9b3d1f6824c';
    /** How much longer the answer to the wrong guess is. */
    async function difference(changes: Record<string, string>): Promise<number> {
      const { port } = await programs.listen('secret.js', 'server', { changes });
      const lengths: number[] = [];
      for (const guess of [wrong, secret]) {
        const peer = await connect(`ws://127.0.0.1:${port}/`, OFFER);
        const before = await bytesUntil(peer, 1);
        peer.ws.send(guess);
        lengths.push((await bytesUntil(peer, 2)) - before);
        expect(peer.told).toEqual([`{"token":"${secret}"}`, `{"query":"${guess}","hits":0}`]);
        peer.ws.close();
        await once(peer.ws, 'close');
      }
      return (lengths[0] ?? 0) - (lengths[1] ?? 0);
    }
    expect(Math.abs(await difference({}))).toBeLessThanOrEqual(1);
    expect(await difference({ 'compress: false': 'compress: true' })).toBeGreaterThan(8);
  });

  it('has no block that these tests leave out', () => {
    expect(page.fences).toEqual(['js server.js', 'js ratio.js', 'js secret.js']);
  });
});
