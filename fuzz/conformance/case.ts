import type { Agreement } from './deflate.js';

/** The side that is tested; the tester plays the other one. */
export type Role = 'server' | 'client';

/** A frame as the tester writes it; whatever a field says is written, right or wrong. */
export interface Frame {
  /** FIN, the reserved bits and the opcode */
  readonly first: number;
  readonly payload: Uint8Array;
  /** the payload length that the head announces, where that is not the length of the payload */
  readonly length?: number;
  /** bytes behind the second byte that the length takes: 0, 2 or 8; without it the fewest */
  readonly lengthSize?: 0 | 2 | 8;
  /** the eight bytes of an extended payload length, in hex, where no number says it */
  readonly extendedLength?: string;
  /** whether it is masked; without it as §5.1 has it */
  readonly masked?: boolean;
  /** in hex */
  readonly maskingKey?: string;
  /** only so many bytes of the frame are sent */
  readonly cutTo?: number;
  /** so many bytes of the frame are not sent: they were before */
  readonly dropped?: number;
}

/** What comes back, frames put together to messages. */
export type Heard =
  | { readonly kind: 'text' | 'binary' | 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly kind: 'close'; readonly code: number | undefined; readonly reason: Uint8Array }
  /** the tested side has ended the TCP connection */
  | { readonly kind: 'end' }
  /** the tested side broke a rule itself */
  | { readonly kind: 'broken'; readonly rule: string };

/** What must come back next, and nothing before it. */
export interface ExpectedOne {
  readonly kind: 'text' | 'binary' | 'pong';
  readonly payload: Uint8Array;
}

/** What must come back. */
export type Expected =
  | ExpectedOne
  /** §5.5.3: pongs for these pings, in order; for any but the last of them there may be none */
  | { readonly kind: 'pongs'; readonly payloads: readonly Uint8Array[] };

/** A step of a case: something is sent, or something must come. */
export type Step =
  /** frames in one write, or in writes of `pieces` bytes */
  | { readonly do: 'send'; readonly frames: readonly Frame[]; readonly pieces?: number }
  /** a message, compressed where that was agreed on; `fragment` is the payload length of its frames */
  | {
      readonly do: 'message';
      readonly kind: 'text' | 'binary';
      readonly payload: Uint8Array;
      readonly fragment?: number;
      /** default true */
      readonly compressed?: boolean;
      /** what follows in the same write */
      readonly behind?: readonly Frame[];
    }
  | { readonly do: 'expect'; readonly events: readonly Expected[] };

/** How a connection must end once all steps were taken. */
export type Ending =
  /** the tester closes with 1000, and that is answered in kind */
  | { readonly how: 'closing handshake' }
  /** the tester sent a close frame: one with one of these codes answers it (`undefined`: a frame without code) */
  | { readonly how: 'closed'; readonly codes: readonly (number | undefined)[] }
  /** the tested side fails the connection (§7.1.7), with one of these codes */
  | { readonly how: 'failed'; readonly codes: readonly number[] }
  /** the tester ends the TCP connection, and so does the tested side */
  | { readonly how: 'dropped' }
  /** the client takes the handshake for failed (§4.1), and sends no frame */
  | { readonly how: 'refused' };

/** What the tested side is set up with; the names are those of npm `ws`. */
export interface SubjectOptions {
  readonly maxPayload?: number;
  readonly perMessageDeflate?: boolean | Readonly<Record<string, boolean | number>>;
}

/** An opening handshake with extensions, as one role sees it. */
export interface Opening {
  readonly options: SubjectOptions;
  /** lines of Sec-WebSocket-Extensions that the tester sends: an offer, or the answer to one */
  readonly fields: readonly string[];
  /** what the tested side must say in that field; `null` for nothing; without it anything goes */
  readonly says?: string | null;
  /** what is then agreed on */
  readonly agreed?: Agreement;
}

