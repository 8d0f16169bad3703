import { describe, expect, it } from 'vitest';
import { Connection, Endpoint } from '../../src/index.js';
import { deflated, deflateOf } from '../support/deflate.js';
import { concat, hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { BLOCK, bomb, TURN } from '../support/turns.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('a connection that inflates by turns and hands out parts ($name)', ({ codec }) => {
  /** A client that takes parts, and does something at each. */
  function inParts(act: (connection: Connection, part: string) => void): {
    connection: Connection;
    parts: string[];
    engine: PakoEngine;
  } {
    const engine = new PakoEngine(BLOCK);
    const parts: string[] = [];
    const tell = (connection: Connection, part: string): void => {
      parts.push(part);
      act(connection, part);
    };
    const endpoint = new Endpoint({ role: 'client', codec: codec(), maxTurnLength: TURN });
    const handler = {
      write: () => true,
      end: () => {},
      yield: () => parts.push('yield'),
      textPart: (self: Connection, text: string, last: boolean) =>
        tell(self, `text ${text.length}${last ? ' last' : ''}`),
      binaryPart: (self: Connection, payload: Uint8Array, last: boolean) =>
        tell(self, `binary ${payload.length}${last ? ' last' : ''}`),
    };
    return {
      connection: new Connection(endpoint, handler, undefined, [deflateOf('client', engine)]),
      parts,
      engine,
    };
  }

  it('yields between them', () => {
    const { connection, parts } = inParts(() => {});
    connection.receive(concat(bomb(TURN + BLOCK, 0xc1), hex('82 01 61')));
    connection.proceed();
    const block = `text ${BLOCK}`;
    expect(parts).toEqual([block, block, block, block, 'yield', block, 'text 0 last', 'binary 1 last']);
  });

  it('stops at the part whose handler pauses', () => {
    const { connection, parts, engine } = inParts((self) => self.pause());
    const payload = deflated(concat(new Uint8Array(3 * BLOCK), pattern(2000)));
    connection.receive(concat(wire({ first: 0xc2, payload }), hex('82 01 61')));
    for (let count = 1; count <= 3; count++) {
      expect(parts).toHaveLength(count);
      expect(engine.usage.inflatedLength).toBe(count * BLOCK);
      connection.resume();
    }
    connection.resume();
    const block = `binary ${BLOCK}`;
    expect(parts).toEqual([block, block, block, 'binary 2000', 'binary 0 last', 'binary 1 last']);
  });

  it('loses none when a handler throws at one and the turn is over', () => {
    let count = 0;
    const { connection, parts } = inParts(() => {
      if (++count === 2) throw new Error('of the handler');
    });
    expect(() => connection.receive(concat(bomb(2 * TURN), hex('82 01 61')))).toThrow('of the handler');
    expect(parts).toHaveLength(5);
    connection.proceed();
    expect(parts.filter((part) => part === `binary ${BLOCK}`)).toHaveLength(8);
    expect(parts.slice(-2)).toEqual(['binary 0 last', 'binary 1 last']);
  });
});
