import { describe, expect, it } from 'vitest';
import { Connection, Endpoint } from '../src/index.js';
import { INBOX_LENGTH } from '../src/kernel/memory-map.js';
import { digitEvents, digits } from './support/digits.js';
import { concat, hex, pattern, toHex } from './support/hex.js';
import { CODECS } from './support/kernels.js';
import { record } from './support/recorder.js';

describe.each(CODECS)('handlers that throw ($name)', { timeout: 60_000 }, ({ codec }) => {
  it('what a handler throws comes out of receive; what it has not seen is handed out by the next call', () => {
    let count = 0;
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        text: () => {
          if (count++ === 1) throw new Error('mine');
        },
      },
    );
    expect(() => connection.receive(digits(4))).toThrow('mine');
    expect(events).toEqual(digitEvents(2));
    connection.receive(hex(''));
    expect(events).toEqual(digitEvents(4));
  });

  it('loses nothing, whichever handler throws: within a batch of records, at its end, at the end of an inbox', () => {
    const count = 50_000;
    // The message that the end of the first inbox cuts.
    const edge = Math.floor(INBOX_LENGTH / 3);
    const stream = digits(count);
    const expected = digitEvents(count).join();
    for (const culprit of [0, 510, 511, 512, 1023, edge - 1, edge, edge + 1, count - 1]) {
      let seen = 0;
      const { connection, events } = record(
        { role: 'client', codec: codec() },
        {
          text: () => {
            if (seen++ === culprit) throw new Error('mine');
          },
        },
      );
      expect(() => connection.receive(stream)).toThrow('mine');
      connection.receive(hex(''));
      expect(events.length, `after ${culprit}`).toBe(count);
      expect(events.join() === expected, `after ${culprit}`).toBe(true);
    }
  });

  it('still fails the connection when the handler of the message before the violation throws', () => {
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        text: () => {
          throw new Error('mine');
        },
      },
    );
    expect(() => connection.receive(hex('81 01 30 83 00'))).toThrow('mine');
    connection.receive(hex(''));
    expect(events).toEqual(['text 0', 'error opcode-reserved 1002', 'end']);
  });

  it('goes on in the right place when the message before an unfinished head throws', () => {
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        text: (_, text) => {
          if (text === '0') throw new Error('mine');
        },
      },
    );
    expect(() => connection.receive(hex('81 01 30 81'))).toThrow('mine');
    connection.receive(hex('01 31'));
    expect(events).toEqual(digitEvents(2));
  });

  it('says the right position after a handler threw', () => {
    let position: number | undefined;
    const { connection } = record(
      { role: 'client', codec: codec() },
      {
        text: (_, text) => {
          if (text === '0') throw new Error('mine');
        },
        error: (_, error) => {
          position = error.position;
        },
      },
    );
    expect(() => connection.receive(hex('81 01 30'))).toThrow('mine');
    connection.receive(hex('81 01 31 83'));
    expect(position).toBe(6);
  });

  it('can be resumed after a handler threw while it was handed what had waited', () => {
    let angry = true;
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        text: () => {
          if (angry) throw new Error('mine');
        },
      },
    );
    connection.pause();
    connection.receive(digits(3));
    expect(() => connection.resume()).toThrow('mine');
    angry = false;
    connection.resume();
    expect(events).toEqual(digitEvents(3));
  });

  it.each([
    ['error', '83 00'],
    ['closing', '88 02 03 e8'],
  ] as const)('ends the connection though its %s handler throws (§7.1.7)', (name, bytes) => {
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        [name]: () => {
          throw new Error('mine');
        },
      },
    );
    expect(() => connection.receive(hex(bytes))).toThrow('mine');
    expect(events.at(-1)).toBe('end');
  });
});

describe.each(CODECS)('connections within handlers of others ($name)', ({ codec }) => {
  it('decodes a second and a third connection from inside a handler, and goes on with the first', () => {
    const shared = codec();
    const third = record({ role: 'client', codec: shared });
    const second = record(
      { role: 'client', codec: shared },
      { text: () => third.connection.receive(digits(3)) },
    );
    const first = record(
      { role: 'client', codec: shared },
      { text: () => second.connection.receive(digits(2)) },
    );
    first.connection.receive(digits(3));
    expect(first.events).toEqual(digitEvents(3));
    expect(second.events).toEqual([0, 1, 0, 1, 0, 1].map((digit) => `text ${digit}`));
    expect(third.events).toHaveLength(18);
  });

  it('leaves a borrowed payload as it is while others are fed', () => {
    const shared = codec();
    const other = record({ role: 'client', codec: shared });
    let seen = '';
    const connection = new Connection(
      new Endpoint({ role: 'client', codec: shared }),
      {
        write: () => true,
        end: () => {},
        binary: (_, payload) => {
          other.connection.receive(concat(hex('82 7e 01 00'), pattern(256)));
          seen += toHex(payload);
        },
      },
      undefined,
    );
    connection.receive(hex('82 02 01 02 82 01 03'));
    expect(seen).toBe('01 0203');
    expect(other.events).toHaveLength(2);
  });

  it('goes on after a handler of an inner connection threw', () => {
    const shared = codec();
    const inner = record(
      { role: 'client', codec: shared },
      {
        text: () => {
          throw new Error('inner');
        },
      },
    );
    const outer = record(
      { role: 'client', codec: shared },
      { text: () => inner.connection.receive(digits(1)) },
    );
    expect(() => outer.connection.receive(digits(2))).toThrow('inner');
    expect(() => outer.connection.receive(hex(''))).toThrow('inner');
    expect(outer.events).toEqual(digitEvents(2));
    const next = record({ role: 'client', codec: shared });
    next.connection.receive(digits(3));
    expect(next.events).toEqual(digitEvents(3));
  });

  it('throws when a connection is fed from inside its own handler, and goes on unharmed', () => {
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      { text: (self) => expect(() => self.receive(digits(1))).toThrow(/inside its own handler/) },
    );
    connection.receive(digits(2));
    connection.pause();
    connection.receive(digits(2));
    connection.resume();
    expect(events).toEqual([...digitEvents(2), ...digitEvents(2)]);
  });

  it('throws so too when what is handed out had waited', () => {
    let count = 0;
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        text: (self) => {
          if (count++ === 0) self.pause();
          else expect(() => self.receive(digits(1))).toThrow(/inside its own handler/);
        },
      },
    );
    connection.receive(digits(3));
    connection.resume();
    expect(events).toEqual(digitEvents(3));
  });
});
