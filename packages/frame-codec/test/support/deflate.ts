import {
  type DeflateEngine,
  type DeflateParameters,
  DeflatePool,
  PermessageDeflate,
  type Role,
} from '../../src/index.js';

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
