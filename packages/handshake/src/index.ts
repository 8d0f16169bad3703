/** The opening handshake of WebSocket for both roles: RFC 6455 §4 and §9, RFC 7692 §7.1, RFC 8441. No I/O, no Node, no DOM. */

export { acceptValue, type Sha1 } from './accept.js';
export {
  type ClientRequest,
  createRequest,
  type Establishment,
  type Failure,
  type RequestOptions,
  type UpgradeResponse,
  type VerifyOptions,
  verifyResponse,
} from './client.js';
export type { Agreement, Extension, NegotiatedExtension, RsvClaims } from './extension.js';
export {
  type ExtensionElement,
  type ExtensionParameter,
  formatExtensions,
  parseExtensions,
} from './extension-list.js';
export { type HeaderField, type HeaderSource, headerPairs } from './fields.js';
export { ClientHandshake, ServerHandshake } from './handshake.js';
export {
  type ParsedHead,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from './head-parser.js';
export {
  acceptConnect,
  acceptConnectOffer,
  type ConnectAcceptance,
  type ConnectOffer,
  type ConnectOptions,
  type ConnectRefusal,
  type ConnectRequest,
  connectProtocolSetting,
  createConnect,
  readConnect,
  refuseConnect,
  SETTINGS_ENABLE_CONNECT_PROTOCOL,
  verifyConnect,
} from './http2.js';
export { encodeKey, KEY_LENGTH } from './key.js';
export { DEFAULT_LIMITS, type HandshakeLimits } from './limits.js';
export { type OriginCheck, type OriginContext, type OriginPolicy, originPolicy } from './origin.js';
export {
  PERMESSAGE_DEFLATE,
  type PermessageDeflateConfig,
  type PermessageDeflateOptions,
  permessageDeflate,
} from './permessage-deflate.js';
export { type Refusal, refuse } from './refusal.js';
export {
  type Acceptance,
  type AcceptOptions,
  acceptOffer,
  acceptRequest,
  checkOrigin,
  type ReadOptions,
  readRequest,
  type UpgradeOffer,
  type UpgradeRequest,
} from './server.js';
export { formatSubprotocols, parseSubprotocols, type SubprotocolChoice } from './subprotocol.js';
export { parseWebSocketUrl, type WebSocketUrl } from './url.js';
export { HandshakeError, VIOLATIONS, type Violation } from './violations.js';
