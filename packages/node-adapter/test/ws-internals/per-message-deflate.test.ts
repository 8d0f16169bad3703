import { describe, expect, it } from 'vitest';
import { extension, PerMessageDeflate } from '../../src/index.js';

describe('PerMessageDeflate', () => {
  it('offers, agrees, compresses and decompresses', async () => {
    const client = new PerMessageDeflate({ clientMaxWindowBits: 10, threshold: 0 });
    const server = new PerMessageDeflate({ isServer: true, serverNoContextTakeover: true });
    expect(PerMessageDeflate.extensionName).toBe('permessage-deflate');
    const header = extension.format({ 'permessage-deflate': client.offer() });
    expect(header).toBe('permessage-deflate; client_max_window_bits=10');
    const agreed = server.accept(extension.parse(header)['permessage-deflate'] ?? []);
    expect(agreed).toMatchObject({ server_no_context_takeover: true });
    client.accept(
      extension.parse(extension.format({ 'permessage-deflate': agreed }))['permessage-deflate'] ?? [],
    );
    const compressed = await new Promise<Buffer>((resolve) =>
      client.compress('Hello, Hello', true, (_error, data) => resolve(data ?? Buffer.alloc(0))),
    );
    const plain = await new Promise((resolve) =>
      server.decompress(compressed, true, (_error, data) => resolve(data)),
    );
    expect(String(plain)).toBe('Hello, Hello');
    client.cleanup();
    server.cleanup();
  });

  it('refuses what it cannot agree on', () => {
    const server = new PerMessageDeflate({ isServer: true, serverMaxWindowBits: false });
    expect(() => server.accept([{ server_max_window_bits: ['10'] }])).toThrow('None of the extension offers');
  });
});
