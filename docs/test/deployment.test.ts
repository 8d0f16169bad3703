import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect, openPage, refusal } from './pages.js';

const { page, programs } = openPage('deployment.md');

/** A number that a block sets, underscores and products as in script. */
function setting(block: string, pattern: RegExp): number {
  const [, text = ''] = pattern.exec(page.block(block)) ?? [];
  return text
    .replaceAll('_', '')
    .split(' * ')
    .reduce((product, factor) => product * Number(factor), 1);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe('the page on deployment', () => {
  it('shows a server that closes its clients and ends at SIGTERM (§7.4.1)', async () => {
    const { port, child, output } = await programs.listen('server.js', 'http');
    const { ws, told, closed } = await connect(`ws://127.0.0.1:${port}/ws`);
    ws.send('hello');
    await expect.poll(() => told).toEqual(['hello']);
    expect(output()).toContain('hello, 127.0.0.1\n');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('up');
    expect(await refusal(`ws://127.0.0.1:${port}/other`)).toBe(400);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    expect(await ended).toEqual([0, null]);
  });

  it('shows a server that does not wait for ever for clients that do not answer', async () => {
    const { port, child } = await programs.listen('server.js', 'http', {
      changes: { 'timeout: 5_000': 'timeout: 100' },
    });
    const { ws } = await connect(`ws://127.0.0.1:${port}/ws`);
    ws.pause();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('shows processes that share a port, and tell each other', async () => {
    const port = await freePort();
    const changes = { '8080': String(port), 'availableParallelism()': '2' };
    const { child, output } = programs.start('cluster.js', { changes });
    const url = `ws://127.0.0.1:${port}/`;
    const reach = () => connect(url).catch(() => undefined);
    await expect.poll(async () => (await reach()) !== undefined).toBe(true);
    // They are given out in turns, as soon as both are up.
    const processes = new Set<string | undefined>();
    const peers = [await connect(url)];
    await expect
      .poll(async () => {
        const peer = await connect(url);
        peers.push(peer);
        await expect.poll(() => peer.told.length).toBe(1);
        return processes.add(peer.told[0]).size;
      })
      .toBe(2);
    peers[0]?.ws.send('to all');
    for (const { told } of peers) await expect.poll(() => told.at(-1)).toBe('to all');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    for (const { closed } of peers) expect((await closed)[0]).toBe(1001);
    expect(await ended, output()).toEqual([0, null]);
  });

  it('pings more often than twice in the time that the proxies wait', () => {
    const pings = setting('server.js', /pingInterval: ([\d_]+)/) / 1000;
    for (const [block, pattern] of [
      ['nginx.conf', /proxy_read_timeout (\d+)s/],
      ['haproxy.cfg', /timeout tunnel (\d+)s/],
    ] as const) {
      expect(pings * 2, block).toBeLessThan(setting(block, pattern));
    }
  });

  it('has the unit wait longer than the program, and leave it more memory than the connections may hold', () => {
    const stop = setting('app.service', /^TimeoutStopSec=(\d+)$/m) * 1000;
    expect(stop).toBeGreaterThan(setting('server.js', /timeout: ([\d_]+)/));
    const most = setting('app.service', /^MemoryMax=(\d+)G$/m) * 1024 ** 3;
    expect(most / 2).toBeGreaterThan(setting('server.js', /maxTotalMemory: ([\d_* ]+)/));
    expect(setting('app.service', /^LimitNOFILE=(\d+)$/m)).toBeGreaterThan(
      setting('server.js', /maxConnections: ([\d_]+)/),
    );
  });

  it('says of each block that no test runs that none does', () => {
    const unrun = page.fences.filter((fence) => /^(haproxy|caddy) /.test(fence));
    expect(unrun).toHaveLength(2);
    for (const fence of unrun) {
      expect(page.text).toMatch(
        new RegExp(`^No test of this repository runs this one.*\n\n\`\`\`${fence}$`, 'm'),
      );
    }
    // The system test runs that of nginx.
    expect(page.fences).toEqual([
      'js server.js',
      'nginx nginx.conf',
      'haproxy haproxy.cfg',
      'caddy Caddyfile',
      'js cluster.js',
      'ini app.service',
    ]);
  });
});
