import { describe, expect, it } from 'vitest';
import { concat, hex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

const KEY = '01 02 03 04';
const texts = concat(
  ...['61', '62', '63'].map((text) => wire({ first: 0x81, payload: hex(text), key: KEY })),
);

describe.each(CODECS)('a handler that gives a turn to others ($name)', ({ codec }) => {
  it('is handed the rest behind it, message by message where it does so at each', () => {
    let yields = 0;
    const { connection, events } = record(
      { role: 'server', codec: codec() },
      { text: (self) => self.giveTurn(), yield: () => void yields++ },
    );
    connection.receive(texts);
    expect(events).toEqual(['text a']);
    connection.proceed();
    expect(events).toEqual(['text a', 'text b']);
    connection.proceed();
    connection.proceed();
    expect(events).toEqual(['text a', 'text b', 'text c']);
    expect(yields).toBe(3);
    expect(connection.isYielding).toBe(false);
  });

  it('goes on at once where nobody calls it back', () => {
    const { connection, events } = record(
      { role: 'server', codec: codec() },
      { text: (self) => self.giveTurn() },
    );
    connection.receive(texts);
    expect(events).toEqual(['text a', 'text b', 'text c']);
  });

  it('writes what it sent before the others have their turn', () => {
    const { connection, frames } = record(
      { role: 'server', codec: codec() },
      {
        text: (self, text) => {
          self.sendText(text);
          self.giveTurn();
        },
        yield: () => undefined,
      },
    );
    connection.receive(texts);
    expect(frames()).toHaveLength(1);
  });
});
