import {
  anyStream,
  chunksOf,
  type PlantedInput,
  plantedStream,
  type ValidInput,
  validStream,
} from '../arbitraries/stream.js';
import type { StreamInput } from '../arbitraries/stream-input.js';
import { FrameModel } from '../models/frames.js';
import { type Outcome, outcomeOf } from '../models/messages.js';
import { isUtf8 } from '../models/utf8.js';
import { modelOf } from './frames.js';
import type { Property } from './property.js';
import { type Manner, Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

const expected = new Transcript();

function writeClose(to: Transcript, code: number, reason: ArrayLike<number>, clean: boolean): void {
  to.begin(TAG.close);
  to.put([code >> 8, code & 255, clean ? 1 : 0]);
  to.put(reason);
}

function writeClosing(to: Transcript, code: number, reason: ArrayLike<number>): void {
  to.begin(TAG.closing);
  to.put([code >> 8, code & 255]);
  to.put(reason);
  to.begin(TAG.end);
  writeClose(to, code, reason, true);
}

function writeOutcome({ events }: Outcome, to: Transcript): void {
  to.clear();
  for (const event of events) {
    if (event.kind === 'closing') {
      writeClosing(to, event.code, event.reason);
      return;
    }
    if (event.kind === 'error') {
      to.begin(TAG.error);
      to.latin1(event.position === undefined ? event.violation : `${event.violation} at ${event.position}`);
      to.begin(TAG.end);
      writeClose(to, 1006, [], false);
      return;
    }
    to.begin(TAG[event.kind]);
    to.put(event.payload);
  }
  writeClose(to, 1006, [], false);
}

/** The frames that a subject sent, read by the slow model, which they must please. */
export function framesSent(bytes: Uint8Array, masked: boolean): FrameModel['frames'] {
  const big = Number.MAX_SAFE_INTEGER;
  const limits = { maxFrameLength: big, maxMessageLength: big, maxFragments: 0x7fff_ffff };
  const model = new FrameModel({ masked, rsv1: false, checkText: true, ...limits });
  model.push(bytes);
  if (model.fault !== undefined)
    throw new Error(`what was sent breaks a rule: ${model.fault.violation} at ${model.fault.position}`);
  if (model.frames.some(({ whole }) => !whole)) throw new Error('a frame was sent by half');
  return model.frames;
}

function checkReplies(subject: Subject, masked: boolean, { replies }: Outcome): void {
  const sent = framesSent(subject.sent(), masked);
  if (sent.length !== replies.length)
    throw new Error(`${sent.length} frames were sent, not ${replies.length}`);
  for (const [index, { opcode, payload, anyReason }] of replies.entries()) {
    const frame = sent[index];
    if (frame === undefined || frame.first !== (0x80 | opcode))
      throw new Error(`reply ${index} is no opcode ${opcode}`);
    const told = anyReason ? frame.payload.slice(0, payload.length) : frame.payload;
    if (told.length !== payload.length || told.some((byte, at) => byte !== payload[at]))
      throw new Error(`reply ${index} carries ${frame.payload}, not ${payload}`);
    if (!isUtf8(frame.payload.slice(2)) && anyReason)
      throw new Error(`the reason of reply ${index} is no UTF-8`);
  }
}

/** A manner for each input, by its length: none is left out. */
function mannerFor({ bytes }: StreamInput): Manner {
  return (['strings', 'bytes', 'memory', 'parts'] as const)[bytes.length % 4] ?? 'bytes';
}

export const messagesModel: Property<StreamInput> = {
  name: 'messages-model',
  claim:
    'messages, control frames, replies, close codes and errors are those of a slow model (§5.4, §5.5, §7)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    const subject = new Subject(kernel, input, mannerFor(input)).run(chunksOf(input));
    const outcome = outcomeOf(modelOf(input));
    writeOutcome(outcome, expected);
    same('connection', subject.events, 'model', expected);
    checkReplies(subject, input.role === 'client', outcome);
  },
};

