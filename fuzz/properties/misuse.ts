import {
  Codec,
  type CodecOptions,
  Connection,
  type ConnectionHandler,
  type DeflateEngine,
  type DeflateOptions,
  type DeflateParameters,
  DeflatePool,
  Endpoint,
  type EndpointOptions,
  type Extension,
  FrameDecoder,
  FrameEncoder,
  type KernelKind,
  MemoryBudget,
  type Opcode,
  PermessageDeflate,
  PreparedMessage,
  type PreparedOptions,
  type ProtocolError,
  type Role,
  setRandomSource,
} from '@x/frame-codec';
import type fc from 'fast-check';
import type { Random } from '../arbitraries/random.js';
import { RandomArbitrary } from '../arbitraries/random-arbitrary.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { codecOf, Subject } from './subjects.js';

/** Calls that a caller got wrong, in an order. */
export interface MisuseInput {
  readonly role: Role;
  readonly calls: readonly number[];
}

/** A connection and an encoder that are called in the wrong way. */
interface Victim {
  readonly connection: Connection<undefined>;
  readonly encoder: FrameEncoder;
  readonly role: Role;
  readonly kernel: KernelKind;
}

/** What untyped callers pass. The types forbid it, and a cast stands for whoever has none. */
const WRONG = 5 as unknown;
const wrongText = WRONG as string;
const wrongBytes = WRONG as Uint8Array;
const long = new Uint8Array(126);
const notUtf8 = Uint8Array.of(0x61, 0xff);

const HANDLER: ConnectionHandler<undefined> = { write: () => true, end: () => {} };

/** One mistake a line: each throws a `TypeError` or a `RangeError`. */
const MISTAKES: readonly ((victim: Victim) => unknown)[] = [
  ({ connection }) => connection.sendText(wrongText),
  () => setRandomSource(WRONG as (bytes: Uint8Array) => void),
  ({ connection }) => connection.sendBinary(wrongBytes),
  ({ connection }) => connection.sendTextBytes(wrongBytes),
  ({ connection }) => connection.sendTextBytes(notUtf8),
  ({ connection }) => connection.sendTextBytes(Uint8Array.of(0xe2, 0x82)),
  ({ connection }) => connection.ping(long),
  ({ connection }) => connection.pong(long),
  ({ connection }) => connection.ping(wrongBytes),
  ({ connection }) => connection.close(999),
  ({ connection }) => connection.close(1005),
  ({ connection }) => connection.close(1000.5),
  ({ connection }) => connection.close(WRONG as number, wrongText),
  ({ connection }) => connection.close(wrongText as unknown as number),
  ({ connection }) => connection.close('1000' as unknown as number),
  ({ connection }) => connection.close(undefined, 'a reason alone'),
  ({ connection }) => connection.close(1000, 'é'.repeat(62)),
  ({ connection }) => connection.receive(wrongBytes),
  ({ connection }) => connection.receiveInbox(-1),
  ({ connection }) => connection.receiveInbox(1e6),
  ({ connection }) => connection.startMessage('pong' as 'text'),
  ({ connection, role }) => {
    if (role === 'server') throw new TypeError('only clients cannot');
    connection.sendPrepared(new PreparedMessage('a'));
  },
  () => new PreparedMessage(wrongText),
  ({ encoder }) => encoder.encode(3 as Opcode, new Uint8Array(0)),
  ({ encoder }) => encoder.encode(16 as Opcode, new Uint8Array(0)),
  ({ encoder }) => encoder.encode(9, long),
  ({ encoder }) => encoder.encode(9, new Uint8Array(0), { fin: false }),
  ({ encoder }) => encoder.encode(1, wrongBytes),
  ({ encoder }) => encoder.encodeInto(new Uint8Array(10), 0, 1, new Uint8Array(5)),
  ({ encoder }) => encoder.encodeInto(new Uint8Array(100), -1, 1, new Uint8Array(5)),
  ({ encoder }) => encoder.encodeHead(new Uint8Array(4), 0, 2, 5),
  ({ encoder }) => encoder.encodeHead(new Uint8Array(20), 0, 2, -1),
  ({ kernel }) => new Endpoint({ role: 'peer' as Role, codec: codecOf(kernel) }),
  ({ kernel }) => new Endpoint({ role: 'client', codec: codecOf(kernel), maxMessageLength: -1 }),
  ({ kernel }) => new Endpoint({ role: 'client', codec: codecOf(kernel), maxFragments: 0 }),
  () => new Codec({ kernel: WRONG as 'wasm' }),
  ({ connection }) => connection.fail(new Error('no ProtocolError') as ProtocolError),
  ({ kernel }) => new Endpoint({ role: 'client', codec: codecOf(kernel), maxTurnLength: 0 }),
  () => new Endpoint(undefined as unknown as EndpointOptions),
  () => new Endpoint(null as unknown as EndpointOptions),
  () => new Endpoint({ role: 'client', maxMessageLenght: 1 } as EndpointOptions),
  () => new Codec({ kernal: 'script' } as CodecOptions),
  () => new PreparedMessage('a', { binary: true } as PreparedOptions),
  () => new DeflatePool({ engine: PAKO, level: 1 } as DeflateOptions),
  () => new Connection(WRONG as Endpoint, HANDLER, undefined),
  ({ kernel }) => extended(kernel, [], {} as ConnectionHandler<undefined>),
  ({ kernel }) => extended(kernel, [], null as unknown as ConnectionHandler<undefined>),
  () => new Endpoint({ role: 'client', codec: WRONG as Codec }),
  () => new Endpoint({ role: 'client', maskingKey: WRONG as () => number }),
  () => new Endpoint({ role: 'client', memory: WRONG as MemoryBudget }),
  () => new MemoryBudget(0),
  ({ kernel }) => keepsFrames(kernel),
  () => new PreparedMessage(notUtf8, { text: true }),
  () => new DeflatePool({ engine: PAKO, threshold: 0.5 }),
  () => new DeflatePool({ engine: {} as DeflateEngine }),
  () => new PermessageDeflate('peer' as Role, WINDOWS, POOL),
  () => new PermessageDeflate('client', { ...WINDOWS, serverMaxWindowBits: 16 }, POOL),
  ({ kernel }) => extended(kernel, [claiming(0x40), claiming(0x60)]),
  ({ kernel }) => extended(kernel, [claiming(0x80)]),
  ({ kernel }) => extended(kernel, [claiming(0x20)]).receive(Uint8Array.of(0xa2, 1, 0x61)),
  ({ kernel }) => inHandler(kernel, (connection) => connection.receive(long)),
  ({ kernel }) => inHandler(kernel, (connection) => connection.receiveInbox(0)),
  ({ kernel }) => inHandler(kernel, () => extended(kernel, []).receiveInbox(0)),
  ({ kernel }) => inHandler(kernel, () => deeper(kernel)),
  // A module that is sound, and empty.
  () => new Codec({ kernel: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) }),
];

