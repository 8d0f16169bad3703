import { describe, expect, it } from 'vitest';
import { type Borrowed, Codec, Connection, Endpoint, sharedCodec } from '../../src/index.js';
import { INBOX_LENGTH } from '../../src/kernel/memory-map.js';
import { hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { record } from '../support/recorder.js';

describe('Codec', () => {
  it('runs the kernel that it was asked for', () => {
    expect(new Codec({ kernel: 'wasm' }).kind).toBe('wasm');
    expect(new Codec({ kernel: 'script' }).kind).toBe('script');
  });

  it('runs WebAssembly where nothing else was asked for, as every runtime of these tests can', () => {
    expect(new Codec().kind).toBe('wasm');
  });

  it('is one for all who name none', () => {
    expect(sharedCodec()).toBe(sharedCodec());
    expect(new Endpoint({ role: 'client' }).codec).toBe(sharedCodec());
    const own = new Codec();
    expect(new Endpoint({ role: 'client', codec: own }).codec).toBe(own);
  });

  it('does not poison where nothing was said', () => {
    expect(new Codec().poison).toBe(false);
    expect(new Codec({ poison: true }).poison).toBe(true);
  });
});

describe.each(CODECS)('Codec ($name)', { timeout: 60_000 }, ({ codec }) => {
  it('lends one inbox to all transports of a thread', () => {
    const shared = codec();
    expect(shared.inbox).toHaveLength(INBOX_LENGTH);
    expect(shared.inbox.buffer).toBe(shared.inbox.buffer);
    expect(codec().inbox.buffer).not.toBe(shared.inbox.buffer);
  });

  it('serves ten thousand connections whose messages are all cut, in turn', () => {
    const shared = codec();
    const texts: string[] = [];
    const endpoint = new Endpoint({ role: 'server', codec: shared });
    const handler = {
      write: () => true,
      end: () => {},
      text: ({ context }: { context: number }, text: string) => texts.push(`${context} ${text}`),
    };
    const connections = Array.from(
      { length: 10_000 },
      (_, index) => new Connection<number>(endpoint, handler, index),
    );
    for (const chunk of ['01', '82 37 fa 21', '3d 7f', '9f 80 83 00 00 00', '00 6c 6c', '6f']) {
      for (const connection of connections) connection.receive(hex(chunk));
    }
    expect(texts).toEqual(connections.map((_, index) => `${index} Hello`));
  });

  it('has as many kernels as connections are fed within each other, and is whole again afterwards', () => {
    const shared = codec();
    let depth = 0;
    const chain = (): void => {
      const { connection, events } = record(
        { role: 'client', codec: shared },
        {
          text: () => {
            if (++depth < 20) chain();
          },
        },
      );
      connection.receive(hex('81 01 61 82 02 01 02'));
      expect(events).toEqual(['text a', 'binary 01 02']);
    };
    chain();
    expect(depth).toBe(20);
    depth = 19;
    chain();
  });

  it('has who is fed deeper than there are kernels wait for a turn, and loses nothing of it', () => {
    const shared = codec();
    const turns: (() => void)[] = [];
    const texts: string[] = [];
    const depth = 70;
    const chain = (at: number): void => {
      const { connection } = record(
        { role: 'client', codec: shared },
        {
          text: (_, text) => {
            texts.push(`${at} ${text}`);
            if (text === 'a' && at < depth) chain(at + 1);
          },
          yield: (self) => void turns.push(() => self.proceed()),
        },
      );
      connection.receive(hex('81 01 61 81'));
      connection.receive(hex('01 62'));
    };
    chain(1);
    expect(turns.length).toBe(1);
    while (turns.length > 0) turns.shift()?.();
    const expected = Array.from({ length: depth }, (_, at) => [`${at + 1} a`, `${at + 1} b`]);
    expect(new Set(texts)).toEqual(new Set(expected.flat()));
    expect(texts.length).toBe(2 * depth);
  });

  it('owns a borrowed payload by a copy where it is a small part of its memory', () => {
    const shared = codec();
    const owned: Uint8Array[] = [];
    const { connection } = record(
      { role: 'client', codec: shared },
      {
        binary: (_, payload) =>
          owned.push(shared.own(payload), shared.own(payload.subarray(1, 3) as Borrowed)),
      },
    );
    connection.receive(hex('02 02 01 02 80 03 03 04 05 82 03 06 07 08'));
    connection.receive(hex('02 05 09 09 09 09 09 80 00'));
    expect(owned.slice(0, 4).map(toHex)).toEqual(['01 02 03 04 05', '02 03', '06 07 08', '07 08']);
    for (const part of [owned[1], owned[3]]) expect(part?.buffer.byteLength).toBe(2);
  });

  it('keeps what a connection gathers apart from what another one does', () => {
    const shared = codec();
    const one = record({ role: 'server', codec: shared });
    const other = record({ role: 'server', codec: shared });
    one.connection.cork();
    other.connection.cork();
    one.connection.sendText('a');
    other.connection.sendText('b');
    one.connection.sendText('c');
    one.connection.uncork();
    other.connection.uncork();
    expect(toHex(one.wire())).toBe('81 01 61 81 01 63');
    expect(toHex(other.wire())).toBe('81 01 62');
  });
});
