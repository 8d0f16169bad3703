import { constants, inflateRawSync } from 'node:zlib';
import { type DeflateParameters, DeflatePool, PermessageDeflate } from '@x/frame-codec';
import fc from 'fast-check';
import { chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import { FrameModel } from '../models/frames.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { otherRole, send, writerTo } from './round-trip.js';
import { Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

/** Messages of one side, and what the handshake agreed on. */
export interface CompressedInput {
  readonly stream: ValidInput;
  readonly parameters: DeflateParameters;
  readonly threshold: number;
}

const bits = fc.integer({ min: 8, max: 15 });
const compressedInput: fc.Arbitrary<CompressedInput> = fc.record({
  stream: validStream,
  parameters: fc.record({
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: bits,
    clientMaxWindowBits: bits,
  }),
  threshold: fc.constantFrom(0, 10, 1024),
});

/** More are not worth their time: deflating in script is slow. */
const MOST = 12;
const expected = new Transcript();
const decoded = new Transcript();

/** Pools by threshold, for all inputs: engines are used again, as they are by the connections of a server. */
const POOLS = new Map(
  [0, 10, 1024].map((threshold) => [threshold, new DeflatePool({ engine: PAKO, threshold })]),
);

export const deflateRoundTrip: Property<CompressedInput> = {
  name: 'deflate-round-trip',
  claim:
    'what is compressed, by any way of sending, inflates to what was sent, by this codec and by zlib (RFC 7692 §7.2)',
  part: 'codec',
  slow: true,
  arbitrary: compressedInput,
  check: ({ stream, parameters, threshold }, kernel) => {
    const { role, limits } = stream;
    const told = stream.told.slice(0, MOST);
    const pool = POOLS.get(threshold) ?? new DeflatePool({ engine: PAKO, threshold });
    const sending = new PermessageDeflate(otherRole(role), parameters, pool);
    const wire: number[] = [];
    const sender = writerTo(wire, kernel, otherRole(role), [sending]);
    expected.clear();
    for (const [index, message] of told.entries()) {
      send(sender, message, index + message.payload.length);
      expected.begin(TAG[message.kind]);
      expected.put(message.payload);
    }
    sender.receiveEnd();
    const bytes = Uint8Array.from(wire);
    const cuts = stream.cuts.filter((cut) => cut < bytes.length);
    const subject = new Subject(kernel, { role, limits: { ...limits, maxFragments: 100 } }, 'bytes', [
      new PermessageDeflate(role, parameters, pool),
    ]);
    const { error } = subject.messages(chunksOf({ bytes, cuts }), decoded);
    subject.connection.receiveEnd();
    if (error !== undefined) throw error;
    same('what was told', decoded, 'what was sent', expected);
    inflateAll(bytes, role === 'server', parameters, decoded);
    same('what zlib inflates', decoded, 'what was sent', expected);
  },
};

/** Reads the frames with the slow model, and inflates them with the zlib of the runtime. */
function inflateAll(bytes: Uint8Array, masked: boolean, parameters: DeflateParameters, to: Transcript): void {
  const { clientNoContextTakeover, serverNoContextTakeover } = parameters;
  const fresh = masked ? clientNoContextTakeover : serverNoContextTakeover;
  const big = Number.MAX_SAFE_INTEGER;
  const limits = { maxFrameLength: big, maxMessageLength: big, maxFragments: 0x7fff_ffff };
  const model = new FrameModel({ masked, rsv1: true, checkText: true, ...limits });
  model.push(bytes);
  if (model.fault !== undefined) throw new Error(`what was sent breaks a rule: ${model.fault.violation}`);
  let window: Uint8Array = new Uint8Array(0);
  let head = 0;
  let parts: number[] = [];
  to.clear();
  for (const { first, payload } of model.frames) {
    const opcode = first & 15;
    if (opcode >= 8) {
      to.begin(opcode === 9 ? TAG.ping : TAG.pong);
      to.put(payload);
      continue;
    }
    if (opcode !== 0) {
      head = first;
      parts = [];
    }
    for (const byte of payload) parts.push(byte);
    if (first < 0x80) continue;
    let plain: Uint8Array = Uint8Array.from(parts);
    if ((head & 0x40) !== 0) {
      const dictionary = window.length > 0 && !fresh ? { dictionary: window } : {};
      const data = Uint8Array.from([...parts, 0, 0, 0xff, 0xff]);
      plain = inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary });
      window = Buffer.concat([window, plain]).subarray(-32_768);
    }
    to.begin((head & 15) === 1 ? TAG.text : TAG.binary);
    to.put(plain);
  }
}
