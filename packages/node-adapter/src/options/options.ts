import type { Agent, ClientRequest, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { Codec } from '@x/frame-codec';
import type { PerMessageDeflateOptions } from '../compression/deflate-options.js';
import type { KeepAliveOptions } from '../transport/keep-alive.js';

/** What `WebSocket` and `WebSocketServer` have in common. */
export interface ConnectionOptionsOfBoth extends KeepAliveOptions {
  /** hands out several messages, pings and pongs in one tick where they came in one read; default true */
  allowSynchronousEvents?: boolean | undefined;
  /** answers pings by itself; default true */
  autoPong?: boolean | undefined;
  /** how long the closing handshake may take, in milliseconds; default 30000 */
  closeTimeout?: number | undefined;
  /** kernels and buffers of the frame codec; default one for the whole thread */
  codec?: Codec | undefined;
  /** lets frames that are sent in one tick leave in one write; default true */
  gatherWrites?: boolean | undefined;
  /**
   * bytes that may wait for a peer that does not read, each write that waits counted as 1 KiB more, before `overflow`
   * happens; default 268435456 (256 MiB)
   */
  maxBufferedAmount?: number | undefined;
  /** what is done then: `close` with 1008, or `terminate`; default `terminate` */
  overflow?: 'close' | 'terminate' | undefined;
  /** lets the operating system write what it reads straight into the codec, where Node allows it; default true */
  zeroCopyReads?: boolean | undefined;
  /** hands what is sent to the operating system past the stream of the socket, where Node allows it; default true */
  directWrites?: boolean | undefined;
  /** accepted for the sake of `ws`: what is not handed out yet is bounded in bytes instead */
  maxBufferedChunks?: number | undefined;
  /** most frames in one message; 0 for no limit; default 1048576 */
  maxFragments?: number | undefined;
  /** longest message, in bytes; 0 for no limit; default 104857600 (100 MiB) */
  maxPayload?: number | undefined;
  /** compression of messages (RFC 7692) */
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
  /** takes text without checking that it is UTF-8; default false */
  skipUTF8Validation?: boolean | undefined;
}

/** How a client, a `Socket`, connects; whatever `http.request`, `net.connect` and `tls.connect` take may stand beside these. */
export interface ClientOptionsOf<Socket>
  extends ConnectionOptionsOfBoth,
    Omit<
      RequestOptions,
      'agent' | 'protocol' | 'signal' | 'createConnection' | 'timeout' | 'method' | 'path'
    >,
    Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'timeout' | 'lookup'> {
  agent?: Agent | boolean | undefined;
  /** makes the stream to connect over */
  createConnection?: RequestOptions['createConnection'] | ((options: never) => Duplex) | undefined;
  /** changes the request before it is sent; then it must call `request.end()`, now or later: it may be async */
  finishRequest?: ((request: ClientRequest, websocket: Socket) => void) | undefined;
  /** goes where a 3xx answer points; default false */
  followRedirects?: boolean | undefined;
  /** fills in the 4 bytes of each masking key */
  generateMask?: ((mask: Buffer) => void) | undefined;
  /** how long the opening handshake may take, in milliseconds; default no limit */
  handshakeTimeout?: number | undefined;
  /** gives up while connecting, and drops the connection afterwards, when it is aborted */
  signal?: AbortSignal | undefined;
  /** names of further `headers` that no redirect may carry to another origin, beside those of HTTP's own credentials */
  secretHeaders?: readonly string[] | undefined;
  /** default 10 */
  maxRedirects?: number | undefined;
  /** the Origin field */
  origin?: string | undefined;
  /** subprotocols, where they are not given as an argument */
  protocols?: string | string[] | undefined;
  /** 13, or 8 for servers of 2011; default 13 */
  protocolVersion?: number | undefined;
}

/** What a `WebSocket` is put on a stream with; see `setSocket`. */
export type SocketOptions = Pick<
  ConnectionOptionsOfBoth,
  | 'allowSynchronousEvents'
  | 'codec'
  | 'gatherWrites'
  | 'maxBufferedAmount'
  | 'zeroCopyReads'
  | 'directWrites'
  | 'maxBufferedChunks'
  | 'maxFragments'
  | 'maxPayload'
  | 'skipUTF8Validation'
> & {
  /** fills in the 4 bytes of each masking key */
  generateMask?: ((mask: Buffer) => void) | undefined;
};

/** What stands where an option is not given. */
export const DEFAULTS = {
  allowSynchronousEvents: true,
  autoPong: true,
  closeTimeout: 30_000,
  maxBufferedChunks: 262_144,
  maxFragments: 1_048_576,
  maxPayload: 104_857_600,
  skipUTF8Validation: false,
} as const;

/** Most redirects that a client follows. */
export const MAX_REDIRECTS = 10;

/** The names of {@link ConnectionOptionsOfBoth}. */
export const OPTIONS_OF_BOTH: Readonly<Record<keyof ConnectionOptionsOfBoth, true>> = {
  allowSynchronousEvents: true,
  autoPong: true,
  closeTimeout: true,
  codec: true,
  directWrites: true,
  gatherWrites: true,
  idleTimeout: true,
  maxBufferedAmount: true,
  maxBufferedChunks: true,
  maxFragments: true,
  maxPayload: true,
  overflow: true,
  perMessageDeflate: true,
  pingInterval: true,
  skipUTF8Validation: true,
  zeroCopyReads: true,
};

/** Of a client, without what `http.request` and `tls.connect` take beside these. */
export const CLIENT_OPTIONS: Readonly<
  Record<Exclude<keyof ClientOptionsOf<never>, keyof RequestOptions | keyof ConnectionOptions>, true>
> = {
  ...OPTIONS_OF_BOTH,
  finishRequest: true,
  followRedirects: true,
  generateMask: true,
  handshakeTimeout: true,
  maxRedirects: true,
  origin: true,
  protocols: true,
  protocolVersion: true,
  secretHeaders: true,
};
