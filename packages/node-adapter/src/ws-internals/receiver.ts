import { Writable } from 'node:stream';
import { Connection, type ConnectionHandler, type ProtocolError } from '@x/frame-codec';
import { PERMESSAGE_DEFLATE } from '@x/handshake';
import { endpointFor } from '../options/endpoint-options.js';
import { type BinaryType, pack } from '../values/binary-type.js';
import { ownCopy, ownMessage } from '../values/payload.js';
import { toWsError } from '../values/protocol-error.js';
import type { PerMessageDeflate } from './per-message-deflate.js';

/** How a {@link Receiver} works. */
export interface ReceiverOptions {
  binaryType?: BinaryType;
  extensions?: { readonly [PERMESSAGE_DEFLATE]?: PerMessageDeflate };
  isServer?: boolean;
  maxFragments?: number;
  maxPayload?: number;
  skipUTF8Validation?: boolean;
}

const handler: ConnectionHandler<Receiver> = {
  write: () => true,
  end: () => undefined,
  message: ({ context, endpoint }, memory, start, length, isBinary) => {
    const data = ownMessage(endpoint.codec, memory, start, length);
    context.emit('message', isBinary ? pack(data, context.binaryType) : data, isBinary);
  },
  ping: ({ context }, payload) => context.emit('ping', ownCopy(payload)),
  pong: ({ context }, payload) => context.emit('pong', ownCopy(payload)),
  closing: ({ context }, code, reason) => {
    context.emit('conclude', code, Buffer.from(reason));
    context.end();
  },
  error: ({ context }, error) => context.fail(error),
};

/**
 * Bytes of a peer into messages, as npm `ws` exports it: a `Writable` that emits `message` (data, isBinary), `ping`,
 * `pong`, `conclude` (code, reason) and `error`.
 */
export class Receiver extends Writable {
  readonly binaryType: BinaryType;
  readonly #connection: Connection<Receiver>;
  #error: Error | undefined;

  constructor(options: ReceiverOptions = {}) {
    super();
    this.binaryType = options.binaryType ?? 'nodebuffer';
    const endpoint = endpointFor(
      options.isServer === true,
      { autoPong: false },
      { maxFragments: 0, maxPayload: 0, ...options },
    );
    const deflate = options.extensions?.[PERMESSAGE_DEFLATE];
    this.#connection = new Connection(
      endpoint,
      handler,
      this,
      deflate === undefined ? [] : [deflate.extension],
    );
  }

  /** Decodes the next bytes of the stream. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#connection.receive(chunk);
    done(this.#error ?? null);
  }

  /** @internal */
  fail(error: ProtocolError): void {
    this.#error = toWsError(error);
  }
}