/** One row of the conformance table. */
export interface Case {
  /** family/name */
  readonly id: string;
  /** of RFC 6455, or with the number of another in front: `7692 §7.2.1` */
  readonly section: string;
  /** what is right */
  readonly says: string;
  readonly steps: readonly Step[] | (() => readonly Step[]);
  readonly ending: Ending;
  /** handshakes other than the plain one; a role that has none does not run the case */
  readonly opening?: { readonly [role in Role]?: Opening };
  readonly roles?: readonly Role[];
  readonly maxPayload?: number;
  /** times are told, and it runs when nothing else does */
  readonly timed?: boolean;
}

/** Whether a role runs a case. */
export function isFor(each: Case, role: Role): boolean {
  if (each.roles !== undefined && !each.roles.includes(role)) return false;
  return each.opening === undefined || each.opening[role] !== undefined;
}

const encoder = new TextEncoder();
const FIN = 0x80;

export function bytesOf(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? encoder.encode(payload) : payload;
}

/** The bytes of hex. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** The opcodes of §5.2, written down here a second time on purpose. */
export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

type Payload = string | Uint8Array;
type Details = Omit<Frame, 'first' | 'payload'>;

export const frame = (first: number, payload: Payload = '', details: Details = {}): Frame => ({
  first,
  payload: bytesOf(payload),
  ...details,
});
export const text = (payload: Payload = '', details?: Details): Frame =>
  frame(FIN + OP.text, payload, details);
export const binary = (payload: Payload = '', details?: Details): Frame =>
  frame(FIN + OP.binary, payload, details);
export const ping = (payload: Payload = '', details?: Details): Frame =>
  frame(FIN + OP.ping, payload, details);
export const pong = (payload: Payload = '', details?: Details): Frame =>
  frame(FIN + OP.pong, payload, details);
/** The first frame of a message of several. */
export const textBegins = (payload: Payload = '', details?: Details): Frame =>
  frame(OP.text, payload, details);
export const binaryBegins = (payload: Payload = '', details?: Details): Frame =>
  frame(OP.binary, payload, details);
export const goesOn = (payload: Payload = '', details?: Details): Frame =>
  frame(OP.continuation, payload, details);
export const ends = (payload: Payload = '', details?: Details): Frame =>
  frame(FIN + OP.continuation, payload, details);
/** A close frame; without a code an empty one. */
export function close(code?: number, reason: Payload = ''): Frame {
  if (code === undefined) return frame(FIN + OP.close);
  return frame(FIN + OP.close, Uint8Array.of(Math.floor(code / 256), code % 256, ...bytesOf(reason)));
}

export const send = (...frames: readonly Frame[]): Step => ({ do: 'send', frames });
export const sendIn = (pieces: number, ...frames: readonly Frame[]): Step => ({ do: 'send', frames, pieces });
export const expect = (...events: readonly Expected[]): Step => ({ do: 'expect', events });
export const isText = (payload: Payload): Expected => ({ kind: 'text', payload: bytesOf(payload) });
export const isBinary = (payload: Payload): Expected => ({ kind: 'binary', payload: bytesOf(payload) });
export const isPong = (payload: Payload): Expected => ({ kind: 'pong', payload: bytesOf(payload) });
/** What a text or binary message is answered with: itself. */
export const isEcho = (kind: 'text' | 'binary', payload: Payload): Expected => ({
  kind,
  payload: bytesOf(payload),
});

/** A ping that must be answered next: whatever came before has been dealt with, and nothing else came of it. */
export const nothingElse = (mark: string): readonly Step[] => [send(ping(mark)), expect(isPong(mark))];

export const CLOSING_HANDSHAKE: Ending = { how: 'closing handshake' };
export const closed = (...codes: readonly (number | undefined)[]): Ending => ({ how: 'closed', codes });
export const failed = (...codes: readonly number[]): Ending => ({ how: 'failed', codes });

/** `length` bytes that repeat the alphabet. */
export function letters(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = 0x61 + (index % 26);
  return bytes;
}

/** `length` bytes of all values. */
export function octets(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 167 + (index >> 8) * 13 + 254;
  return bytes;
}
