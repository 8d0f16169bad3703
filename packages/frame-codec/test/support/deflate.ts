import {
  type Codec,
  type DeflateEngine,
  type DeflateParameters,
  DeflatePool,
  type Limits,
  PermessageDeflate,
  type Role,
} from '../../src/index.js';
import { toHex } from './hex.js';
import { PakoEngine } from './pako-engine.js';
import { type Recorded, record } from './recorder.js';

/** What a handshake without parameters agrees on (RFC 7692 §7.1). */
export const PRESET: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** permessage-deflate of one side, which compresses everything unless a threshold is given. */
export function deflateOf(
  role: Role,
  engine: DeflateEngine,
  parameters: Partial<DeflateParameters> = {},
  threshold = 0,
): PermessageDeflate {
  return new PermessageDeflate(role, { ...PRESET, ...parameters }, new DeflatePool({ engine, threshold }));
}

/** «Hello», compressed by itself (RFC 7692 §7.2.3.1), and again with the first in the window (§7.2.3.2). */
export const HELLO = 'f2 48 cd c9 c9 07 00';
export const HELLO_AGAIN = 'f2 00 11 00 00';

/** `data` as one message, compressed by itself by a way that shares nothing with the code under test. */
export function deflated(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new PakoEngine().deflater(15).deflate(data);
  if (toHex(out.subarray(-4)) !== '00 00 ff ff') throw new Error('no flush');
  return out.slice(0, -4);
}

/** `16 Hello` of a run of frames: the first byte and the payload of each, in hex. */
export function shown(recorded: Recorded): string[] {
  return recorded.frames().map(({ first, payload }) => `${first.toString(16)} ${toHex(payload)}`.trimEnd());
}

/** A client with permessage-deflate, fed by hand. */
export function deflatingClient(
  codec: Codec,
  engine: DeflateEngine = new PakoEngine(),
  parameters: Partial<DeflateParameters> = {},
  limits: Partial<Limits> = {},
): Recorded {
  return record({ role: 'client', codec, ...limits }, {}, [deflateOf('client', engine, parameters)]);
}

/** A server with permessage-deflate. */
export function deflatingServer(
  codec: Codec,
  engine: DeflateEngine = new PakoEngine(),
  parameters: Partial<DeflateParameters> = {},
  threshold = 0,
): Recorded {
  return record({ role: 'server', codec }, {}, [deflateOf('server', engine, parameters, threshold)]);
}
