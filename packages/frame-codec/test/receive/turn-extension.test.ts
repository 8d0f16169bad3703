import { describe, expect, it } from 'vitest';
import { type Extension, RSV } from '../../src/index.js';
import { ChecksumExtension } from '../support/checksum-extension.js';
import { deflateOf } from '../support/deflate.js';
import { concat, hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { record } from '../support/recorder.js';
import { BLOCK, KIB, TURN } from '../support/turns.js';

describe.each(CODECS)('a connection that inflates by turns ($name)', ({ codec }) => {
  it('gives an extension what it left, as parts of the same frame (§5.8)', () => {
    const seen: string[] = [];
    /** Leaves all but two bytes at a time, where it may. */
    const reluctant: Extension = {
      name: 'x-reluctant',
      claims: { first: RSV.rsv1, continuation: 0 },
      decodes: 'marked',
      decode(payload, { firstOfMessage, firstOfFrame, lastOfFrame, lastOfMessage }, emit) {
        const where = [firstOfMessage, firstOfFrame, lastOfFrame, lastOfMessage].map(Number).join('');
        seen.push(`${toHex(payload)} ${where}`);
        for (let at = 0; at < payload.length; at += 2) {
          if (!emit(payload.subarray(at, at + 2))) return Math.min(at + 2, payload.length);
        }
        return payload.length;
      },
      encode: (payload) => payload,
      close: () => {},
    };
    const { connection, events } = record(
      { role: 'client', codec: codec(), maxTurnLength: 1 },
      { yield: () => {} },
      [reluctant],
    );
    connection.receive(hex('42 05 01 02 03 04 05 80 03 06 07 08 c1 02 61 62'));
    while (connection.isYielding) connection.proceed();
    expect(seen).toEqual([
      '01 02 03 04 05 1110',
      '03 04 05 0010',
      '05 0010',
      '06 07 08 0111',
      '08 0011',
      '61 62 1111',
    ]);
    expect(events).toEqual(['binary 01 02 03 04 05 06 07 08', 'text ab']);
  });

  it('is fed little by little where several extensions decode a message', () => {
    const engine = new PakoEngine(BLOCK);
    const orders = (): Extension[][] => [
      [deflateOf('client', engine), new ChecksumExtension()],
      [new ChecksumExtension(), deflateOf('client', engine)],
    ];
    const noise = Uint8Array.from({ length: 5 * KIB }, (_, index) => Math.imul(index + 7, 2654435761) >>> 24);
    const payload = concat(new Uint8Array(TURN), noise, new Uint8Array(2 * TURN));
    for (const [index, extensions] of orders().entries()) {
      let turns = 0;
      const handler = {
        yield: () => {
          turns++;
        },
      };
      const { connection, events } = record(
        { role: 'client', codec: codec(), maxTurnLength: KIB },
        handler,
        extensions,
      );
      const peer = record({ role: 'server', codec: codec() }, {}, [
        ...(index === 0
          ? [deflateOf('server', new PakoEngine()), new ChecksumExtension()]
          : [new ChecksumExtension(), deflateOf('server', new PakoEngine())]),
      ]);
      peer.connection.sendBinary(payload);
      peer.connection.sendText('a');
      connection.receive(peer.wire());
      while (connection.isYielding) connection.proceed();
      expect(turns).toBeGreaterThan(1);
      expect(events).toEqual([`binary ${toHex(payload)}`, 'text a']);
    }
  });
});
