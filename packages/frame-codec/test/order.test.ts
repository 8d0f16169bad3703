import { describe, expect, it } from 'vitest';
import {
  Connection,
  type ConnectionHandler,
  Endpoint,
  type Extension,
  PreparedMessage,
  ProtocolError,
  type Role,
} from '../src/index.js';
import { deflateOf } from './support/deflate.js';
import { concat, hex, pattern, toHex } from './support/hex.js';
import { CODECS } from './support/kernels.js';
import { PakoEngine } from './support/pako-engine.js';
import { type Recorded, record } from './support/recorder.js';
import { type ReadFrame, readWire, wire } from './support/wire.js';

/*
 * One order out: what was accepted reaches the wire in the order in which it was, or not at all (§5.4, §5.5.1).
 */

/** A payload in hex, or its length. */
function short(payload: Uint8Array): string {
  return payload.length <= 40 ? toHex(payload) : `${payload.length} bytes`;
}

function lines(frames: readonly ReadFrame[]): string[] {
  return frames.map(({ first, payload }) =>
    `${first.toString(16).padStart(2, '0')} ${short(payload)}`.trimEnd(),
  );
}

const told = (recorded: Recorded): string[] => lines(recorded.frames());
const KEY = { client: undefined, server: '00 00 00 00' } as const;
/** Frames as the peer of a role sends them. */
const fromPeer = (role: Role, first: number, payload = ''): Uint8Array<ArrayBuffer> =>
  wire({ first, payload: hex(payload), key: KEY[role] });

const ROLES = ['client', 'server'] as const;

