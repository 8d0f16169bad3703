import { Codec } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { listen, maskedFrame, RawPeer } from '../loopback.js';

const MIB = 1048576;

const BINARY = Buffer.from(Uint8Array.from({ length: MIB }, (_, i) => (i * 7 + (i >> 8)) & 255));
const TEXT = Buffer.from(`${'zß水🜁'.repeat(MIB / 10)}......`.slice(0, MIB)).subarray(0, MIB - (MIB % 10));

/** Cuts of a fixed pseudorandom sequence, from 1 byte to 64 KiB. */
function randomSizes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return 1 + ((state >>> 8) % (1 << (1 + (state >>> 28))));
  };
}

/** Writes bytes in pieces of these sizes, each in a packet of its own as far as the system allows. */
async function writeSplit(peer: RawPeer, bytes: Buffer, size: () => number): Promise<void> {
  peer.socket.setNoDelay(true);
  let writes = 0;
  for (let at = 0; at < bytes.length; ) {
    const next = at + size();
    peer.socket.write(bytes.subarray(at, next));
    at = next;
    if (++writes % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(['wasm', 'script'] as const)('the %s kernel', (kernel) => {
  const codec = new Codec({ kernel, poison: true });

  it.each([
    ['1 byte for the first 2000', () => ({ text: false, size: firstBytes(2000, 1) })],
    ['3 bytes for the first 6000', () => ({ text: true, size: firstBytes(2000, 3) })],
    ['125 bytes', () => ({ text: true, size: () => 125 })],
    ['4093 bytes', () => ({ text: false, size: () => 4093 })],
    ['65536 bytes', () => ({ text: true, size: () => 65536 })],
    ['65537 bytes', () => ({ text: false, size: () => 65537 })],
    ['random pieces of seed 1', () => ({ text: true, size: randomSizes(1) })],
    ['random pieces of seed 2', () => ({ text: false, size: randomSizes(2) })],
    ['one piece', () => ({ text: true, size: () => 2 * MIB })],
  ])('takes and gives 1 MiB split into %s', async (_name, make) => {
    const { text, size } = make();
    const { server, port } = await listen({ codec });
    server.on('connection', (websocket) =>
      websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary })),
    );
    const peer = await RawPeer.open(port);
    const payload = text ? TEXT : BINARY;
    await writeSplit(peer, maskedFrame(text ? 0x81 : 0x82, payload), size);
    const length = payload.length.toString(16).padStart(16, '0');
    const expected = Buffer.concat([Buffer.from(`${text ? '81' : '82'}7f${length}`, 'hex'), payload]);
    await peer.until(() => peer.received.length >= expected.length);
    expect(peer.received.equals(expected)).toBe(true);
  });

  it('takes the same in fragments of growing size, with pings between them (§5.4)', async () => {
    const { server, port } = await listen({ codec });
    const messages: Buffer[] = [];
    server.on('connection', (websocket) => websocket.on('message', (data) => messages.push(data as Buffer)));
    const peer = await RawPeer.open(port);
    const frames: Buffer[] = [];
    let pings = 0;
    for (let at = 0, size = 1; at < TEXT.length; at += size - 1, size = Math.ceil(size * 1.5)) {
      const first = (at + size >= TEXT.length ? 0x80 : 0) | (at === 0 ? 0x01 : 0x00);
      frames.push(maskedFrame(first, TEXT.subarray(at, at + size)), maskedFrame(0x89, Buffer.from('!')));
      pings++;
      at++;
    }
    await writeSplit(peer, Buffer.concat(frames), randomSizes(3));
    expect(await peer.bytes(3 * pings)).toBe('8a0121'.repeat(pings));
    expect(messages).toHaveLength(1);
    expect(messages[0]?.equals(TEXT)).toBe(true);
  });
});

/** `count` pieces of one size, and then all the rest in one. */
function firstBytes(count: number, size: number): () => number {
  let left = count;
  return () => (left-- > 0 ? size : 2 * MIB);
}
