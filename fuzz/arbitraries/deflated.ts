import { constants, deflateRawSync } from 'node:zlib';
import type { Role } from '@x/frame-codec';
import fc from 'fast-check';
import { ByteWriter, writeFrame } from './byte-writer.js';
import { nearText, octets, text } from './payload.js';
import { Random } from './random.js';

/** A message with RSV1, and what it is made of. */
export interface DeflatedMessage {
  readonly kind: 'text' | 'binary';
  /** as on the wire, without 00 00 FF FF (RFC 7692 §7.2.1) */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** what it must inflate to, where that is sure */
  readonly plain: Uint8Array<ArrayBuffer> | undefined;
}

/** Compressed messages of one sender, sound or not. */
export interface DeflatedInput {
  readonly role: Role;
  readonly noContextTakeover: boolean;
  readonly messages: readonly DeflatedMessage[];
  readonly cuts: readonly number[];
  readonly seed: number;
}

/** The length of message that some go beyond. */
export const MAX_MESSAGE_LENGTH = 20_000;
/** What a sender cuts off, and a receiver appends (RFC 7692 §7.2.1, §7.2.2). */
export const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);
/** RFC 7692 §7.2.1; `window` is what was sent before. */
function compress(plain: Uint8Array, window: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const dictionary = window.length > 0 ? { dictionary: window } : {};
  const deflated = deflateRawSync(plain, { level, finishFlush: constants.Z_SYNC_FLUSH, ...dictionary });
  return new Uint8Array(deflated.subarray(0, deflated.length - TAIL.length));
}

function writeMessages(random: Random, takeover: boolean): DeflatedMessage[] {
  const messages: DeflatedMessage[] = [];
  let window = new Uint8Array(0);
  for (let count = random.between(1, 5); count > 0; count--) {
    const kind = random.pick(['text', 'binary'] as const);
    const dice = random.below(12);
    const length = random.once(4) ? random.below(3000) : random.below(60);
    let plain = kind === 'text' ? text(random, length) : octets(random, length);
    if (dice === 0)
      plain = new Uint8Array(random.pick([MAX_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH + 1, 300_000])).fill(0x61);
    if (dice === 1 && kind === 'text') plain = nearText(random, 30);
    let payload = compress(plain, takeover ? window : new Uint8Array(0), random.pick([0, 1, 6, 9]));
    let sure = true;
    if (dice === 2) {
      // §7.2.3.4: a block marked as final, padded with a zero byte.
      payload = Uint8Array.of(...deflateRawSync(plain), 0);
      sure = !takeover;
    } else if (dice === 3 || dice === 4) {
      payload = payload.slice();
      for (let faults = random.between(1, 3); faults > 0 && payload.length > 0; faults--)
        payload[random.below(payload.length)] = random.next();
      sure = false;
    } else if (dice === 5) {
      payload = octets(random, random.below(40));
      sure = false;
    } else if (dice === 6) {
      payload = payload.slice(0, random.below(payload.length + 1));
      sure = false;
    }
    messages.push({ kind, payload, plain: sure ? plain : undefined });
    if (!sure) break;
    window = new Uint8Array(Buffer.concat([window, plain]).subarray(-32_768));
  }
  return messages;
}

export const deflatedInput: fc.Arbitrary<DeflatedInput> = fc
  .record({
    role: fc.constantFrom<Role>('client', 'server'),
    noContextTakeover: fc.boolean(),
    seed: fc.noShrink(fc.integer()),
    cuts: fc.array(fc.nat(3000), { maxLength: 6 }),
    count: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ role, noContextTakeover, seed, cuts, count }) => ({
    role,
    noContextTakeover,
    messages: writeMessages(new Random(seed), !noContextTakeover).slice(0, count),
    cuts: cuts.sort((a, b) => a - b),
    seed,
  }));

const writer = new ByteWriter();

/** The frames of the messages, some in fragments. */
export function wireOf({ role, messages, seed }: DeflatedInput): Uint8Array<ArrayBuffer> {
  const random = new Random(seed ^ 0x5bd1e995);
  writer.reset();
  for (const { kind, payload } of messages) {
    const cut = random.once(3) ? random.below(payload.length + 1) : payload.length;
    const opcode = 0x40 | (kind === 'text' ? 1 : 2);
    const whole = cut === payload.length;
    writeFrame(writer, opcode | (whole ? 0x80 : 0), payload.subarray(0, cut), role === 'server', random);
    if (!whole) writeFrame(writer, 0x80, payload.subarray(cut), role === 'server', random);
  }
  return writer.slice();
}
