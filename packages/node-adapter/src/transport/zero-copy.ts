import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { readsNatively } from './native-socket.js';

/*
 * Node reads client sockets straight into a caller's buffer with the documented option `onread` of `net.connect`. The
 * sockets of a server have no such option, yet the same three things behind it: two properties of the socket and a
 * method of its handle. They are looked for here, and only here; where one is missing, data comes as ever.
 */

/** Takes `length` bytes that were read; `false` stops reading. `this` is the socket. */
export type OnRead<Stream extends Duplex> = (this: Stream, length: number) => unknown;

const { pause } = Socket.prototype;

/**
 * Pauses a stream, which reads on until its own buffer is full: so a peer that ends or resets the connection is seen. With a
 * buffer of ours Node's sockets would stop reading at once.
 */
export function pauseStream(stream: Duplex): void {
  if (stream instanceof Socket && stream.pause === pause) Duplex.prototype.pause.call(stream);
  else stream.pause();
}

interface Handle {
  useUserBuffer(buffer: Uint8Array): unknown;
}

/** The names under which a socket keeps its buffer and what to call when it was read into. */
interface Names {
  readonly buffer: symbol;
  readonly callback: symbol;
}

let names: Names | undefined | null = null;

function findNames(socket: Socket): Names | undefined {
  const own = Object.getOwnPropertySymbols(socket);
  const find = (description: string): symbol | undefined =>
    own.find((symbol) => symbol.description === description);
  const buffer = find('kBuffer');
  const callback = find('kBufferCb');
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}

function hasUserBuffer(handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle;
}

/**
 * Has the operating system write what it reads from a TCP, TLS or local socket into `inbox`, and `onRead` called with
 * the length; `pause`, `resume`, `end`, timeouts and `bytesRead` go on as ever, `data` events come no more. A socket whose
 * reads somebody else watches is left as it is. A method may also be replaced later: `onRead` asks {@link readsNatively}.
 *
 * @returns whether that could be done
 */
export function readIntoInbox<Stream extends Duplex>(
  socket: Stream,
  inbox: Uint8Array<ArrayBuffer>,
  onRead: OnRead<Stream>,
): boolean {
  if (!readsNatively(socket) || socket.destroyed) return false;
  const handle: unknown = Reflect.get(socket, '_handle');
  if (!hasUserBuffer(handle)) return false;
  if (names === null) names = findNames(socket);
  if (names === undefined) return false;
  Reflect.set(socket, names.buffer, inbox);
  Reflect.set(socket, names.callback, onRead);
  handle.useUserBuffer(inbox);
  return true;
}
