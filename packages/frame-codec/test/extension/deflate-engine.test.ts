import { describe, expect, it } from 'vitest';
import { DeflatePool, PermessageDeflate } from '../../src/index.js';
import {
  deflated,
  deflateOf,
  deflatingClient,
  HELLO,
  HELLO_AGAIN,
  PRESET,
  shown,
} from '../support/deflate.js';
import { hex, utf8 } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Recorded, record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('engines of permessage-deflate ($name)', ({ codec }) => {
  const client = (engine?: PakoEngine, parameters = {}, limits = {}): Recorded =>
    deflatingClient(codec(), engine, parameters, limits);

  const ALONE = { serverNoContextTakeover: true, clientNoContextTakeover: true };

  it('are not held by idle connections without takeover: one serves them all', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine, threshold: 0 });
    const connections = Array.from({ length: 20 }, () =>
      record({ role: 'client', codec: codec() }, {}, [
        new PermessageDeflate('client', { ...PRESET, ...ALONE }, pool),
      ]),
    );
    for (const { connection, events } of connections) {
      connection.sendText('Hello');
      connection.receive(hex(`c1 07 ${HELLO}`));
      expect(events).toEqual(['text Hello']);
    }
    expect(engine.usage.made).toBe(2);
    for (const recorded of connections) expect(shown(recorded)).toEqual([`c1 ${HELLO}`]);
  });

  it('serve interleaved fragmented messages of many connections, one each', () => {
    const engine = new PakoEngine(2);
    const pool = new DeflatePool({ engine, threshold: 0 });
    const connections = Array.from({ length: 7 }, () =>
      record({ role: 'client', codec: codec() }, {}, [
        new PermessageDeflate('client', { ...PRESET, ...ALONE }, pool),
      ]),
    );
    const stream = wire({ first: 0xc1, payload: deflated(utf8('Hello, Hello €')) });
    for (let round = 0; round < 2; round++) {
      const writers = connections.map(({ connection }) => connection.startMessage('text'));
      for (const byte of stream) {
        for (const { connection } of connections) connection.receive(Uint8Array.of(byte));
      }
      for (const part of ['Hel', 'lo']) for (const writer of writers) writer.write(part);
      for (const writer of writers) writer.end('!');
    }
    for (const recorded of connections) {
      expect(recorded.events).toEqual(['text Hello, Hello €', 'text Hello, Hello €']);
      const peer = record({ role: 'server', codec: codec() }, {}, [
        deflateOf('server', new PakoEngine(), ALONE),
      ]);
      peer.connection.receive(recorded.wire());
      expect(peer.events).toEqual(['text Hello!', 'text Hello!']);
    }
    // Four of a kind are kept; the second round made three more of each.
    expect(engine.usage).toMatchObject({ made: 20, open: 8 });
  });

  it('with takeover belong to one connection, and are made when they are needed', () => {
    const engine = new PakoEngine();
    const [one, other, idle] = [client(engine), client(engine), client(engine)];
    expect(engine.usage.made).toBe(0);
    one.connection.receive(hex('81 01 61'));
    expect(engine.usage.made).toBe(0);
    one.connection.receive(hex(`c1 07 ${HELLO}`));
    other.connection.receive(hex(`c1 07 ${HELLO}`));
    one.connection.sendText('Hello');
    expect(engine.usage.made).toBe(3);
    for (const { connection } of [one, other, idle]) connection.receiveEnd();
    expect(engine.usage.open).toBe(0);
  });

  it.each<[string, (recorded: Recorded) => void]>([
    ['the transport ends', ({ connection }) => connection.receiveEnd()],
    ['the peer closes', ({ connection }) => connection.receive(hex('88 02 03 e8'))],
    ['the connection fails', ({ connection }) => connection.receive(hex('83'))],
    ['the extension itself fails', ({ connection }) => connection.receive(hex('80 01 07'))],
  ])('are closed, once, when %s', (_, finish) => {
    for (const parameters of [{}, ALONE]) {
      const engine = new PakoEngine();
      const recorded = client(engine, parameters);
      recorded.connection.startMessage('text').write('Hello');
      recorded.connection.receive(hex(`41 0b ${HELLO} 00 00 ff ff`));
      expect(engine.usage).toMatchObject({ made: 2, open: 2 });
      finish(recorded);
      expect(engine.usage.open).toBe(0);
      recorded.connection.receiveEnd();
      expect(engine.usage.open).toBe(0);
    }
  });

  it('stay open for what a closing peer still sends (§7.1.2)', () => {
    const { connection, events } = client();
    connection.receive(hex(`c1 07 ${HELLO}`));
    connection.close(1000);
    connection.receive(hex(`c1 05 ${HELLO_AGAIN} 88 02 03 e8`));
    expect(events).toEqual(['text Hello', 'text Hello', 'closing 1000', 'end']);
  });

  it('are as new for the next connection, whatever the last one did with them', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine, threshold: 0 });
    const open = (): Recorded =>
      record({ role: 'client', codec: codec() }, {}, [
        new PermessageDeflate('client', { ...PRESET, ...ALONE }, pool),
      ]);
    const first = open();
    // The last block is cut: the tail is taken for its data.
    first.connection.receive(hex('c2 07 00 0a 00 f5 ff 48 65'));
    expect(first.events).toHaveLength(1);
    const second = open();
    second.connection.receive(hex(`c1 07 ${HELLO}`));
    expect(second.events).toEqual(['text Hello']);
    expect(engine.usage.made).toBe(1);
  });
});
