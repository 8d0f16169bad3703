import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type DeflateParameters, DeflatePool, PermessageDeflate, type Role } from '@x/frame-codec';
import fc from 'fast-check';
import { ByteWriter, writeFrame } from '../arbitraries/byte-writer.js';
import { nearText, octets, text } from '../arbitraries/payload.js';
import { Random } from '../arbitraries/random.js';
import { chunksOf } from '../arbitraries/stream.js';
import { isUtf8 } from '../models/utf8.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

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

const MAX_MESSAGE_LENGTH = 20_000;
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const pool = new DeflatePool({ engine: PAKO, threshold: 0 });

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

type Verdict = { readonly plain: Uint8Array } | 'refused' | 'unsure';

/** What the zlib of the runtime makes of a message: an independent second opinion. */
function verdictOf({ payload, plain }: DeflatedMessage, window: Uint8Array): Verdict {
  // The limit holds for what is announced and for what comes out.
  if (payload.length > MAX_MESSAGE_LENGTH) return 'refused';
  if (plain !== undefined) return plain.length > MAX_MESSAGE_LENGTH ? 'refused' : { plain };
  const data = Buffer.concat([payload, TAIL]);
  const dictionary = window.length > 0 ? { dictionary: window } : {};
  try {
    const options = {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MAX_MESSAGE_LENGTH,
      ...dictionary,
    };
    const result: unknown = inflateRawSync(data, { ...options, info: true });
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    // Behind a block marked as final a new stream begins, which this does not follow.
    return engine.bytesWritten < data.length ? 'unsure' : { plain: buffer };
  } catch {
    return 'refused';
  }
}

const writer = new ByteWriter();
const expected = new Transcript();
const decoded = new Transcript();

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

const REFUSALS = ['extension-data-invalid', 'message-too-long', 'text-not-utf8'];

export const deflateHostile: Property<DeflatedInput> = {
  name: 'deflate-hostile',
  claim:
    'compressed messages give what zlib gives, and broken or endless ones a typed error (RFC 7692 §7.2.2, §8)',
  part: 'codec',
  slow: true,
  arbitrary: deflatedInput,
  check: (input, kernel) => {
    const { role, noContextTakeover, messages } = input;
    const parameters: DeflateParameters = {
      serverNoContextTakeover: noContextTakeover,
      clientNoContextTakeover: noContextTakeover,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 15,
    };
    const limits = { maxMessageLength: MAX_MESSAGE_LENGTH };
    const bytes = wireOf(input);
    const cuts = input.cuts.filter((cut) => cut < bytes.length);
    const chunks = chunksOf({ bytes, cuts });
    expected.clear();
    let window: Uint8Array = new Uint8Array(0);
    let refusals: readonly string[] | undefined;
    let sure = true;
    for (const message of messages) {
      const verdict = verdictOf(message, noContextTakeover ? new Uint8Array(0) : window);
      if (verdict === 'unsure') sure = false;
      else if (verdict === 'refused') refusals = REFUSALS;
      else if (message.kind === 'text' && !isUtf8(verdict.plain)) refusals = ['text-not-utf8'];
      else {
        expected.begin(TAG[message.kind]);
        expected.put(verdict.plain);
        window = Buffer.concat([window, verdict.plain]).subarray(-32_768);
        continue;
      }
      break;
    }
    for (const manner of ['bytes', 'parts'] as const) {
      const extension = new PermessageDeflate(role, parameters, pool);
      const subject = new Subject(kernel, { role, limits }, manner, [extension]);
      const { error } = subject.messages(chunks, decoded);
      subject.connection.receiveEnd();
      if (!expected.begins(decoded)) same(`connection (${manner})`, decoded, 'zlib', expected);
      if (!sure) continue;
      same(`connection (${manner})`, decoded, 'zlib', expected);
      if (refusals === undefined ? error !== undefined : !refusals.includes(error?.violation ?? ''))
        throw new Error(
          `${error?.violation} where ${refusals?.join(' or ') ?? 'no error'} is right (${manner})`,
        );
    }
  },
};
