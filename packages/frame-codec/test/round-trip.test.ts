import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, hex, pattern, toHex } from './support/hex.js';
import { CODECS } from './support/kernels.js';
import { record } from './support/recorder.js';
import { masked } from './support/wire.js';

describe.each(CODECS)('round trips ($name)', { timeout: 60_000 }, ({ codec }) => {
  /** Two connections that write to each other. */
  function pair(): {
    client: ReturnType<typeof record>;
    server: ReturnType<typeof record>;
    exchange(): void;
  } {
    const shared = codec();
    const client = record({ role: 'client', codec: shared });
    const server = record({ role: 'server', codec: shared });
    let [toServer, toClient] = [0, 0];
    const exchange = (): void => {
      while (toServer < client.writes.length || toClient < server.writes.length) {
        const up = client.writes[toServer];
        if (up !== undefined) {
          toServer++;
          server.connection.receive(up);
        }
        const down = server.writes[toClient];
        if (down !== undefined) {
          toClient++;
          client.connection.receive(down);
        }
      }
    };
    return { client, server, exchange };
  }

  it.each([
    ['1 byte', 'a'],
    ['2 bytes', 'é'],
    ['3 bytes', '€'],
    ['4 bytes', '😀'],
    ['mixed sizes', 'aé€😀'],
  ])(
    'brings over text of every length from 0 to 400, and around each length field, of characters of %s',
    (_, sample) => {
      const { client, server, exchange } = pair();
      const characters = [...sample];
      const text = (count: number): string => {
        const rest = characters.slice(0, count % characters.length).join('');
        return sample.repeat(Math.floor(count / characters.length)) + rest;
      };
      const counts = Array.from({ length: 401 }, (_, count) => count);
      for (const bound of [1361, 16_384, 21_845, 65_535]) {
        for (let by = -2; by <= 2; by++) counts.push(bound + by);
      }
      for (const count of counts) {
        const sent = text(count);
        expect(client.connection.sendText(sent)).toBe(true);
        expect(server.connection.sendText(sent)).toBe(true);
        exchange();
        if (client.events.pop() !== `text ${sent}` || server.events.pop() !== `text ${sent}`) {
          expect.unreachable(`${count} characters`);
        }
      }
      expect(client.events).toEqual([]);
      expect(server.events).toEqual([]);
    },
  );

  it('brings over binary messages of every length from 0 to 300, and around each length field', () => {
    const { client, server, exchange } = pair();
    const bounds = [4082, 32_768, 65_535, 65_536].flatMap((bound) => [-1, 0, 1].map((by) => bound + by));
    for (const length of [...Array.from({ length: 301 }, (_, count) => count), ...bounds]) {
      const sent = pattern(length, 7);
      client.connection.sendBinary(sent);
      server.connection.sendBinary(sent);
      exchange();
      const expected = `binary ${toHex(sent)}`;
      if (client.events.pop() !== expected || server.events.pop() !== expected)
        expect.unreachable(`${length} bytes`);
    }
  });

  it('replaces lone surrogates by U+FFFD, in short and long texts (§8.1)', () => {
    const { client, server, exchange } = pair();
    const cases: [string, string][] = [
      ['\ud800', '\ufffd'],
      ['\udc00', '\ufffd'],
      ['a\ud83d', 'a\ufffd'],
      ['\ude00\ud83d', '\ufffd\ufffd'],
      ['\ud83dx\ude00', '\ufffdx\ufffd'],
      ['\ud83d\ud83d\ude00', '\ufffd😀'],
    ];
    for (const [sent, expected] of cases) {
      for (const padding of ['', 'x'.repeat(30), 'é'.repeat(70), '€'.repeat(400), 'x'.repeat(70_000)]) {
        client.connection.sendText(padding + sent);
        server.connection.sendText(sent + padding);
        exchange();
        expect(server.events.pop() === `text ${padding}${expected}`, `${sent} behind ${padding.length}`).toBe(
          true,
        );
        expect(client.events.pop() === `text ${expected}${padding}`, `${sent} before ${padding.length}`).toBe(
          true,
        );
      }
    }
    expect(server.connection.isOpen).toBe(true);
  });

  it('brings over whatever is sent, in order, and closes cleanly (property)', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('text' as const), text: fc.string({ unit: 'binary', maxLength: 150 }) }),
      fc.record({ kind: fc.constant('binary' as const), bytes: fc.uint8Array({ maxLength: 150 }) }),
      fc.record({
        kind: fc.constantFrom('ping' as const, 'pong' as const),
        bytes: fc.uint8Array({ maxLength: 125 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 12 }), fc.boolean(), (actions, fromClient) => {
        const { client, server, exchange } = pair();
        const [from, to] = fromClient ? [client, server] : [server, client];
        const expected = actions.map((sent) => {
          if (sent.kind === 'text') {
            from.connection.sendText(sent.text);
            return `text ${sent.text}`;
          }
          const bytes = Uint8Array.from(sent.bytes);
          if (sent.kind === 'binary') from.connection.sendBinary(bytes);
          else from.connection[sent.kind](bytes);
          return `${sent.kind} ${toHex(bytes)}`;
        });
        exchange();
        expect(to.events).toEqual(expected);
        const pongs = actions.flatMap((sent) => (sent.kind === 'ping' ? [`pong ${toHex(sent.bytes)}`] : []));
        expect(from.events).toEqual(pongs);
        from.connection.close(3000, 'bye');
        exchange();
        for (const side of [from, to]) {
          side.connection.receiveEnd();
          expect(side.events.slice(-3)).toEqual(['closing 3000 bye', 'end', 'close 3000 bye clean']);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('reads what another implementation would have masked with each key', () => {
    const { server } = pair();
    for (const key of ['00 00 00 00', 'ff ff ff ff', '80 00 00 00', '00 00 00 80', '01 02 03 04']) {
      server.connection.receive(concat(hex(`82 83 ${key}`), masked(key, hex('01 02 03'))));
    }
    expect(server.events).toEqual(Array.from({ length: 5 }, () => 'binary 01 02 03'));
  });
});
