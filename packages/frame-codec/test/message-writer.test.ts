import { describe, expect, it } from 'vitest';
import { hex, toHex } from './hex.js';
import { CODECS } from './kernels.js';
import { type Recorded, record } from './recorder.js';

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

  it('lets control frames in between, and no other message, until it ends (§5.4)', () => {
    const recorded = server();
    const { connection } = recorded;
    const message = connection.startMessage('text');
    message.write('a');
    connection.ping(hex(''));
    connection.receive(hex('89 80 00 00 00 00'));
    expect(() => connection.sendText('b')).toThrow(TypeError);
    expect(() => connection.sendBinary(hex('01'))).toThrow(TypeError);
    expect(() => connection.startMessage('text')).toThrow(TypeError);
    message.end();
    connection.sendText('b');
    expect(frames(recorded)).toEqual(['01 61', '89', '8a', '80', '81 62']);
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
