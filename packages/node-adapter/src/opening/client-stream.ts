import type { RequestOptions } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

type Connect = NonNullable<RequestOptions['createConnection']>;

/**
 * What makes the stream of a request, TCP and TLS where the caller has nothing else. Node listens to the stream from a
 * later tick on; until then an `error` of it would be thrown out of the event loop.
 */
export function connectorFor(given: unknown, secure: boolean): Connect {
  const connect = (given ?? (secure ? connectTls : connectTcp)) as Connect;
  return (options, done) => {
    return guarded(connect(options, (error, stream) => done(error, guarded(stream))));
  };
}

/** Node listens to the stream now. */
export function unguard(stream: Duplex): void {
  stream.off('error', ignore);
}

/** Whatever this stream still has to say is of no interest. */
export function ignoreErrors(stream: Duplex): void {
  stream.on('error', ignore);
}

function guarded<Stream extends Duplex | null | undefined>(stream: Stream): Stream {
  if (stream === undefined || stream === null) return stream;
  if (typeof stream.on !== 'function') throw new TypeError('createConnection must return a stream');
  ignoreErrors(stream);
  return stream;
}

function ignore(): void {}

/** `path` means a file here, and the request target in `http.request`. */
function connectTcp(options: net.TcpNetConnectOpts & { socketPath?: string }): net.Socket {
  return net.connect(Object.assign(options, { path: options.socketPath }) as net.NetConnectOpts);
}

function connectTls(options: tls.ConnectionOptions): tls.TLSSocket {
  const { host = '' } = options;
  const name =
    options.servername || options.servername === '' ? options.servername : net.isIP(host) ? '' : host;
  return tls.connect(Object.assign(options, { path: undefined, servername: name }) as tls.ConnectionOptions);
}
