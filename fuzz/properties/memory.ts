import { ProtocolError } from '@x/frame-codec';
import fc from 'fast-check';
import { anyStream, chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import type { StreamInput } from '../arbitraries/stream-input.js';
import { FrameModel } from '../models/frames.js';
import type { Property } from './property.js';
import { Subject } from './subjects.js';
import { same } from './transcript.js';

/**
 * What ARCHITECTURE.md states: memory for a message grows to four times what has arrived, to 1 KiB at least, and to 1 MiB once 16 KiB are here,
 * and twice that where memory that is used again is longer than was asked for.
 */
function mostFor(arrived: number): number {
  return 2 * Math.max(arrived * 4, arrived < 16_384 ? 1024 : 1_048_576);
}

export const memoryOfMessages: Property<StreamInput> = {
  name: 'memory-messages',
  claim: 'memory grows with what has arrived, not with what was announced (§10.4)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    const { role, limits } = input;
    const subject = new Subject(kernel, input, 'bytes');
    const rules = { masked: role === 'server', rsv1: false, checkText: true, ...limits };
    const model = new FrameModel(rules);
    let from = 0;
    let arrived = 0;
    for (const chunk of chunksOf(input)) {
      subject.connection.receive(chunk);
      model.push(chunk);
      for (const frame of model.frames.slice(from)) {
        if (!frame.whole) break;
        from++;
        if (frame.first % 16 < 8) arrived = frame.first >= 0x80 ? 0 : arrived + frame.payload.length;
      }
      const open = model.frames.at(-1);
      const unfinished = open === undefined || open.whole ? 0 : open.payload.length;
      const { retainedLength } = subject.connection;
      const most = arrived + unfinished === 0 ? 0 : mostFor(arrived + unfinished);
      if (retainedLength > most)
        throw new Error(
          `${retainedLength} bytes are held for ${arrived + unfinished}, and ${most} are allowed`,
        );
    }
    subject.connection.receiveEnd();
    if (subject.connection.retainedLength !== 0) throw new Error('memory is held behind the end');
  },
};

/** A connection that is paused while a stream comes, and how much it may keep. */
export interface PausedInput {
  readonly stream: ValidInput;
  /** how often the stream comes, where it does not end with a close frame */
  readonly times: number;
  /** bytes that come at once; 0 for the cuts of the stream */
  readonly chunkLength: number;
  /** after how many events it is paused; 0 for before the first */
  readonly pauseAfter: number;
  readonly maxRetainedLength: number;
}

const pausedInput: fc.Arbitrary<PausedInput> = fc.record({
  stream: validStream,
  times: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(200) }),
  chunkLength: fc.oneof(fc.constant(0), fc.integer({ min: 500, max: 5000 }), fc.constant(131_072)),
  pauseAfter: fc.oneof(fc.constant(0), fc.nat(20)),
  maxRetainedLength: fc.oneof(fc.nat(400), fc.nat(20_000), fc.nat(400_000)),
});

/** Bytes of a read that is taken at once (ARCHITECTURE.md): what a pause in the middle of it may add to the limit. */
const INBOX_LENGTH = 131_072;
/** Bytes of an unfinished head, or of a control frame, that waited for the rest of it. */
const CARRY_LENGTH = 130;

function chunksFor({ stream, times, chunkLength }: PausedInput): Uint8Array[] {
  const bytes =
    stream.close === undefined && times > 1
      ? new Uint8Array(Buffer.concat(Array.from({ length: times }, () => stream.bytes)).subarray(0, 400_000))
      : stream.bytes;
  if (chunkLength === 0 && bytes === stream.bytes) return chunksOf(stream);
  const chunks: Uint8Array[] = [];
  const length = chunkLength || 1000;
  for (let at = 0; at < bytes.length; at += length) chunks.push(bytes.subarray(at, at + length));
  return chunks;
}

export const memoryOfPauses: Property<PausedInput> = {
  name: 'memory-pauses',
  claim:
    'a paused connection keeps what comes up to its limit and one inbox, loses nothing, and fails with 1008 beyond (§10.4)',
  part: 'codec',
  arbitrary: pausedInput,
  check: (input, kernel) => {
    const { stream, pauseAfter, maxRetainedLength } = input;
    const { role, limits } = stream;
    const subject = new Subject(kernel, { role, limits: { ...limits, maxRetainedLength } }, 'bytes');
    const { connection } = subject;
    const chunks = chunksFor(input);
    subject.pauseEvery = pauseAfter;
    if (pauseAfter === 0) connection.pause();
    /** bytes of the chunk that the pause began in, and of those behind it */
    let within = 0;
    let behind = 0;
    for (const chunk of chunks) {
      const wasPaused = connection.isPaused;
      connection.receive(chunk);
      if (wasPaused) behind += chunk.length;
      else within = chunk.length;
      if (!connection.isPaused && connection.isOpen) continue;
      // The message that was arriving waits too.
      const most = maxRetainedLength + (pauseAfter === 0 ? 0 : INBOX_LENGTH + subject.heldAtPause);
      if (connection.retainedLength > most)
        throw new Error(`${connection.retainedLength} bytes are kept, and ${most} are allowed`);
      if (!subject.failed) {
        if (behind > maxRetainedLength)
          throw new Error(`${behind} bytes of ${maxRetainedLength}, and no error`);
        continue;
      }
      if (behind + (pauseAfter === 0 ? 0 : within + CARRY_LENGTH) <= maxRetainedLength)
        throw new Error(`failed with ${within} and ${behind} bytes of ${maxRetainedLength}`);
      if (!subject.events.lines().includes('error retained-too-much'))
        throw new Error(`expected retained-too-much in ${subject.events.lines().at(-1)}`);
      return;
    }
    const seen = subject.events.length;
    if (pauseAfter === 0 && seen > 0) throw new Error('a paused connection tells something');
    subject.pauseEvery = 0;
    connection.resume();
    connection.receiveEnd();
    same('paused', subject.events, 'straight', new Subject(kernel, stream, 'bytes').run(chunks).events);
  },
};

export const typedErrors: Property<StreamInput> = {
  name: 'typed-errors',
  claim: 'whatever bytes come, nothing is thrown, and the end is told once and last (§7.1.5, §7.1.7)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    const subject = new Subject(kernel, input, 'strings').run(chunksOf(input));
    const { connection } = subject;
    // Behind the end nothing happens any more.
    const before = subject.events.length;
    connection.receive(input.bytes.subarray(0, 10));
    connection.receiveEnd();
    connection.resume();
    connection.proceed();
    connection.close(1000);
    connection.fail(new ProtocolError('text-not-utf8'));
    if (connection.sendText('late') || connection.isOpen)
      throw new Error('a message is taken behind the end');
    if (subject.events.length !== before) throw new Error('something is told behind the end');
    const lines = subject.events.lines();
    const kinds = lines.map((line) => line.split(' ', 1)[0]);
    if (kinds.at(-1) !== 'close' || kinds.indexOf('close') !== kinds.length - 1)
      throw new Error('close is not told once, and last');
    for (const once of ['end', 'error', 'closing']) {
      if (kinds.filter((kind) => kind === once).length > 1) throw new Error(`${once} is told twice`);
    }
    if (kinds.includes('error') !== (kinds.includes('end') && !kinds.includes('closing')))
      throw new Error('the end does not fit the error');
  },
};
