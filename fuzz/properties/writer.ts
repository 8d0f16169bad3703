import { type KernelKind, PreparedMessage, type Role } from '@x/frame-codec';
import fc from 'fast-check';
import { chunksOf } from '../arbitraries/stream.js';
import { startsUtf8 } from '../models/utf8.js';
import type { Property } from './property.js';
import { otherRole, writerTo } from './round-trip.js';
import { Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

/** A message that is written in parts by somebody who errs. */
export interface WriterInput {
  readonly role: Role;
  readonly kind: 'text' | 'binary';
  /** text, bytes, or what is neither */
  readonly parts: readonly (string | Uint8Array | number)[];
  readonly cuts: readonly number[];
}

const scraps = fc
  .array(fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00', '\ufeff'), { maxLength: 4 })
  .map((chars) => chars.join(''));
/** Pieces of characters, some of which nothing can mend. */
const pieces = fc
  .array(fc.constantFrom([0x61], [0xc3], [0xa9], [0xe2, 0x82], [0xac], [0xf0, 0x9f], [0x98, 0x80], [0xff]), {
    maxLength: 3,
  })
  .map((bytes) => Uint8Array.from(bytes.flat()));

/** One of them ends any text: it stands within no character, or lacks a byte of one, or two. */
const ENDS = ['', new Uint8Array(0), Uint8Array.of(0x80), Uint8Array.of(0x98, 0x80)];

const expected = new Transcript();
const decoded = new Transcript();

/** What was written so far, by the rules of `MessageWriter`, on plain arrays. */
class Model {
  readonly kind: 'text' | 'binary';
  bytes: number[] = [];
  /** half of a surrogate pair that may find the other */
  half = '';

  constructor(kind: 'text' | 'binary') {
    this.kind = kind;
  }

  /** Whether the part may be written; takes it if so. */
  take(part: string | Uint8Array | number, last: boolean): boolean {
    const state = this.kind === 'text' ? startsUtf8(this.bytes) : 'whole';
    if (typeof part === 'number') return false;
    if (typeof part === 'string') {
      if (this.kind === 'binary' || state !== 'whole') return false;
      const text = this.half + part;
      this.half = !last && /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
      this.bytes.push(...Buffer.from(text.slice(0, text.length - this.half.length)));
      return true;
    }
    if (this.kind === 'text') {
      const after = startsUtf8([...this.bytes, ...part]);
      if (after === 'broken' || (last && after !== 'whole')) return false;
    }
    // A half finds no other in bytes: it becomes U+FFFD.
    this.bytes.push(...Buffer.from(this.half), ...part);
    this.half = '';
    return true;
  }
}

function refused(call: () => unknown): boolean {
  try {
    call();
  } catch (error) {
    if (error instanceof TypeError) return true;
    throw error;
  }
  return false;
}

export const writerAny: Property<WriterInput> = {
  name: 'writer-any',
  claim:
    'a message in parts is what was written, and a part that may not be sent leaves it as it was (§5.4, §8.1)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    role: fc.constantFrom<Role>('client', 'server'),
    kind: fc.constantFrom('text' as const, 'binary' as const),
    parts: fc.array(fc.oneof(scraps, pieces, fc.constant(5)), { maxLength: 6 }),
    cuts: fc.array(fc.nat(60), { maxLength: 4 }),
  }),
  check: ({ role, kind, parts, cuts }, kernel) => {
    const wire: number[] = [];
    const sender = writerTo(wire, kernel, otherRole(role));
    const writer = sender.startMessage(kind);
    const model = new Model(kind);
    for (const part of parts) {
      // What untyped callers pass.
      const wrong = refused(() => writer.write(part as string));
      if (wrong === model.take(part, false)) throw new Error(`${String(part)} is refused: ${wrong}`);
      // §5.4: messages are not mixed; a whole one waits for this one to end.
      if (!refused(() => sender.startMessage('text'))) throw new Error('two messages are sent in parts');
      if (!sender.sendText('a')) throw new Error('nothing can be sent during the message');
    }
    const ends = [parts.at(-1) ?? '', ...ENDS].find((last) => {
      const wrong = refused(() => writer.end(last as string));
      if (wrong === model.take(last, true))
        throw new Error(`an end with ${String(last)} is refused: ${wrong}`);
      return !wrong;
    });
    if (ends === undefined) throw new Error('the message has no end');
    if (!refused(() => writer.write('late'))) throw new Error('something is written behind the end');
    if (!sender.sendBinary(Uint8Array.of(1))) throw new Error('nothing can be sent behind the message');
    sender.receiveEnd();
    const bytes = Uint8Array.from(wire);
    const inside = cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b);
    const subject = new Subject(kernel, { role, limits: {} }, 'bytes');
    subject.messages(chunksOf({ bytes, cuts: inside }), decoded);
    subject.connection.receiveEnd();
    expected.clear();
    expected.begin(TAG[kind]);
    expected.put(model.bytes);
    for (const _ of parts) {
      expected.begin(TAG.text);
      expected.put([0x61]);
    }
    expected.begin(TAG.binary);
    expected.put([1]);
    same('what was told', decoded, 'what was written', expected);
    if (kind === 'text') checkPrepared(Uint8Array.from(model.bytes), kernel);
  },
};

/** The same text, framed once: as it is, and as bytes. */
function checkPrepared(bytes: Uint8Array, kernel: KernelKind): void {
  const wires = [
    new PreparedMessage(bytes, { text: true }),
    new PreparedMessage(Buffer.from(bytes).toString()),
    new PreparedMessage(bytes, { text: true, compress: false }),
  ].map((message) => {
    if (message.length !== bytes.length)
      throw new Error(`a length of ${message.length}, not ${bytes.length}`);
    const wire: number[] = [];
    const server = writerTo(wire, kernel, 'server');
    server.sendPrepared(message);
    server.receiveEnd();
    return String(wire);
  });
  if (new Set(wires).size > 1) throw new Error('prepared messages differ');
}