describe.each(CODECS)('the order out ($name)', ({ codec }) => {
  describe.each(ROLES)('of a %s', (role) => {
    const open = (also = {}, extensions: readonly Extension[] = []): Recorded =>
      record({ role, codec: codec() }, also, extensions);

    it('holds whole messages back until a message in parts has ended (§5.4)', () => {
      const recorded = open();
      const { connection } = recorded;
      const message = connection.startMessage('text');
      message.write('a');
      expect(connection.sendText('b')).toBe(true);
      expect(connection.sendBinary(hex('01'))).toBe(true);
      expect(connection.sendTextBytes(hex('63'))).toBe(true);
      message.write('d');
      expect(told(recorded)).toEqual(['01 61', '00 64']);
      message.end('e');
      expect(told(recorded)).toEqual(['01 61', '00 64', '80 65', '81 62', '82 01', '81 63']);
      connection.sendText('f');
      expect(told(recorded).at(-1)).toBe('81 66');
    });

    it('holds them back behind a message that has begun and sent nothing yet', () => {
      const recorded = open();
      const message = recorded.connection.startMessage('binary');
      expect(recorded.connection.sendText('b')).toBe(true);
      expect(recorded.writes).toEqual([]);
      message.end(hex('01'));
      expect(told(recorded)).toEqual(['82 01', '81 62']);
    });

    it('lets no second message in parts begin before the first has ended', () => {
      const { connection } = open();
      const message = connection.startMessage('text');
      expect(() => connection.startMessage('text')).toThrow(TypeError);
      message.write('a');
      expect(() => connection.startMessage('binary')).toThrow(TypeError);
      message.end();
      expect(() => connection.startMessage('binary').end()).not.toThrow();
    });

    it('takes what it holds back as it was then, however its memory is used meanwhile', () => {
      const recorded = open();
      const bytes = hex('01 02 03');
      const message = recorded.connection.startMessage('binary');
      recorded.connection.sendBinary(bytes);
      bytes.fill(0xff);
      message.end();
      expect(told(recorded)).toEqual(['82', '82 01 02 03']);
    });

    it('lets pings and pongs pass between fragments where nothing waits, and keeps them in place else (§5.4)', () => {
      const recorded = open();
      const { connection } = recorded;
      const message = connection.startMessage('text');
      message.write('a');
      connection.ping(hex('01'));
      message.write('b');
      connection.pong(hex('02'));
      connection.sendText('c');
      connection.ping(hex('03'));
      message.end('d');
      expect(told(recorded)).toEqual(['01 61', '89 01', '00 62', '8a 02', '80 64', '81 63', '89 03']);
    });

    it('answers the pings of its peer between fragments (§5.5.2)', () => {
      const recorded = open();
      const message = recorded.connection.startMessage('text');
      message.write('a');
      recorded.connection.receive(fromPeer(role, 0x89, '01'));
      message.end('b');
      expect(told(recorded)).toEqual(['01 61', '8a 01', '80 62']);
    });

    it('closes right behind the fragments of a message that can never end', () => {
      const recorded = open();
      const { connection } = recorded;
      const message = connection.startMessage('text');
      message.write('a');
      connection.sendText('waits');
      connection.close(1000);
      expect(told(recorded)).toEqual(['01 61', '88 03 e8']);
      expect(message.write('b')).toBe(false);
      expect(message.end('c')).toBe(false);
      expect(connection.sendText('d')).toBe(false);
      expect(told(recorded)).toEqual(['01 61', '88 03 e8']);
    });

    it('answers a close frame right behind them as well', () => {
      const recorded = open();
      const { connection } = recorded;
      const message = connection.startMessage('text');
      message.write('a');
      connection.sendText('waits');
      connection.receive(fromPeer(role, 0x88, '03 e9'));
      expect(told(recorded)).toEqual(['01 61', '88 03 e9']);
      expect(message.end('b')).toBe(false);
      connection.receiveEnd();
      expect(recorded.events).toEqual(['closing 1001', 'end', 'close 1001 clean']);
    });

    it('fails right behind them, and sends nothing else', () => {
      const recorded = open();
      const { connection } = recorded;
      const message = connection.startMessage('text');
      message.write('a');
      connection.sendText('waits');
      connection.fail(new ProtocolError('opcode-reserved', 3));
      expect(told(recorded).map((each) => each.slice(0, 8))).toEqual(['01 61', '88 03 ea']);
      expect(message.end('b')).toBe(false);
      expect(told(recorded)).toHaveLength(2);
    });

    it('drops what waits where the transport ends', () => {
      const recorded = open();
      const { connection } = recorded;
      const message = connection.startMessage('text');
      message.write('a');
      connection.sendText('waits');
      connection.receiveEnd();
      expect(message.end('b')).toBe(false);
      expect(told(recorded)).toEqual(['01 61']);
      expect(recorded.events).toEqual(['close 1006']);
    });

    it('keeps it with compression, whose messages refer to those before (RFC 7692 §7.2)', () => {
      const other = role === 'client' ? 'server' : 'client';
      const recorded = open({}, [deflateOf(role, new PakoEngine(16))]);
      const peer = record({ role: other, codec: codec() }, {}, [deflateOf(other, new PakoEngine(16))]);
      const { connection } = recorded;
      connection.sendText('again and again');
      const message = connection.startMessage('text');
      message.write('again ');
      connection.sendText('again and again');
      connection.sendBinary(pattern(300));
      connection.ping(hex('01'));
      message.end('and again');
      connection.close(1000);
      peer.connection.receive(recorded.wire());
      expect(peer.events.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => 'text again and again'));
      expect(peer.events.slice(3).map((event) => event.slice(0, 12))).toEqual([
        'binary 00 07',
        'ping 01',
        'closing 1000',
        'end',
      ]);
    });
  });

  /** A handler that acts once inside of a write, where `when` holds. */
  function acting(
    role: Role,
    when: (more: boolean, count: number) => boolean,
    act: (connection: Connection<undefined>) => void,
    extensions: readonly Extension[] = [],
  ): { connection: Connection<undefined>; frames: () => string[] } {
    const writes: Uint8Array<ArrayBuffer>[] = [];
    let acted = false;
    const handler: ConnectionHandler<undefined> = {
      write: (connection, bytes, more) => {
        writes.push(bytes.slice());
        if (!acted && when(more, writes.length)) {
          acted = true;
          act(connection);
        }
        return true;
      },
      end: () => undefined,
    };
    const connection = new Connection(new Endpoint({ role, codec: codec() }), handler, undefined, extensions);
    return { connection, frames: () => lines(readWire(concat(...writes))) };
  }

  /** What may be asked for inside of a write, and what it puts on the wire. */
  const ACTS: readonly [string, (connection: Connection<undefined>) => void, string[]][] = [
    ['close', (connection) => connection.close(1000), ['88 03 e8']],
    ['a text', (connection) => void connection.sendText('x'), ['81 78']],
    ['a long message', (connection) => void connection.sendBinary(pattern(70_000)), ['82 70000 bytes']],
    ['a ping', (connection) => void connection.ping(hex('01')), ['89 01']],
    [
      'a text, and close',
      (connection) => {
        connection.sendText('x');
        connection.close(1000);
      },
      ['81 78', '88 03 e8'],
    ],
    ['flush', (connection) => connection.flush(), []],
  ];

  describe.each(ROLES)('of a %s that is asked inside of a write', (role) => {
    it.each(ACTS)('for %s: it goes behind the frame that is being written', (_what, act, frames) => {
      for (const length of [20_000, 40_000, 70_000, 200_000]) {
        // With a head in front of its payload, and behind what was gathered.
        for (const behind of [false, true]) {
          const { connection, frames: read } = acting(role, (more, count) => more || count === 1, act);
          connection.cork();
          if (behind) connection.sendText('a');
          connection.sendBinary(pattern(length));
          connection.uncork();
          expect(read()).toEqual([...(behind ? ['81 61'] : []), `82 ${length} bytes`, ...frames]);
        }
      }
    });

    it.each(ACTS)('for %s, amid a prepared message', (_what, act, frames) => {
      if (role === 'client') return;
      const { connection, frames: read } = acting(role, () => true, act);
      connection.cork();
      connection.sendText('a');
      connection.sendPrepared(new PreparedMessage(pattern(70_000)));
      connection.uncork();
      expect(read()).toEqual(['81 61', '82 70000 bytes', ...frames]);
    });

    it.each(ACTS)('for %s, amid the answer to a close frame: nothing follows that', (_what, act) => {
      const { connection, frames } = acting(role, () => true, act);
      connection.receive(fromPeer(role, 0x88, '03 e8'));
      expect(frames()).toEqual(['88 03 e8']);
    });

    it('for a message, again and again, without an end of the stack', () => {
      let left = 20_000;
      let count = 0;
      const handler: ConnectionHandler<undefined> = {
        write: (connection) => {
          count++;
          if (left-- > 0) connection.sendText('x');
          return true;
        },
        end: () => undefined,
      };
      const connection = new Connection(new Endpoint({ role, codec: codec() }), handler, undefined);
      expect(() => connection.sendBinary(pattern(70_000))).not.toThrow();
      expect(count).toBeGreaterThan(0);
      expect(left).toBeLessThan(20_000);
    });
  });

  it('gathers messages and sends the close frame behind them', () => {
    for (const role of ROLES) {
      const recorded = record({ role, codec: codec() });
      const { connection } = recorded;
      connection.cork();
      connection.sendText('a');
      connection.sendBinary(pattern(70_000));
      connection.close(1000);
      connection.sendText('b');
      connection.uncork();
      expect(told(recorded)).toEqual(['81 61', '82 70000 bytes', '88 03 e8']);
    }
  });

  it('sends nothing of a frame whose masking key cannot be made, and goes on', () => {
    let throws = false;
    const maskingKey = (): number => {
      if (throws) throw new Error('no key');
      return 0x01020304;
    };
    for (const compressed of [false, true]) {
      const acts: ((connection: Connection<undefined>) => void)[] = [
        (connection) => void connection.sendText('never'),
        (connection) => void connection.sendText('never '.repeat(10_000)),
        (connection) => void connection.sendBinary(pattern(10)),
        (connection) => void connection.sendBinary(pattern(70_000)),
        (connection) => void connection.sendTextBytes(hex('61')),
        (connection) => void connection.ping(hex('01')),
        (connection) => void connection.startMessage('text').end('never'),
      ];
      for (const act of acts) {
        for (const corked of [false, true]) {
          const extensions = compressed ? [deflateOf('client', new PakoEngine(16))] : [];
          const recorded = record({ role: 'client', codec: codec(), maskingKey }, {}, extensions);
          const peer = record(
            { role: 'server', codec: codec() },
            {},
            compressed ? [deflateOf('server', new PakoEngine(16))] : [],
          );
          const { connection } = recorded;
          if (corked) connection.cork();
          connection.sendText('before, before');
          throws = true;
          expect(() => act(connection)).toThrow('no key');
          throws = false;
          if (act !== acts.at(-1)) connection.sendText('before, behind');
          if (corked) connection.uncork();
          peer.connection.receive(recorded.wire());
          const wanted = ['text before, before', ...(act === acts.at(-1) ? [] : ['text before, behind'])];
          expect(peer.events).toEqual(wanted);
        }
      }
    }
  });
});
