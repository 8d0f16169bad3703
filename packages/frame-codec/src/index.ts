export {
  CLOSING,
  type ClosingAction,
  type ClosingEvent,
  type ClosingState,
  type ClosingStep,
} from './closing/closing.js';
export { Connection, type ConnectionHandler } from './connection.js';
export { Codec, type CodecOptions, sharedCodec } from './endpoint/codec.js';
export { Endpoint, type EndpointOptions } from './endpoint/endpoint.js';
export type { DeflateEngine, Deflater, Inflater } from './extension/deflate-engine.js';
export { type DeflateOptions, DeflatePool } from './extension/deflate-pool.js';
export { type DataPart, type Extension, RSV, type RsvClaims } from './extension/extension.js';
export { type DeflateParameters, PermessageDeflate } from './extension/permessage-deflate.js';
export type { Kernel, KernelKind } from './kernel/kernel.js';
export type { KernelSource } from './kernel/load-kernel.js';
export type { Borrowed, Memory } from './memory/borrowed.js';
export { MemoryBudget } from './memory/memory-budget.js';
export { FrameDecoder, type FramePart } from './receive/frame-decoder.js';
export { CLOSE_CODES, isSendableCloseCode, MAX_CLOSE_REASON_LENGTH } from './rules/close-code.js';
export { LIMITS, type Limits } from './rules/limit.js';
export { OPCODES, type Opcode } from './rules/opcode.js';
export type { Role } from './rules/role.js';
export {
  LimitError,
  type LimitViolation,
  ProtocolError,
  VIOLATIONS,
  type Violation,
} from './rules/violation.js';
export { type RandomSource, setRandomSource } from './runtime/random.js';
export type { WebAssemblyModule } from './runtime/web.js';
export { type FrameBits, FrameEncoder, MAX_CONTROL_LENGTH } from './send/frame-encoder.js';
export type { Done } from './send/lane.js';
export type { SendOptions } from './send/message-sender.js';
export type { MessageSlot } from './send/message-slot.js';
export type { MessageWriter } from './send/message-writer.js';
export { PreparedMessage, type PreparedOptions } from './send/prepared-message.js';
