import {
  Connection,
  type ConnectionHandler,
  Endpoint,
  type Extension,
  type FrameBits,
  FrameEncoder,
  type KernelKind,
  type Opcode,
  PreparedMessage,
  type Role,
} from '@x/frame-codec';
import type fc from 'fast-check';
import type { Told } from '../arbitraries/groups.js';
import { anyLength, octets } from '../arbitraries/payload.js';
import type { Random } from '../arbitraries/random.js';
import { RandomArbitrary } from '../arbitraries/random-arbitrary.js';
import { chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import type { StreamInput } from '../arbitraries/stream-input.js';
import { framesSent } from './messages.js';
import type { Property } from './property.js';
import { codecOf, decodeFrames, Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

const expected = new Transcript();
const decoded = new Transcript();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function otherRole(role: Role): Role {
  return role === 'server' ? 'client' : 'server';
}

/** A connection that only writes. */
export function writerTo(
  bytes: number[],
  kernel: KernelKind,
  role: Role,
  extensions: readonly Extension[] = [],
): Connection<undefined> {
  const handler: ConnectionHandler<undefined> = {
    write: (_, written) => {
      for (const byte of written) bytes.push(byte);
      return true;
    },
    end: () => {},
  };
  return new Connection(new Endpoint({ role, codec: codecOf(kernel) }), handler, undefined, extensions);
}

/** Sends a message by one of the ways there are; `way` chooses. */
export function send(connection: Connection<undefined>, { kind, payload }: Told, way: number): void {
  if (kind === 'ping') connection.ping(payload);
  else if (kind === 'pong') connection.pong(payload);
  else if (way % 5 === 1) {
    const message = connection.startMessage(kind);
    const cut = (way >> 3) % (payload.length + 1);
    // As characters, up to the last that is whole; a pair of surrogates is torn apart.
    const text = kind === 'text' && way % 3 === 0 ? decoder.decode(payload) : '';
    if (text !== '') {
      message.write(text.slice(0, text.length >> 1));
      message.end(text.slice(text.length >> 1));
      return;
    }
    message.write(payload.subarray(0, cut));
    if (way % 2 === 0) connection.flush();
    message.end(payload.subarray(cut));
  } else if (way % 5 === 2 && !connection.endpoint.masks) {
    connection.sendPrepared(new PreparedMessage(kind === 'text' ? decoder.decode(payload) : payload));
  } else if (kind === 'binary') connection.sendBinary(payload);
  else if (way % 5 === 3) connection.sendTextBytes(payload);
  else connection.sendText(decoder.decode(payload));
}

export const messagesRoundTrip: Property<ValidInput> = {
  name: 'messages-round-trip',
  claim:
    'what one side sends, by any way there is, the other is told, and it breaks no rule on the wire (§6.1, §6.2)',
  part: 'codec',
  arbitrary: validStream,
  check: (input, kernel) => {
    const { role, told, close, limits } = input;
    const wire: number[] = [];
    const sender = writerTo(wire, kernel, otherRole(role));
    const corked = told.length % 2 === 0;
    if (corked) sender.cork();
    for (const [index, message] of told.entries()) send(sender, message, index + message.payload.length);
    if (close !== undefined) {
      if (close.code === 1005) sender.close();
      else sender.close(close.code, decoder.decode(close.reason));
    }
    if (corked) sender.uncork();
    const bytes = Uint8Array.from(wire);
    framesSent(bytes, role === 'server');
    const cuts = input.cuts.filter((cut) => cut < bytes.length);
    const receiver = new Subject(kernel, { role, limits }, 'bytes');
    receiver.messages(chunksOf({ bytes, cuts }), decoded);
    expected.clear();
    for (const { kind, payload } of told) {
      expected.begin(TAG[kind]);
      expected.put(payload);
    }
    if (close !== undefined) {
      expected.begin(TAG.closing);
      expected.put([close.code >> 8, close.code & 255]);
      expected.put(close.reason);
    }
    same('what was told', decoded, 'what was sent', expected);
  },
};

/** A frame to encode, and the key that it is to be masked with. */
export interface EncodedFrame {
  readonly opcode: Opcode;
  readonly fin: boolean;
  /** RSV1, RSV2 and RSV3, the first the highest bit */
  readonly rsv: number;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly maskingKey: number;
}

/** Frames of one sender, in an order that is allowed. */
export interface EncodedFrames extends Pick<StreamInput, 'role' | 'cuts'> {
  readonly frames: readonly EncodedFrame[];
}

/** Opcodes as §5.4 allows them: a continuation while a message is open. */
function writeFrames(random: Random): EncodedFrames {
  const role = random.pick(['client', 'server'] as const);
  let open = false;
  const frames = Array.from({ length: random.below(40) }, (): EncodedFrame => {
    // On both sides of the longest that 16 bits tell.
    const payload = octets(random, random.once(400) ? random.pick([65_535, 65_536]) : anyLength(random));
    const maskingKey = random.once(8) ? random.pick([0, 1, -1, 0x80000000 | 0]) : random.next() | 0;
    if (random.once(4) && payload.length <= 125)
      return { opcode: random.pick([9, 10]), fin: true, rsv: 0, payload, maskingKey };
    const opcode = open ? 0 : 2;
    const fin = !random.once(3);
    open = !fin;
    return { opcode, fin, rsv: random.once(3) ? random.below(8) : 0, payload, maskingKey };
  });
  const cuts = Array.from({ length: random.below(6) }, () => random.below(2000)).sort((a, b) => a - b);
  return { role, cuts, frames };
}

/** Without a frame, where what is left is still in an order that is allowed. */
function* shrinkFrames(input: EncodedFrames): Iterable<EncodedFrames> {
  const { cuts, frames } = input;
  if (cuts.length > 0) yield { ...input, cuts: [] };
  for (const count of [0, frames.length >> 1, frames.length - 1]) {
    if (count < frames.length) yield { ...input, frames: frames.slice(0, Math.max(0, count)) };
  }
  for (const [index, { opcode, fin }] of frames.entries()) {
    if (opcode > 2 || (opcode === 2 && fin))
      yield { ...input, frames: frames.filter((_, other) => other !== index) };
  }
}

const encodedFrames: fc.Arbitrary<EncodedFrames> = new RandomArbitrary(writeFrames, shrinkFrames);

export const framesRoundTrip: Property<EncodedFrames> = {
  name: 'frames-round-trip',
  claim: 'decode(encode(x)) = x, for every opcode, length and masking key, in place or not (§5.2, §5.3)',
  part: 'codec',
  arbitrary: encodedFrames,
  check: ({ role, cuts, frames }, kernel) => {
    let maskingKey = 0;
    const sender = otherRole(role);
    const encoder = new FrameEncoder(
      new Endpoint({ role: sender, codec: codecOf(kernel), maskingKey: () => maskingKey }),
    );
    const pieces: Uint8Array[] = [];
    expected.clear();
    for (const [index, { opcode, fin, rsv, payload, maskingKey: key }] of frames.entries()) {
      maskingKey = key;
      const bits = { fin, rsv1: (rsv & 4) !== 0, rsv2: (rsv & 2) !== 0, rsv3: (rsv & 1) !== 0 };
      const whole = encoder.encode(opcode, payload, bits);
      pieces.push(whole);
      const into = new Uint8Array(payload.length + 20).fill(0xee);
      const end = encoder.encodeInto(into, index % 6, opcode, payload, bits);
      if (Buffer.compare(into.subarray(index % 6, end), whole) !== 0)
        throw new Error('encodeInto differs from encode');
      if (into.subarray(end).some((byte) => byte !== 0xee))
        throw new Error('encodeInto writes behind the frame');
      checkPieces(encoder, opcode, payload, bits, whole, index);
      if (sender === 'client') checkKey(whole, payload, key);
      expected.begin(TAG.frame);
      expected.byte((fin ? 0x80 : 0) | (rsv << 4) | opcode);
      expected.put(payload);
    }
    const bytes = Buffer.concat(pieces);
    if (frames.every(({ rsv }) => rsv === 0)) framesSent(bytes, role === 'server');
    const limits = { maxMessageLength: Number.MAX_SAFE_INTEGER };
    const chunks = chunksOf({ bytes: new Uint8Array(bytes), cuts: cuts.filter((cut) => cut < bytes.length) });
    decodeFrames(kernel, { role, limits, allBits: true }, chunks, decoded);
    same('what was decoded', decoded, 'what was encoded', expected);
  },
};

/** The head alone, and its payload in pieces, come to the same. */
function checkPieces(
  encoder: FrameEncoder,
  opcode: Opcode,
  payload: Uint8Array,
  bits: FrameBits,
  whole: Uint8Array,
  at: number,
): void {
  const frame = new Uint8Array(14 + payload.length);
  const end = encoder.encodeHead(frame, 0, opcode, payload.length, bits);
  const size = 1 + (at % 7) + (payload.length >> 6);
  frame.set(payload, end);
  for (let from = end; from < end + payload.length; from += size) {
    encoder.maskPayload(frame.subarray(from, Math.min(from + size, end + payload.length)));
  }
  if (Buffer.compare(frame.subarray(0, end + payload.length), whole) !== 0)
    throw new Error('encodeHead and maskPayload differ from encode');
}

/** The key stands where §5.2 wants it, in the order in which §5.3 applies it. */
function checkKey(whole: Uint8Array, payload: Uint8Array, key: number): void {
  const at = whole.length - payload.length - 4;
  const written = new DataView(whole.buffer, whole.byteOffset).getInt32(at, true);
  if (written !== (key | 0)) throw new Error(`the masking key is ${written}, not ${key | 0}`);
}
