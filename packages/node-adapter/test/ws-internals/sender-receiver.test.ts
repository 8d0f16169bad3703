import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { PerMessageDeflate, Receiver, Sender } from '../../src/index.js';
import { collect, until } from '../loopback.js';

describe('Sender and Receiver', () => {
  it('frame as §5.7 shows', () => {
    expect(Sender.frame(Buffer.from('Hello'), { fin: true, opcode: 1, mask: false })).toEqual([
      Buffer.from('810548656c6c6f', 'hex'),
    ]);
    const generateMask = (mask: Buffer): void => {
      mask.set([0x37, 0xfa, 0x21, 0x3d]);
    };
    expect(Sender.frame('Hello', { fin: true, opcode: 1, mask: true, generateMask })).toEqual([
      Buffer.from('818537fa213d7f9f4d5158', 'hex'),
    ]);
    expect(Sender.frame('Hel', { fin: false, opcode: 1 })).toEqual([Buffer.from('010348656c', 'hex')]);
  });

  it('carry messages over a stream of their own', async () => {
    const [one, other] = duplexPair();
    const sender = new Sender(one);
    const receiver = new Receiver({ isServer: false });
    const events: unknown[] = [];
    for (const name of ['message', 'ping', 'pong', 'conclude']) {
      receiver.on(name, (...values) => events.push([name, ...values]));
    }
    other.pipe(receiver);
    sender.send('text', { binary: false, fin: true });
    sender.send(Buffer.from([1]), { binary: true, fin: false });
    sender.send(Buffer.from([2]), { fin: true });
    sender.ping('ping');
    sender.pong('pong');
    sender.close(1000, 'bye');
    await until(() => events.length === 5);
    expect(events).toEqual([
      ['message', Buffer.from('text'), false],
      ['message', Buffer.from([1, 2]), true],
      ['ping', Buffer.from('ping')],
      ['pong', Buffer.from('pong')],
      ['conclude', 1000, Buffer.from('bye')],
    ]);
  });

  it('compress by the extension they are given', async () => {
    const make = (isServer: boolean): PerMessageDeflate => {
      const deflate = new PerMessageDeflate({ isServer, threshold: 0 });
      deflate.accept([{}]);
      return deflate;
    };
    const [one, other] = duplexPair();
    const sender = new Sender(one, { 'permessage-deflate': make(true) });
    const receiver = new Receiver({ extensions: { 'permessage-deflate': make(false) } });
    const chunks = collect(other, 'data');
    other.pipe(receiver);
    const message = once(receiver, 'message');
    sender.send('Hello', { compress: true, fin: true });
    expect(await message).toEqual([Buffer.from('Hello'), false]);
    expect(Buffer.concat(chunks.flat() as Buffer[]).toString('hex')).toBe('c107f248cdc9c90700');
  });

  it('a broken frame is an error of the stream', async () => {
    const receiver = new Receiver({ isServer: true });
    const errors = collect(receiver, 'error');
    receiver.write(Buffer.from('81810000000061c18000000000', 'hex'));
    await until(() => errors.length === 1);
    expect(errors).toMatchObject([[{ code: 'WS_ERR_UNEXPECTED_RSV_1' }]]);
  });
});