export const messagesAnySplit: Property<StreamInput> = {
  name: 'messages-any-split',
  claim: 'however a stream is cut, and however messages are taken, the same is told and sent (§5.4, §6.2)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    const whole = new Subject(kernel, input, mannerFor(input)).run([input.bytes]);
    for (const manner of ['strings', 'parts'] as const) {
      const split = new Subject(kernel, input, manner).run(chunksOf(input));
      same('in one piece', whole.events, `in chunks, as ${manner}`, split.events);
      same('sent in one piece', whole.writes, `sent in chunks, as ${manner}`, split.writes);
    }
  },
};

export const messagesPause: Property<StreamInput> = {
  name: 'messages-pause',
  claim: 'a handler that pauses behind any event loses nothing and changes nothing but the time (§6.2)',
  part: 'codec',
  arbitrary: anyStream,
  check: (input, kernel) => {
    const straight = new Subject(kernel, input, mannerFor(input)).run(chunksOf(input));
    const pausing = new Subject(kernel, input, mannerFor(input));
    pausing.pauseEvery = 1 + (input.bytes.length % 3);
    pausing.run(chunksOf(input));
    same('straight', straight.events, 'with pauses', pausing.events);
    same('sent straight', straight.writes, 'sent with pauses', pausing.writes);
  },
};

export const messagesKernels: Property<StreamInput> = {
  name: 'messages-kernels',
  claim: 'connections tell and send the same over both kernels (§5–§8)',
  part: 'kernels',
  arbitrary: anyStream,
  check: (input) => {
    const wasm = new Subject('wasm', input, mannerFor(input)).run(chunksOf(input));
    const script = new Subject('script', input, mannerFor(input)).run(chunksOf(input));
    same('wasm', wasm.events, 'script', script.events);
    same('sent by wasm', wasm.writes, 'sent by script', script.writes);
  },
};

export const messagesValid: Property<ValidInput> = {
  name: 'messages-valid',
  claim: 'a stream that keeps every rule gives the messages that were put into it (§5, §6, §7.1.5)',
  part: 'codec',
  arbitrary: validStream,
  check: (input, kernel) => {
    const { told, close } = input;
    const subject = new Subject(kernel, input, mannerFor(input)).run(chunksOf(input));
    expected.clear();
    for (const { kind, payload } of told) {
      expected.begin(TAG[kind]);
      expected.put(payload);
    }
    if (close === undefined) writeClose(expected, 1006, [], false);
    else writeClosing(expected, close.code, close.reason);
    same('connection', subject.events, 'what was put in', expected);
  },
};

/** The codes of §7.4.1, by rule, written down a second time: the table of the codec is held against it. */
const CLOSE_CODES: Readonly<Record<string, number>> = {
  'text-not-utf8': 1007,
  'close-reason-not-utf8': 1007,
  'frame-too-long': 1009,
  'message-too-long': 1009,
  'fragments-too-many': 1008,
};

export const messagesPlanted: Property<PlantedInput> = {
  name: 'messages-planted',
  claim: 'a rule that is broken once fails the connection with the close code it earns (§7.1.7, §7.4.1)',
  part: 'codec',
  arbitrary: plantedStream,
  check: (input, kernel) => {
    const { violation, position, role } = input;
    const subject = new Subject(kernel, input, mannerFor(input)).run(chunksOf(input));
    const line = position === undefined ? `error ${violation}` : `error ${violation} at ${position}`;
    const ends = subject.events.lines().slice(-3);
    const rest = ['end', 'close 03 ee 00'];
    if (ends.join('; ') !== [line, ...rest].join('; '))
      throw new Error(`expected "${[line, ...rest].join('; ')}", not "${ends.join('; ')}"`);
    const close = framesSent(subject.sent(), role === 'client').at(-1);
    const [high = 0, low = 0] = close?.payload ?? [];
    const code = CLOSE_CODES[violation] ?? 1002;
    if (close?.first !== 0x88 || high * 256 + low !== code)
      throw new Error(`expected a close frame with ${code}, not ${high * 256 + low}`);
  },
};
