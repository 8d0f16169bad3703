import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/*
 * Zero-copy reads and direct writes go past methods of the socket, and memory is used again because Node's methods keep
 * nothing. Agents that watch a process, and classes that extend `net.Socket`, replace these very methods. What the methods
 * were is taken at import; a look-up on the object finds whatever stands in their way: on itself, on its class, or on
 * Node's own prototype. It is made at each read and write, since a method can be replaced at any time, and allocates nothing.
 */

/** A socket with the method below `_write` and `_writev`, which is not in the types. */
interface Internals extends Socket {
  readonly _writeGeneric?: unknown;
}

// Sockets inherit these two: an agent that was loaded before us and has put its own on `Socket.prototype` is seen as well.
const { write, push } = Duplex.prototype;
const NODE: Internals = Socket.prototype;
const { _write, _writev, _writeGeneric, _read } = NODE;

/** Whether the stream is a socket, and nobody but Node sees what is written to it. */
export function writesNatively(stream: Duplex): stream is Socket {
  return stream instanceof Socket && hasNativeWrites(stream);
}

/** As {@link writesNatively}, for what is known to be a socket. */
export function hasNativeWrites(socket: Internals): boolean {
  return (
    socket.write === write &&
    socket._write === _write &&
    socket._writev === _writev &&
    socket._writeGeneric === _writeGeneric
  );
}

/** Whether the stream is a socket, and nobody but Node sees what is read from it. */
export function readsNatively(stream: Duplex): stream is Socket {
  return stream instanceof Socket && stream.push === push && stream._read === _read;
}
