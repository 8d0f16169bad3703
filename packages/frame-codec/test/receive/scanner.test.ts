import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, Connection, type ConnectionHandler, Endpoint } from '../../src/index.js';
import { INBOX_LENGTH } from '../../src/kernel/memory-map.js';
import { digitEvents, digits } from '../support/digits.js';
import { concat, cut, hex, pattern, toHex } from '../support/hex.js';
import { CODECS, POISONED } from '../support/kernels.js';
import { type Also, record } from '../support/recorder.js';
import { masked, wire } from '../support/wire.js';

describe.each(CODECS)('pause and resume ($name)', { timeout: 60_000 }, ({ codec }) => {
  const client = (also: Also = {}, limits = {}) =>
    record({ role: 'client', codec: codec(), ...limits }, also);

  it('holds back the rest of a chunk, until it is resumed', () => {
    const { connection, events } = client({ text: (self) => self.pause() });
    connection.receive(digits(4));
    expect(events).toEqual(digitEvents(1));
    expect(connection.isPaused).toBe(true);
    for (let count = 2; count <= 4; count++) {
      connection.resume();
      expect(events).toEqual(digitEvents(count));
    }
    connection.resume();
    expect(connection.isPaused).toBe(false);
    expect(events).toEqual(digitEvents(4));
  });

  it('holds back what comes while it is paused, behind what came before', () => {
    const { connection, events } = client();
    connection.pause();
    connection.receive(hex('81 01 30 81'));
    connection.receive(hex('01 31 89'));
    connection.receive(hex('00 81 01 32'));
    expect(events).toEqual([]);
    connection.resume();
    expect(events).toEqual(['text 0', 'text 1', 'ping ', 'text 2']);
    connection.receive(hex('81 01 33'));
    expect(events.at(-1)).toBe('text 3');
  });

  it('holds back the unfinished frame too: its head, its mask phase, its character', () => {
    const whole = concat(
      wire({ first: 0x81, payload: hex('30'), key: '01 02 03 04' }),
      wire({ first: 0x01, payload: hex('61 e2'), key: '05 06 07 08' }),
      wire({ first: 0x80, payload: hex('82 ac 62'), key: '09 0a 0b 0c' }),
    );
    for (let at = 0; at <= whole.length; at++) {
      const { connection, events } = record(
        { role: 'server', codec: codec() },
        { text: (self, text) => text === '0' && self.pause() },
      );
      for (const chunk of cut(whole, [at])) connection.receive(chunk);
      expect(events).toEqual(['text 0']);
      connection.resume();
      expect(events).toEqual(['text 0', 'text a€b']);
    }
  });

  it('goes on at once when the handler that paused resumes', () => {
    const { connection, events } = client({
      text: (self) => {
        self.pause();
        self.resume();
      },
    });
    connection.receive(digits(3));
    expect(events).toEqual(digitEvents(3));
  });

  it('hands out more than one batch of records, and more than one inbox, one message a resume', () => {
    const { connection, events } = client({ text: (self) => self.pause() });
    const count = 50_000;
    connection.receive(digits(count));
    let resumes = 0;
    while (connection.isPaused && resumes <= count) {
      connection.resume();
      resumes++;
    }
    expect(resumes).toBe(count);
    expect(events.join() === digitEvents(count).join()).toBe(true);
  });

  it('lets a violation wait for its turn', () => {
    const { connection, events } = client({ text: (self) => self.pause() });
    connection.receive(hex('81 01 30 81 01 31 83 00'));
    expect(events).toEqual(['text 0']);
    connection.resume();
    expect(events).toEqual(['text 0', 'text 1']);
    connection.resume();
    expect(events).toEqual(['text 0', 'text 1', 'error opcode-reserved 1002', 'end']);
  });

  it('says where the violation stands though the bytes before it waited', () => {
    let position: number | undefined;
    const { connection } = client({
      text: (self) => self.pause(),
      error: (_, error) => {
        position = error.position;
      },
    });
    connection.receive(digits(600));
    connection.receive(hex('81 01 30 83'));
    while (connection.isPaused) connection.resume();
    expect(position).toBe(601 * 3);
  });

  it('lets a close frame wait for its turn, behind the messages before it', () => {
    const { connection, events } = client({ text: (self) => self.pause() });
    connection.receive(hex('81 01 30 81 01 31 88 02 03 e8'));
    connection.resume();
    connection.resume();
    expect(events).toEqual(['text 0', 'text 1', 'closing 1000', 'end']);
  });

  it('keeps the order when a handler of another connection resumes it', () => {
    const paused = client({ text: (self) => self.pause() });
    const other = client({
      text: () => {
        paused.connection.resume();
        paused.connection.receive(hex('81 01 33'));
      },
    });
    paused.connection.receive(digits(3));
    other.connection.receive(hex('81 01 61'));
    expect(paused.events).toEqual(digitEvents(2));
    paused.connection.resume();
    paused.connection.resume();
    expect(paused.events).toEqual(digitEvents(4));
  });

  it('counts what it keeps, and lets it go when it has been handed out', () => {
    const { connection } = client();
    connection.pause();
    connection.receive(digits(5));
    expect(connection.retainedLength).toBeGreaterThanOrEqual(15);
    connection.resume();
    expect(connection.retainedLength).toBe(0);
  });

  describe('maxRetainedLength (§10.4)', () => {
    it('keeps as many bytes as that, and fails with 1008 at one more', () => {
      const { connection, events } = client({}, { maxRetainedLength: 30 });
      connection.pause();
      connection.receive(digits(5));
      connection.receive(digits(5));
      expect(events).toEqual([]);
      connection.receive(hex('81'));
      expect(events).toEqual(['error retained-too-much 1008', 'end']);
      expect(connection.retainedLength).toBe(0);
    });

    it('holds for the rest of the very chunk in which it was paused', () => {
      const { connection, events } = client({ text: (self) => self.pause() }, { maxRetainedLength: 30 });
      connection.receive(digits(12));
      expect(events).toEqual(['text 0', 'error retained-too-much 1008', 'end']);
    });

    it('is 64 MiB where nothing else was asked for', () => {
      expect(new Endpoint({ role: 'client' }).limits.maxRetainedLength).toBe(64 * 1024 * 1024);
    });
  });

  it('loses nothing, and hands nothing out twice, wherever it pauses and however the stream is cut (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 30 }),
        fc.array(fc.nat(1200), { maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (texts, places, pauses) => {
          let count = 0;
          const { connection, events } = record(
            { role: 'client', codec: codec() },
            { text: (self) => pauses[count++ % pauses.length] && self.pause() },
          );
          const encoder = new TextEncoder();
          const frames = texts.flatMap((text) => {
            const bytes = encoder.encode(text);
            const half = bytes.length >> 1;
            return [
              wire({ first: 0x01, payload: bytes.subarray(0, half) }),
              wire({ first: 0x80, payload: bytes.subarray(half) }),
            ];
          });
          const stream = concat(...frames);
          for (const chunk of cut(
            stream,
            places.filter((place) => place <= stream.length),
          )) {
            connection.receive(chunk);
            if (pauses[chunk.length % pauses.length]) connection.resume();
          }
          while (connection.isPaused) connection.resume();
          expect(events).toEqual(
            texts.map(
              (text) => `text ${new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoder.encode(text))}`,
            ),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** A server whose handler keeps what it must not. */
function keeper(handler: Partial<ConnectionHandler<undefined>>, codec: Codec): Connection<undefined> {
  return new Connection(
    new Endpoint({ role: 'server', codec }),
    { write: () => true, end: () => {}, ...handler },
    undefined,
  );
}

describe.each(CODECS)('borrowed payloads ($name)', ({ codec }) => {
  it('are the very bytes of the inbox: nothing is copied out', () => {
    const shared = codec();
    let buffer: ArrayBuffer | undefined;
    const connection = keeper(
      {
        binary: (_, payload) => {
          buffer = payload.buffer;
        },
      },
      shared,
    );
    connection.receive(wire({ first: 0x82, payload: pattern(200), key: '01 02 03 04' }));
    expect(buffer).toBe(shared.inbox.buffer);
  });
});

describe.each(POISONED)('borrowed payloads, poisoned ($name)', ({ codec }) => {
  it('are overwritten when the handler has returned, where the codec poisons', () => {
    const kept: Uint8Array[] = [];
    const connection = keeper(
      {
        binary: (_, payload) => kept.push(payload),
        textBytes: (_, payload) => kept.push(payload),
        ping: (_, payload) => kept.push(payload),
        pong: (_, payload) => kept.push(payload),
      },
      codec(),
    );
    const key = '01 02 03 04';
    const part = masked(key, hex('61 62 63'));
    for (const first of [0x81, 0x82, 0x89, 0x8a])
      connection.receive(concat(Uint8Array.of(first), hex(`83 ${key}`), part));
    connection.receive(concat(hex(`02 83 ${key}`), part, hex(`80 83 ${key}`), part));
    connection.receive(concat(hex(`01 83 ${key}`), part, hex(`80 83 ${key}`), part));
    expect(kept.map((payload) => toHex(payload))).toEqual([
      ...['dd dd dd', 'dd dd dd', 'dd dd dd', 'dd dd dd'],
      ...['dd dd dd dd dd dd', 'dd dd dd dd dd dd'],
    ]);
  });
});

describe.each(CODECS)('receiveInbox ($name)', ({ codec }) => {
  it('decodes what was read into the inbox, over many reads and connections in turn', () => {
    const shared = codec();
    const one = record({ role: 'client', codec: shared });
    const other = record({ role: 'client', codec: shared });
    const steps: [typeof one, string][] = [
      [one, '81 02 61'],
      [other, '82'],
      [one, '62 81'],
      [other, '01 07'],
      [one, '00'],
    ];
    for (const [{ connection }, bytes] of steps) {
      const chunk = hex(bytes);
      shared.inbox.set(chunk);
      connection.receiveInbox(chunk.length);
    }
    expect(one.events).toEqual(['text ab', 'text ']);
    expect(other.events).toEqual(['binary 07']);
  });

  it('keeps what it decodes for a paused connection', () => {
    const shared = codec();
    const { connection, events } = record({ role: 'client', codec: shared });
    connection.pause();
    shared.inbox.set(digits(2));
    connection.receiveInbox(6);
    shared.inbox.fill(0);
    connection.resume();
    expect(events).toEqual(digitEvents(2));
  });

  it('refuses a length that no inbox has', () => {
    const { connection } = record({ role: 'client', codec: codec() });
    for (const length of [-1, INBOX_LENGTH + 1, 1.5, Number.NaN]) {
      expect(() => connection.receiveInbox(length), `${length}`).toThrow(RangeError);
    }
  });
});

describe('receive', () => {
  it('refuses what is no Uint8Array', () => {
    const { connection } = record({ role: 'client' });
    for (const chunk of ['81 00', undefined, null, [0x81, 0], new ArrayBuffer(2), new Uint16Array(1)]) {
      // @ts-expect-error: the caller is wrong
      expect(() => connection.receive(chunk)).toThrow(TypeError);
    }
  });
});
