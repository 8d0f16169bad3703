import {
  type Codec,
  Connection,
  type ConnectionHandler,
  DeflatePool,
  Endpoint,
  type Extension,
  PermessageDeflate,
  type Role,
} from '../../src/index.js';
import { concat, toHex } from './hex.js';
import { PakoEngine } from './pako-engine.js';
import { type ReadFrame, readWire } from './wire.js';

/** A connection whose frames and events are written down. */
export interface Sending {
  readonly connection: Connection<undefined>;
  /** `end`, `closing 1000`, `error <violation>`, `failed <message>`, `close 1000 clean` */
  readonly told: string[];
  /** first byte and payload of each frame, long payloads by their length */
  frames(): string[];
  read(): ReadFrame[];
  /** called from inside each write, before the bytes are taken: what is sent then must come behind them */
  inWrite: ((more: boolean) => void) | undefined;
}

export interface SendingOptions {
  readonly role?: Role;
  readonly codec: Codec;
  readonly also?: Partial<ConnectionHandler<undefined>>;
  readonly extensions?: readonly Extension[];
  readonly maskingKey?: () => number;
}

export function sendingOf(options: SendingOptions): Sending {
  const { role = 'server', codec, also, extensions = [], maskingKey } = options;
  const writes: Uint8Array[] = [];
  const told: string[] = [];
  const handler: ConnectionHandler<undefined> = {
    write: (_, bytes, more) => {
      sending.inWrite?.(more);
      writes.push(bytes.slice());
      return true;
    },
    end: () => told.push('end'),
    closing: (_, code) => told.push(`closing ${code}`),
    error: (_, { violation }) => told.push(`error ${violation}`),
    sendingFailed: (_, error) => told.push(`failed ${error.message}`),
    close: (_, code, __, clean) => told.push(`close ${code}${clean ? ' clean' : ''}`),
    ...also,
  };
  const endpoint = new Endpoint({ role, codec, ...(maskingKey && { maskingKey }) });
  const read = (): ReadFrame[] => readWire(concat(...writes));
  const sending: Sending = {
    connection: new Connection(endpoint, handler, undefined, extensions),
    told,
    read,
    frames: () =>
      read().map(({ first, payload }) => {
        const rest = payload.length > 20 ? `of ${payload.length}` : toHex(payload);
        return `${first.toString(16).padStart(2, '0')} ${rest}`.trimEnd();
      }),
    inWrite: undefined,
  };
  return sending;
}

/** permessage-deflate that keeps its context and compresses whatever it is given. */
export function deflateFor(role: Role): Extension {
  const parameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };
  return new PermessageDeflate(role, parameters, new DeflatePool({ engine: new PakoEngine(), threshold: 0 }));
}
