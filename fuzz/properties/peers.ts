import type { Violation } from '@x/frame-codec';
import { anyStream, chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import type { StreamInput } from '../arbitraries/stream-input.js';
import { readWithWs } from '../models/ws-receiver.js';
import type { Property } from './property.js';
import { Subject } from './subjects.js';
import { difference, Transcript } from './transcript.js';

/**
 * Where this codec fails a connection that npm ws lets go on, lets go on for longer, or fails with another code: every
 * difference that is meant, with the clause that speaks for it. There is no table for the other direction but
 * {@link WAITS}: this codec must never let pass what ws does not.
 */
export const STRICTER: Readonly<Partial<Record<Violation, string>>> = {
  'length-not-minimal': '§5.2: "the minimal number of bytes MUST be used"; ws takes any',
  'length-top-bit-set':
    '§5.2: "the most significant bit MUST be 0", a broken rule and no limit: 1002, where ws says 1009',
  'text-not-utf8': '§8.1, §7.1.7: at the byte that nothing can mend; ws looks when the message has ended',
  'frame-too-long': '§10.4: a limit for frames; ws has one for messages only',
  'fragments-too-many': '§10.4: at the head; ws looks when the payload of the frame has come',
  'message-too-long': '§10.4: at the head, before a rule that ws checks first',
  'reserved-bit-set': '§5.2: at the first byte; ws waits for the second',
  'opcode-reserved': '§5.2: at the first byte; ws waits for the second',
  'control-fragmented': '§5.5: at the first byte; ws waits for the second',
  'continuation-unexpected': '§5.4: at the first byte; ws waits for the second',
  'message-interleaved': '§5.4: at the first byte; ws waits for the second',
};

/** What ws refuses at a head whose payload has not come, while this codec waits for the whole control frame. */
const WAITS =
  'a close frame of one byte (§5.5.1), which cannot be mended, and is refused when the byte comes';

const ours = new Transcript();
const theirs = new Transcript();

/** The stream ends behind the head of a close frame with one byte of payload. */
function waitsForByte({ bytes, role }: StreamInput): boolean {
  const length = role === 'server' ? 6 : 2;
  for (let back = 2; back <= length; back++) {
    const at = bytes.length - back;
    if (bytes[at] === 0x88 && ((bytes[at + 1] ?? 0) & 0x7f) === 1) return true;
  }
  return false;
}

function compare(input: StreamInput, kernel: 'wasm' | 'script'): void {
  const chunks = chunksOf(input);
  const subject = new Subject(kernel, input, 'bytes');
  const { error } = subject.messages(chunks, ours);
  const status = readWithWs(input, chunks, theirs);
  if (error === undefined) {
    if (status !== undefined) {
      if (ours.equals(theirs) && waitsForByte(input)) return;
      throw new Error(`ws fails with ${status} and this codec does not: laxer, and not ${WAITS}`);
    }
    if (!ours.equals(theirs)) throw new Error(difference('connection', ours, 'ws', theirs));
    return;
  }
  // Where ws failed before, it has told less.
  if (!ours.begins(theirs)) throw new Error(difference('connection', ours, 'ws', theirs));
  const alike = status === error.closeCode && ours.length === theirs.length;
  if (!alike && STRICTER[error.violation] === undefined) {
    throw new Error(
      `${error.violation} (${error.closeCode}), and ws ${status === undefined ? 'goes on' : `fails with ${status}`}`,
    );
  }
}

export const wsNeverLaxer: Property<StreamInput> = {
  name: 'ws-never-laxer',
  claim: 'whatever npm ws refuses is refused, and where more is, a table says why (§5, §7, §8.1)',
  part: 'codec',
  arbitrary: anyStream,
  check: compare,
};

export const wsValid: Property<ValidInput> = {
  name: 'ws-valid',
  claim: 'of a stream that keeps every rule, the codec and npm ws tell the same (§5, §6)',
  part: 'codec',
  arbitrary: validStream,
  check: (input, kernel) => {
    compare(input, kernel);
    if (input.told.length + (input.close === undefined ? 0 : 1) !== theirs.lines().length)
      throw new Error('ws tells something else than what was put in');
  },
};
