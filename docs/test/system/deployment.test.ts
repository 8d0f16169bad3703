import { once } from 'node:events';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../packages/node-adapter/test/certificate.js';
import type { Listening } from '../../../test/code-blocks.js';
import { startNginx } from '../../../test/nginx.js';
import { connect, openPage, refusal } from '../pages.js';

const { page, programs } = openPage('deployment.md');
const { key, cert: ca } = selfSigned();
const KEY = programs.write('example.key', key);
const CERTIFICATE = programs.write('example.pem', ca);

/** The program of the page, and its nginx in front of it; `also` changes the configuration. */
async function deploy(
  program: Record<string, string> = {},
  also: Record<string, string> = {},
): Promise<{ app: Listening; url: string; host: string }> {
  const app = await programs.listen('server.js', 'http', { changes: program });
  const nginx = await startNginx((port) =>
    page
      .block('nginx.conf', {
        'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
        '/etc/ssl/example.org.pem': CERTIFICATE,
        '/etc/ssl/example.org.key': KEY,
        ...also,
      })
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${app.port}`),
  );
  onTestFinished(() => nginx.stop());
  const host = `127.0.0.1:${nginx.port}`;
  return { app, url: `wss://${host}/ws`, host };
}

describe('the nginx of the page on deployment', () => {
  it('passes on upgrades, pages, the address of the client and the host', async () => {
    const origin = `origin: (await import('@x/handshake')).originPolicy({ sameOrigin: true }),`;
    const { app, url, host } = await deploy({ "path: '/ws',": `path: '/ws', ${origin}` });
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    const { ws, told } = await connect(url, { ca, headers, origin: `https://${host}` });
    ws.send('hello');
    await expect.poll(() => told).toEqual(['hello']);
    expect(app.output()).toContain('hello, 127.0.0.1\n');
    expect(await refusal(url, { ca, origin: 'https://127.0.0.1' }), 'another port').toBe(403);
    const [response] = await once(get(`https://${host}/`, { ca, agent: false }), 'response');
    expect(await text(response)).toBe('up');
  });

  it('needs proxy_http_version 1.1, and is told so (§4.1)', async () => {
    const { url } = await deploy({}, { 'proxy_http_version 1.1': 'proxy_http_version 1.0' });
    expect(await refusal(url, { ca })).toBe(400);
  });

  it('needs the fields of an upgrade', async () => {
    const { url } = await deploy({}, { 'proxy_set_header Upgrade $http_upgrade;': '' });
    expect(await refusal(url, { ca })).toBe(200);
  });

  it('cuts a silent connection off, but not one that is pinged (§5.5.2)', async () => {
    const hasty = { 'proxy_read_timeout 60s': 'proxy_read_timeout 1s' };
    const [silent, pinged] = [
      await deploy({ '25_000': '0' }, hasty),
      await deploy({ '25_000': '300' }, hasty),
    ];
    const [cut, kept] = [await connect(silent.url, { ca }), await connect(pinged.url, { ca })];
    let pings = 0;
    kept.ws.on('ping', () => pings++);
    expect(await cut.closed).toEqual([1006, '']);
    await expect.poll(() => pings).toBeGreaterThan(3);
    expect(kept.ws.readyState).toBe(kept.ws.OPEN);
  });

  it('passes on that the program shuts down (§7.4.1)', async () => {
    const { app, url } = await deploy();
    const { closed } = await connect(url, { ca });
    const ended = once(app.child, 'exit');
    app.child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    expect(await ended).toEqual([0, null]);
    expect(await refusal(url, { ca })).toBe(502);
  });
});
