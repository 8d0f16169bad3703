import fc from 'fast-check';
import {
  anyStream,
  chunksOf,
  type StreamInput,
  type ValidInput,
  validStream,
} from '../arbitraries/stream.js';
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
  readonly maxRetainedLength: number;
}

const pausedInput: fc.Arbitrary<PausedInput> = fc.record({
  stream: validStream,
  maxRetainedLength: fc.oneof(fc.nat(400), fc.nat(20_000)),
});

export const memoryOfPauses: Property<PausedInput> = {
  name: 'memory-pauses',
  claim:
    'a paused connection keeps what comes up to its limit, loses nothing, and fails with 1008 beyond (§10.4)',
  part: 'codec',
  arbitrary: pausedInput,
  check: ({ stream, maxRetainedLength }, kernel) => {
    const { role, limits } = stream;
    const subject = new Subject(kernel, { role, limits: { ...limits, maxRetainedLength } }, 'bytes');
    const { connection } = subject;
    connection.pause();
    let fed = 0;
    for (const chunk of chunksOf(stream)) {
      connection.receive(chunk);
      fed += chunk.length;
      // Memory that is used again may be twice as long as was asked for.
      if (connection.retainedLength > 2 * maxRetainedLength)
        throw new Error(`${connection.retainedLength} bytes are kept, and ${maxRetainedLength} are allowed`);
      const failed = !connection.isOpen;
      if (failed !== fed > maxRetainedLength)
        throw new Error(`${fed} of ${maxRetainedLength} bytes: failed is ${failed}`);
      if (!failed) continue;
      const [line] = subject.events.lines();
      if (line !== 'error retained-too-much') throw new Error(`expected retained-too-much, not ${line}`);
      return;
    }
    if (subject.events.length > 0) throw new Error('a paused connection tells something');
    connection.resume();
    connection.receiveEnd();
    same(
      'paused',
      subject.events,
      'straight',
      new Subject(kernel, stream, 'bytes').run(chunksOf(stream)).events,
    );
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
    connection.close(1000);
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
