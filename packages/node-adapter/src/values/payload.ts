import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import type { Codec, Memory } from '@x/frame-codec';

/**
 * What `send`, `ping` and `pong` take. A number goes as its digits, the fragments of a message as one payload; what is
 * left goes through `Buffer.from`.
 */
export type Payload =
  | string
  | number
  | Blob
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | readonly number[]
  | readonly Uint8Array[]
  | {
      /** What is sent in its place. */
      valueOf(): string | ArrayBuffer | Uint8Array | readonly number[];
    };

/** A message as it is handed out: `Buffer` unless `binaryType` says otherwise. */
export type RawData = Buffer | ArrayBuffer | Buffer[] | Blob;

/** Bytes of whatever kind and realm. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

export const EMPTY: Buffer<ArrayBuffer> = Buffer.alloc(0);

/** Up to here a copy comes out of the shared pool of `Buffer`, which is cheaper than memory of its own. */
const POOLED = 2048;

/**
 * The bytes that stand for `data`; they share its memory where they can.
 *
 * @throws {TypeError} when nothing stands for it
 */
export function toBytes(data: unknown): Uint8Array {
  if (types.isUint8Array(data)) return data;
  if (typeof data === 'number') return Buffer.from(String(data));
  if (!data) return EMPTY;
  if (types.isAnyArrayBuffer(data)) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (isFragments(data)) return Buffer.concat(data);
  // What is no array, no text and no such object is refused here.
  return Buffer.from(data as string);
}

/** The same as text, of UTF-8. */
export function toText(data: unknown): string {
  if (typeof data === 'string') return data;
  const { buffer, byteOffset, byteLength } = toBytes(data);
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

/**
 * Text or bytes that may be left out. What has no length is none, as with npm `ws`.
 *
 * @throws {TypeError} with this message when it is something else
 */
export function checkOptional(data: unknown, message: string): string | Bytes {
  if (typeof data === 'string' || types.isAnyArrayBuffer(data) || ArrayBuffer.isView(data)) return data;
  if (data === undefined || data === null || !Reflect.get(Object(data), 'length')) return '';
  throw new TypeError(message);
}

/**
 * Bytes that came behind a handshake.
 *
 * @throws {TypeError} when it is neither text nor bytes, and has a length
 */
export function toHead(head: unknown): Uint8Array {
  const checked = checkOptional(head, 'head must be bytes');
  return typeof checked === 'string' ? Buffer.from(checked) : toBytes(checked);
}

/** Whether `data` is a message as `binaryType` `fragments` hands it out; `ws` would send its text as a number each. */
function isFragments(data: unknown): data is readonly Uint8Array[] {
  return Array.isArray(data) && data.length > 0 && data.every((each) => types.isUint8Array(each));
}

/** Whether `data` must be read before it can be sent. */
export function isBlob(data: unknown): data is Blob {
  // Bytes first: a tag that is computed costs a tenth of an echo of small messages.
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  const tag: unknown = Reflect.get(data, Symbol.toStringTag);
  return (tag === 'Blob' || tag === 'File') && typeof Reflect.get(data, 'arrayBuffer') === 'function';
}

/** How many bytes `data` has once sent, its head not counted. */
export function byteLength(data: unknown): number {
  if (isBlob(data)) return data.size;
  return typeof data === 'string' ? Buffer.byteLength(data) : toBytes(data).length;
}

/** Up to here a loop copies quicker than a call into the runtime and the view that it needs. */
const SHORT_COPY = 32;

/** A borrowed message as a `Buffer` that may be kept: a copy, unless the codec can do without its memory. */
export function ownMessage(codec: Codec, memory: Memory, start: number, length: number): Buffer<ArrayBuffer> {
  if (length <= SHORT_COPY) {
    if (length === 0) return EMPTY;
    const { bytes } = memory;
    const copy = Buffer.allocUnsafe(length);
    for (let index = 0; index < length; index++) copy[index] = bytes[start + index] ?? 0;
    return copy;
  }
  // A message that was put together from pieces has memory to itself; anything else must be copied.
  if (length <= POOLED || start !== 0 || length !== memory.bytes.length) {
    return ownCopy(new Uint8Array(memory.buffer, start, length));
  }
  const owned = codec.own(memory.bytes);
  return Buffer.from(owned.buffer, owned.byteOffset, owned.byteLength);
}

/** A copy of borrowed bytes that may be kept. */
export function ownCopy(bytes: Uint8Array): Buffer<ArrayBuffer> {
  const { length } = bytes;
  if (length === 0) return EMPTY;
  const copy = length <= POOLED ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
  copy.set(bytes);
  return copy;
}
