import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deflateOf } from '../support/deflate.js';
import { cut, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { pair } from '../support/pair.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Recorded, record } from '../support/recorder.js';

function frames({ frames: read }: Recorded): string[] {
  return read().map(({ first, payload }) =>
    `${first.toString(16).padStart(2, '0')} ${toHex(payload)}`.trimEnd(),
  );
}

describe.each(CODECS)('MessageWriter ($name)', ({ codec }) => {
  const server = () => record({ role: 'server', codec: codec() });

  it('sends each part as a frame, the first with the opcode, the last with FIN (§5.4)', () => {
    const recorded = server();
    const message = recorded.connection.startMessage('binary');
    expect(message.write(hex('01 02'))).toBe(true);
    expect(message.write(hex('03'))).toBe(true);
    expect(message.end(hex('04'))).toBe(true);
    expect(frames(recorded)).toEqual(['02 01 02', '00 03', '80 04']);
  });

  it('sends a message of one part, or of none, as one frame (§5.4)', () => {
    const recorded = server();
    recorded.connection.startMessage('text').end('a');
    recorded.connection.startMessage('binary').end();
    expect(frames(recorded)).toEqual(['81 61', '82']);
  });

  it('masks each frame of a client (§5.1)', () => {
    const recorded = record({ role: 'client', codec: codec() });
    const message = recorded.connection.startMessage('text');
    message.write('a');
    message.end('b');
    expect(frames(recorded)).toEqual(['01 61', '80 62']);
    for (const { key } of recorded.frames()) expect(key).toBeGreaterThan(0);
  });

  it('keeps the halves of a surrogate pair together, and replaces a lone one (§8.1)', () => {
    const recorded = server();
    const message = recorded.connection.startMessage('text');
    message.write('a\ud83d');
    message.write('\ude00b');
    message.write('\ud83d');
    message.write('c');
    message.end('\ud83d');
    expect(frames(recorded)).toEqual(['01 61', '00 f0 9f 98 80 62', '00 ef bf bd 63', '80 ef bf bd']);
  });

  it('takes text as UTF-8 that is cut inside a character', () => {
    const recorded = server();
    const message = recorded.connection.startMessage('text');
    message.write(hex('61 e2 82'));
    message.end(hex('ac'));
    expect(frames(recorded)).toEqual(['01 61 e2 82', '80 ac']);
  });

  it('throws a TypeError at what is not UTF-8, or ends inside a character, and sends nothing of it', () => {
    const recorded = server();
    const message = recorded.connection.startMessage('text');
    message.write('a');
    expect(() => message.write(hex('ff'))).toThrow(TypeError);
    expect(() => message.end(hex('e2 82'))).toThrow(TypeError);
    expect(frames(recorded)).toEqual(['01 61']);
    message.end('b');
    expect(frames(recorded)).toEqual(['01 61', '80 62']);
  });

  it('throws a TypeError at parts of the wrong type, and behind the end', () => {
    const { connection, writes } = server();
    const message = connection.startMessage('binary');
    expect(() => message.write('text')).toThrow(TypeError);
    // @ts-expect-error: the caller is wrong
    expect(() => message.write(5)).toThrow(TypeError);
    expect(writes).toEqual([]);
    message.end();
    expect(() => message.write(hex('01'))).toThrow(TypeError);
    expect(() => message.end()).toThrow(TypeError);
    expect(writes).toHaveLength(1);
  });

  it('lets control frames in between, and has other messages wait until it ends (§5.4)', () => {
    const recorded = server();
    const { connection } = recorded;
    const message = connection.startMessage('text');
    message.write('a');
    connection.ping(hex(''));
    connection.receive(hex('89 80 00 00 00 00'));
    expect(connection.sendText('b')).toBe(true);
    expect(connection.sendBinary(hex('01'))).toBe(true);
    expect(() => connection.startMessage('text')).toThrow(TypeError);
    expect(frames(recorded)).toEqual(['01 61', '89', '8a']);
    message.end();
    connection.sendText('c');
    expect(frames(recorded)).toEqual(['01 61', '89', '8a', '80', '81 62', '82 01', '81 63']);
  });

  it('sends nothing once the connection is closing, and says so', () => {
    const recorded = server();
    const message = recorded.connection.startMessage('text');
    message.write('a');
    recorded.connection.close(1000);
    expect(message.write('b')).toBe(false);
    expect(message.end()).toBe(false);
    expect(frames(recorded)).toEqual(['01 61', '88 03 e8']);
  });

  it('arrives as one message at a peer', () => {
    const sender = record({ role: 'client', codec: codec() });
    const message = sender.connection.startMessage('text');
    for (const part of ['a€', '\ud83d', '\ude00', '', 'é']) message.write(part);
    message.end();
    const receiver = server();
    receiver.connection.receive(sender.wire());
    expect(receiver.events).toEqual(['text a€😀é']);
  });
});

describe.each(CODECS)('MessageWriter, part by part ($name)', ({ codec }) => {
  const server = (): Recorded => record({ role: 'server', codec: codec() });

  it('keeps nothing: each part leaves at once', () => {
    const { connection, writes } = server();
    const writer = connection.startMessage('binary');
    expect(writes).toHaveLength(0);
    writer.write(hex('01'));
    expect(writes).toHaveLength(1);
    writer.write(pattern(100_000));
    expect(connection.corkedLength).toBe(0);
    expect(connection.retainedLength).toBe(0);
  });

  it('makes no frame of an empty part', () => {
    const recorded = server();
    const writer = recorded.connection.startMessage('text');
    expect(writer.write('')).toBe(true);
    expect(writer.write(hex(''))).toBe(true);
    expect(recorded.writes).toEqual([]);
    writer.end('a');
    expect(frames(recorded)).toEqual(['81 61']);
  });

  it('turns a lone surrogate into U+FFFD, wherever it stands', () => {
    for (const parts of [
      ['\ud83da'],
      ['\ud83d', 'a'],
      ['\ude00', 'a'],
      ['\ud83d', '\ud83d', 'a'],
      ['a', '\ud83d'],
      ['a\ud83d', ''],
    ]) {
      const recorded = server();
      const writer = recorded.connection.startMessage('text');
      for (const part of parts) writer.write(part);
      writer.end();
      const text = recorded
        .frames()
        .map(({ payload }) => new TextDecoder().decode(payload))
        .join('');
      expect(text).toBe(new TextDecoder().decode(new TextEncoder().encode(parts.join(''))));
      expect(text).toContain('\ufffd');
    }
  });

  it('takes strings and bytes by turns', () => {
    const recorded = server();
    const writer = recorded.connection.startMessage('text');
    writer.write('a\ud83d');
    writer.write(hex('c3 a9'));
    writer.write('b');
    writer.end(hex('63'));
    // The half of a pair before bytes finds no other half.
    expect(frames(recorded)).toEqual(['01 61', '00 ef bf bd c3 a9', '00 62', '80 63']);
  });

  it('goes on after a part that was refused as if it had not been tried (§8.1)', () => {
    const recorded = server();
    const writer = recorded.connection.startMessage('text');
    expect(() => writer.write(hex('61 ff'))).toThrow(TypeError);
    writer.write(hex('e2'));
    expect(() => writer.write(hex('28'))).toThrow(TypeError);
    expect(() => writer.end(hex('82'))).toThrow(TypeError);
    expect(() => writer.write('a string behind half a character')).toThrow(TypeError);
    writer.write(hex('82'));
    writer.end(hex('ac'));
    recorded.connection.sendText('b');
    expect(frames(recorded)).toEqual(['01 e2', '00 82', '80 ac', '81 62']);
  });

  it('is of no other kind than text or binary', () => {
    const { connection } = server();
    for (const kind of ['ping', 'continuation', 'toString', '', undefined]) {
      // @ts-expect-error: the caller is wrong
      expect(() => connection.startMessage(kind)).toThrow(TypeError);
    }
    expect(connection.sendText('a')).toBe(true);
  });

  it('is gathered between cork and uncork', () => {
    const { connection, writes } = server();
    connection.cork();
    const writer = connection.startMessage('text');
    writer.write('a');
    writer.end('b');
    expect(writes).toEqual([]);
    connection.uncork();
    expect(writes.map(toHex)).toEqual(['01 01 61 80 01 62']);
  });

  it('brings a message to the other side whole, however it is cut and whether it is compressed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.array(fc.nat(80), { maxLength: 5 }),
        fc.constantFrom('strings', 'bytes', 'binary'),
        fc.constantFrom(undefined, true, false),
        (text, places, how, compress) => {
          const extensions = (role: 'client' | 'server') =>
            compress === undefined ? [] : [deflateOf(role, new PakoEngine(8))];
          const joined = pair(codec(), {
            client: { extensions: extensions('client') },
            server: { extensions: extensions('server') },
          });
          const bytes = new TextEncoder().encode(text);
          const kind = how === 'binary' ? 'binary' : 'text';
          const writer = joined.client.connection.startMessage(kind, { compress: compress ?? true });
          if (how === 'strings') {
            const ends = places.filter((place) => place <= text.length).sort((a, b) => a - b);
            [0, ...ends].forEach((from, index) => {
              writer.write(text.slice(from, ends[index] ?? text.length));
            });
          } else {
            for (const part of cut(
              bytes,
              places.filter((place) => place <= bytes.length),
            ))
              writer.write(part);
          }
          writer.end();
          joined.exchange(3);
          expect(joined.server.events).toEqual([
            how === 'binary' ? `binary ${toHex(bytes)}` : `text ${text}`,
          ]);
        },
      ),
      { numRuns: 40 },
    );
  });
});
