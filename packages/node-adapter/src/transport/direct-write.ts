import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hasNativeWrites } from './native-socket.js';

/*
 * Mostly the operating system takes all bytes of a write at once. The stream above it still goes through its states, makes
 * a request and ends that in a task of its own, which costs about as much as a third of the system call, and more where
 * thousands of sockets take turns and each is cold (`broadcast: 1 KiB text` in the benchmarks). The handle below a socket
 * takes bytes without any of this. What that needs is looked for here, and only here; where something is missing, or the
 * stream has a say in it, bytes go through the stream as ever.
 */

/** A socket whose handle can be written to. */
export interface DirectSocket extends Socket {
  readonly _handle: WriteHandle | null;
}

interface WriteHandle {
  /** returns 0 or the number of an error; or, where no request was given, one when bytes wait */
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest;
  writev(request: WriteRequest | null, pieces: Uint8Array[], areBytes: true): number | WriteRequest;
  /** bytes that the operating system has not taken yet */
  readonly writeQueueSize: number;
}

/** What Node tells when bytes have gone that did not go at once. */
interface WriteRequest {
  /** a number below 0 until a write has taken the request */
  getAsyncId(): number;
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** held on to until they have gone */
  bytes?: Uint8Array | Uint8Array[];
  writer?: Writer;
}

/** Who wrote. */
export interface Writer {
  /** Bytes have left that could not leave at once; with a negative `status` they were lost. */
  written(status: number): void;
}

/** What {@link writeDirectly} returns where nothing was written. */
export const REFUSED = -1;

/**
 * Makes what a write is given: a request, of a class that Node does not export; or none from Node 26 on. `undefined` until
 * a write of the stream has shown which, `null` where it is something else.
 */
let makeRequest: (() => WriteRequest | null) | undefined | null;
/** A request is used up only by a write that does not end at once. */
let spare: WriteRequest | null = null;

/** Whether there is a handle to write to below a stream. TLS has none: it encrypts first, and later. */
export function canWriteDirectly(stream: Duplex): stream is DirectSocket {
  return stream instanceof Socket && !('encrypted' in stream) && isHandle(Reflect.get(stream, '_handle'));
}

function isHandle(handle: unknown): handle is WriteHandle {
  if (typeof handle !== 'object' || handle === null) return false;
  return (
    typeof Reflect.get(handle, 'writeBuffer') === 'function' &&
    typeof Reflect.get(handle, 'writev') === 'function' &&
    typeof Reflect.get(handle, 'writeQueueSize') === 'number'
  );
}

/**
 * Writes bytes, or several pieces of them, to the handle of a socket, unless the stream must see them: because something
 * waits in it, it was ended or has a time-out, or a method of the socket is not Node's own.
 *
 * @param writer told later, where not all bytes have left at once; until then they must stay as they are
 * @returns how many bytes wait; {@link REFUSED} where nothing was written
 */
export function writeDirectly(
  socket: DirectSocket,
  bytes: Uint8Array | Uint8Array[],
  writer: Writer,
): number {
  const handle = socket._handle;
  if (
    handle === null ||
    !hasNativeWrites(socket) ||
    socket.writableLength > 0 ||
    socket.writableCorked > 0 ||
    socket.writableEnded ||
    socket.connecting ||
    socket.timeout
  ) {
    return REFUSED;
  }
  if (makeRequest === undefined) watch(handle);
  if (!makeRequest) return REFUSED;
  spare ??= makeRequest();
  const result = Array.isArray(bytes) ? handle.writev(spare, bytes, true) : handle.writeBuffer(spare, bytes);
  if (typeof result === 'number' && result !== 0) {
    // The stream will fail too, and say so in its way.
    spare = null;
    return REFUSED;
  }
  const waiting = handle.writeQueueSize;
  if (waiting > 0) {
    const request = typeof result === 'number' ? spare : result;
    spare = null;
    if (request !== null) Object.assign(request, { oncomplete: onComplete, bytes, writer });
  } else if (spare !== null && spare.getAsyncId() >= 0) {
    // The bytes did not leave at once, and then did, as the peer was reading: the request is taken all the same.
    spare = null;
  }
  return waiting;
}

function onComplete(this: WriteRequest, status: number): void {
  this.writer?.written(status);
}

/** Looks at the next write of the stream, which is either of these. */
function watch(handle: WriteHandle): void {
  if (Object.hasOwn(handle, 'writeBuffer')) return;
  const { writeBuffer, writev } = handle;
  const see = (request: WriteRequest | null): void => {
    makeRequest = howTo(request);
    Reflect.deleteProperty(handle, 'writeBuffer');
    Reflect.deleteProperty(handle, 'writev');
  };
  handle.writeBuffer = (request, bytes) => {
    see(request);
    return writeBuffer.call(handle, request, bytes);
  };
  handle.writev = (request, ...pieces) => {
    see(request);
    return writev.call(handle, request, ...pieces);
  };
}

function howTo(request: WriteRequest | null): typeof makeRequest {
  if (request === null) return () => null;
  const Request: unknown = request.constructor;
  return isRequestClass(Request) ? () => new Request() : null;
}

function isRequestClass(value: unknown): value is new () => WriteRequest {
  return (
    typeof value === 'function' &&
    value.name === 'WriteWrap' &&
    typeof Reflect.get(value.prototype, 'getAsyncId') === 'function'
  );
}
