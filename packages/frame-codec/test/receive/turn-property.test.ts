import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/index.js';
import { deflated } from '../support/deflate.js';
import { concat, cut, hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import type { Also } from '../support/recorder.js';
import { type Turning, turning } from '../support/turns.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('a connection that inflates by turns ($name)', ({ codec }) => {
  const client = (limits?: Partial<Limits>, also?: Also, blockLength?: number): Turning =>
    turning(codec(), limits, also, blockLength);

  it('tells the same whatever the turns, blocks, cuts and pauses are (property)', () => {
    const message = fc.record({
      kind: fc.constantFrom('text', 'binary'),
      compress: fc.constantFrom(true, true, false),
      length: fc.oneof(fc.nat(40), fc.nat(3000)),
      period: fc.integer({ min: 1, max: 26 }),
      /** a block marked as final ends the message (RFC 7692 §7.2.3.4) */
      final: fc.boolean(),
      cuts: fc.array(fc.nat(80), { maxLength: 3 }),
      ping: fc.boolean(),
    });
    const acts = fc.array(fc.constantFrom('proceed', 'proceed', 'resume', 'pause', 'feed', 'end'), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.constantFrom(1, 7, 256),
        fc.array(fc.nat(500), { maxLength: 6 }),
        acts,
        fc.boolean(),
        (messages, maxTurnLength, blockLength, places, steps, pauses) => {
          const expected: string[] = [];
          const stream = concat(
            ...messages.flatMap(({ kind, compress, length, period, final, cuts, ping }) => {
              const data = Uint8Array.from({ length }, (_, index) => 0x61 + (index % period));
              const plain =
                kind === 'text' ? `text ${new TextDecoder().decode(data)}` : `binary ${toHex(data)}`;
              const end = hex(final ? '00 00 ff ff 03 00' : '');
              const payload = compress
                ? concat(length === 0 ? hex('00') : deflated(data), length === 0 ? hex('') : end)
                : data;
              const parts = cut(
                payload,
                cuts.filter((at) => at <= payload.length),
              );
              if (ping && parts.length > 1) expected.push('ping 70');
              expected.push(plain);
              return parts.flatMap((part, index) => [
                ...(ping && index === 1 ? [hex('89 01 70')] : []),
                wire({
                  first:
                    (index === 0 ? (compress ? 0x40 : 0) | (kind === 'text' ? 1 : 2) : 0) |
                    (index === parts.length - 1 ? 0x80 : 0),
                  payload: part,
                }),
              ]);
            }),
          );
          const most = maxTurnLength + blockLength;
          const also: Also = pauses ? { text: (self) => self.pause(), ping: (self) => self.pause() } : {};
          const subject = client({ maxTurnLength }, also, blockLength);
          const { connection, engine, events } = subject;
          let inflated = 0;
          /** What one call inflates, over and above what the tails push out. */
          const bounded = (step: () => void): void => {
            step();
            const before = inflated;
            inflated = engine.usage.inflatedLength;
            expect(inflated - before).toBeLessThanOrEqual(most + events.length * 300);
          };
          const chunks = cut(
            stream,
            places.filter((place) => place <= stream.length),
          );
          let ended = false;
          for (const step of steps) {
            if (step === 'pause') connection.pause();
            else if (step === 'end' && chunks.length === 0) ended = true;
            else if (step === 'feed' || step === 'end')
              bounded(() => connection.receive(chunks.shift() ?? hex('')));
            else bounded(() => connection[step]());
            if (ended) bounded(() => connection.receiveEnd());
          }
          while (chunks.length > 0) bounded(() => connection.receive(chunks.shift() ?? hex('')));
          bounded(() => connection.receiveEnd());
          while (connection.isPaused || connection.isYielding) {
            bounded(() => connection.proceed());
            bounded(() => connection.resume());
          }
          expect(events).toEqual([...expected, 'close 1006']);
          expect(connection.retainedLength).toBe(0);
          expect(engine.usage.open).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 80 },
    );
  });
});
