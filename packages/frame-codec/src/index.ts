export { type Borrowed, own } from './borrowed.js';
export { CLOSE_CODES, isSendableCloseCode, MAX_CLOSE_REASON_LENGTH } from './close-code.js';
export { Codec, type CodecOptions, sharedCodec } from './codec.js';
export { Connection, type SendOptions } from './connection.js';
export { Endpoint, type EndpointOptions, type Role } from './endpoint.js';
export { type DataPart, type Extension, RSV, type RsvClaims } from './extension.js';
export { FrameDecoder, type FramePart } from './frame-decoder.js';
export { type FrameBits, FrameEncoder, MAX_CONTROL_LENGTH } from './frame-encoder.js';
export type { ConnectionHandler } from './handler.js';
export type { KernelKind } from './kernel.js';
export { LIMITS, type Limits } from './limit.js';
export type { KernelSource } from './load-kernel.js';
export type { MessageWriter } from './message-writer.js';
export { OPCODES, type Opcode } from './opcode.js';
export {
  type DeflateEngine,
  type DeflateOptions,
  type DeflateParameters,
  DeflatePool,
  type Deflater,
  type Inflater,
  PermessageDeflate,
} from './permessage-deflate.js';
export { PreparedMessage } from './prepared-message.js';
export { LimitError, type LimitViolation, ProtocolError, VIOLATIONS, type Violation } from './violation.js';
export type { WebAssemblyModule } from './web.js';
