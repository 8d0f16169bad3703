import {
  type DeflateEngine,
  type DeflateParameters,
  DeflatePool,
  type Extension,
  PermessageDeflate,
  type Role,
  RSV,
} from '@x/frame-codec';
import fc from 'fast-check';
import { chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { otherRole, send, writerTo } from './round-trip.js';
import { type Manner, Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

/** Messages that pass extensions, and how they are taken. */
export interface LayersInput {
  readonly stream: ValidInput;
  readonly deflate: boolean;
  /** an extension that turns bits over in all messages, and marks first frames or all */
  readonly flip: 'all' | 'marked' | undefined;
  readonly takeover: boolean;
  readonly manner: Manner;
  readonly maxTurnLength: number;
  readonly pauseEvery: number;
  readonly compress: boolean;
}

/** More are not worth their time: deflating in script is slow. */
const MOST = 10;
const expected = new Transcript();
const decoded = new Transcript();

/** Turns the bits of each byte over, and back. */
function flipping(decodes: 'all' | 'marked'): Extension {
  const turned = (payload: Uint8Array): Uint8Array => payload.map((byte) => byte ^ 0xff);
  return {
    name: 'x-flip',
    claims: { first: RSV.rsv2, continuation: 0 },
    decodes,
    decode: (payload, _part, emit) => {
      emit(turned(payload));
      return payload.length;
    },
    encode: (payload, part) => {
      if (decodes === 'marked' && part.firstOfMessage) part.rsv |= RSV.rsv2;
      return turned(payload);
    },
    close: () => {},
  };
}

/** An engine that counts what it made and what was closed. */
class Counted implements DeflateEngine {
  open = 0;

  deflater(windowBits: number): ReturnType<DeflateEngine['deflater']> {
    return this.#counted(PAKO.deflater(windowBits));
  }

  inflater(windowBits: number): ReturnType<DeflateEngine['inflater']> {
    return this.#counted(PAKO.inflater(windowBits));
  }

  #counted<Engine extends { close(): void }>(engine: Engine): Engine {
    this.open++;
    const close = (): void => {
      this.open--;
      engine.close();
    };
    return { ...engine, close };
  }
}

function layersOf({ deflate, flip, takeover }: LayersInput, role: Role, pool: DeflatePool): Extension[] {
  const parameters: DeflateParameters = {
    serverNoContextTakeover: !takeover,
    clientNoContextTakeover: !takeover,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 9,
  };
  return [
    ...(deflate ? [new PermessageDeflate(role, parameters, pool)] : []),
    ...(flip === undefined ? [] : [flipping(flip)]),
  ];
}

export const layersRoundTrip: Property<LayersInput> = {
  name: 'layers-round-trip',
  claim:
    'what passes several extensions, with turns and pauses, comes out as it was, and engines are closed (§9.1, §5.8)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    stream: validStream,
    deflate: fc.boolean(),
    flip: fc.constantFrom('all' as const, 'marked' as const, undefined),
    takeover: fc.boolean(),
    manner: fc.constantFrom<Manner>('strings', 'bytes', 'memory', 'parts'),
    maxTurnLength: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(1_048_576)),
    pauseEvery: fc.nat(3),
    compress: fc.boolean(),
  }),
  check: (input, kernel) => {
    const { stream, manner, maxTurnLength, pauseEvery, compress } = input;
    const { role, limits } = stream;
    const engine = new Counted();
    const pool = new DeflatePool({ engine, threshold: compress ? 0 : 1024 });
    const wire: number[] = [];
    // More of them than a pool keeps engines for, so that some are closed at once.
    const senders = Array.from({ length: 7 }, () =>
      writerTo(wire, kernel, otherRole(role), layersOf(input, otherRole(role), pool)),
    );
    const [sender] = senders;
    if (sender === undefined) return;
    const told = stream.told.slice(0, MOST);
    expected.clear();
    for (const [index, message] of told.entries()) {
      send(sender, message, index + message.payload.length);
      expected.begin(TAG[message.kind]);
      expected.put(message.payload);
    }
    const bytes = Uint8Array.from(wire);
    for (const each of senders.slice(1)) each.sendBinary(bytes.subarray(0, 50));
    // A pool may be closed before its connections end.
    if (pauseEvery === 1) pool.close();
    for (const each of senders.slice(1)) each.sendText('é', { compress: false });
    for (const each of senders.slice(1)) each.startMessage('text', { compress: false }).end('a');
    for (const each of senders.slice(1)) each.sendTextBytes(Uint8Array.of(0x61), { trusted: true });
    for (const each of senders) each.receiveEnd();
    const cuts = stream.cuts.filter((cut) => cut < bytes.length);
    for (const yields of [false, true]) {
      const options = { role, limits: { ...limits, maxFragments: 100, maxTurnLength }, yields };
      const subject = new Subject(kernel, options, manner, layersOf(input, role, pool));
      subject.pauseEvery = pauseEvery;
      const { error } = subject.messages(chunksOf({ bytes, cuts }), decoded);
      subject.connection.receiveEnd();
      if (error !== undefined) throw error;
      same(yields ? 'told in turns' : 'told at once', decoded, 'what was sent', expected);
      if (!yields && subject.turns > 0) throw new Error('a turn that nobody asked for');
    }
    pool.close();
    if (engine.open !== 0) throw new Error(`${engine.open} engines are left open`);
  },
};