const WINDOWS: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const POOL = new DeflatePool({ engine: PAKO });

/** An extension that claims bits of the first frame, and throws what is no fault of the peer. */
function claiming(first: number): Extension {
  return {
    name: 'x-claiming',
    claims: { first, continuation: 0 },
    decodes: 'marked',
    decode: () => {
      throw new TypeError('thrown by an extension');
    },
    encode: (payload) => payload,
    close: () => {},
  };
}

function extended(
  kernel: KernelKind,
  extensions: readonly Extension[],
  handler = HANDLER,
): Connection<undefined> {
  const endpoint = new Endpoint({ role: 'client', codec: codecOf(kernel) });
  return new Connection(endpoint, handler, undefined, extensions);
}

/** Throws from inside a handler of frames, of which a decoder keeps what is left: there is no memory of others for it. */
function keepsFrames(kernel: KernelKind): void {
  const memory = new MemoryBudget(1);
  const thrower = (): void => {
    throw new TypeError(`${memory.used} bytes are counted`);
  };
  const endpoint = new Endpoint({ role: 'client', codec: codecOf(kernel), memory });
  new FrameDecoder(endpoint, thrower).receive(Uint8Array.of(0x82, 1, 0, 0x82, 1, 0));
}

/** Runs `act` inside a handler of another connection. */
function inHandler(
  kernel: KernelKind,
  act: (connection: Connection<undefined>) => void,
  codec: Codec = codecOf(kernel),
): void {
  const connection = new Connection<undefined>(
    new Endpoint({ role: 'client', codec }),
    { write: () => true, end: () => {}, text: act },
    undefined,
  );
  connection.receive(Uint8Array.of(0x81, 1, 0x61));
}

/** Each handler feeds the next connection, without end. */
function deeper(kernel: KernelKind): void {
  inHandler(kernel, () => deeper(kernel));
}

function writeMisuse(random: Random): MisuseInput {
  const calls = Array.from({ length: random.below(12) }, () => random.below(MISTAKES.length));
  return { role: random.pick(['client', 'server'] as const), calls };
}

function* shrinkMisuse(input: MisuseInput): Iterable<MisuseInput> {
  for (const index of input.calls.keys())
    yield { ...input, calls: input.calls.filter((_, other) => other !== index) };
}

const misuseInput: fc.Arbitrary<MisuseInput> = new RandomArbitrary(writeMisuse, shrinkMisuse);

export const misuse: Property<MisuseInput> = {
  name: 'misuse',
  claim:
    'a mistake of the caller throws TypeError or RangeError, writes nothing, and leaves the connection at work',
  part: 'codec',
  slow: true,
  arbitrary: misuseInput,
  check: ({ role, calls }, kernel) => {
    const subject = new Subject(kernel, { role, limits: {} }, 'bytes');
    const { connection } = subject;
    const encoder = new FrameEncoder(new Endpoint({ role, codec: codecOf(kernel) }));
    for (const call of calls) {
      let thrown: unknown;
      try {
        MISTAKES[call]?.({ connection, encoder, role, kernel });
      } catch (error) {
        thrown = error;
      }
      if (!(thrown instanceof TypeError || thrown instanceof RangeError))
        throw new Error(`mistake ${call} throws ${String(thrown)}`);
      if (subject.sent().length > 0 || subject.events.length > 0)
        throw new Error(`mistake ${call} does something`);
    }
    if (!connection.isOpen || !connection.sendText('ok')) throw new Error('not at work any more');
    // Without a codec of its own an endpoint has the one of the thread.
    const { codec } = new Endpoint({ role });
    let depth = 0;
    const goDeeper = (): void => {
      if (++depth < 3) inHandler(kernel, goDeeper, codec);
    };
    goDeeper();
    if (depth < 3 || codec.kind !== 'wasm' || codecOf(kernel).kind !== kernel)
      throw new Error('another kernel');
    const sent = subject.sent();
    if (sent.length !== (role === 'client' ? 8 : 4))
      throw new Error(`${sent.length} bytes were sent for "ok"`);
    connection.receiveEnd();
  },
};
