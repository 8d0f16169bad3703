export type { Borrowed, Memory } from './borrowed.js';
export { CLOSE_CODES, isSendableCloseCode, MAX_CLOSE_REASON_LENGTH } from './close-code.js';
export {
  CLOSING,
  type ClosingAction,
  type ClosingEvent,
  type ClosingState,
  type ClosingStep,
} from './closing.js';
export { Codec, type CodecOptions, sharedCodec } from './codec.js';
export { Connection } from './connection.js';
export type { DeflateEngine, Deflater, Inflater } from './deflate-engine.js';
export { type DeflateOptions, DeflatePool } from './deflate-pool.js';
export { Endpoint, type EndpointOptions, type Role } from './endpoint.js';
export { type DataPart, type Extension, RSV, type RsvClaims } from './extension.js';
export { FrameDecoder, type FramePart } from './frame-decoder.js';
export { type FrameBits, FrameEncoder, MAX_CONTROL_LENGTH } from './frame-encoder.js';
export type { ConnectionHandler } from './handler.js';
export type { Kernel, KernelKind } from './kernel.js';
export type { Done } from './lane.js';
export { LIMITS, type Limits } from './limit.js';
export type { KernelSource } from './load-kernel.js';
export { MemoryBudget } from './memory-budget.js';
export type { SendOptions } from './message-sender.js';
export type { MessageSlot } from './message-slot.js';
export type { MessageWriter } from './message-writer.js';
export { OPCODES, type Opcode } from './opcode.js';
export { type DeflateParameters, PermessageDeflate } from './permessage-deflate.js';
export { PreparedMessage, type PreparedOptions } from './prepared-message.js';
export { type RandomSource, setRandomSource } from './random.js';
export { LimitError, type LimitViolation, ProtocolError, VIOLATIONS, type Violation } from './violation.js';
export type { WebAssemblyModule } from './web.js';
