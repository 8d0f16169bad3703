import type { ProtocolError, Violation } from '@x/frame-codec';

/** What npm `ws` calls the violation of a rule. */
interface Row {
  readonly code: string;
  readonly message: string;
  /** `Error` for what is no matter of numbers; otherwise `RangeError` */
  readonly kind?: ErrorConstructor;
  /** what stands behind the message, made of what was found */
  readonly detail?: (found: number) => string;
}

/** RSV2 and RSV3 in the first byte of a frame (§5.2). */
const RSV2_RSV3 = 0x30;
const UNEXPECTED_RSV_2_3: Row = {
  code: 'WS_ERR_UNEXPECTED_RSV_2_3',
  message: 'Invalid WebSocket frame: RSV2 and RSV3 must be clear',
};

/** The error of npm `ws` for each violation; where it knows none, a code of the same make. */
const ROWS: { readonly [violation in Violation]?: Row } = {
  'reserved-bit-set': {
    code: 'WS_ERR_UNEXPECTED_RSV_1',
    message: 'Invalid WebSocket frame: RSV1 must be clear',
  },
  'opcode-reserved': {
    code: 'WS_ERR_INVALID_OPCODE',
    message: 'Invalid WebSocket frame: invalid opcode',
    detail: opcodeOf,
  },
  'control-fragmented': { code: 'WS_ERR_EXPECTED_FIN', message: 'Invalid WebSocket frame: FIN must be set' },
  'continuation-unexpected': {
    code: 'WS_ERR_INVALID_OPCODE',
    message: 'Invalid WebSocket frame: invalid opcode',
    detail: opcodeOf,
  },
  'message-interleaved': {
    code: 'WS_ERR_INVALID_OPCODE',
    message: 'Invalid WebSocket frame: invalid opcode',
    detail: opcodeOf,
  },
  'fragments-too-many': { code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS', message: 'Too many message fragments' },
  'mask-missing': { code: 'WS_ERR_EXPECTED_MASK', message: 'Invalid WebSocket frame: MASK must be set' },
  'mask-unexpected': {
    code: 'WS_ERR_UNEXPECTED_MASK',
    message: 'Invalid WebSocket frame: MASK must be clear',
  },
  'control-too-long': {
    code: 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    message: 'Invalid WebSocket frame: invalid payload length of a control frame',
  },
  'length-not-minimal': {
    code: 'WS_ERR_LENGTH_NOT_MINIMAL',
    message: 'Invalid WebSocket frame: payload length is not minimally encoded',
  },
  'length-top-bit-set': {
    code: 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    message: 'Unsupported WebSocket frame: payload length > 2^53 - 1',
  },
  'frame-too-long': { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', message: 'Max payload size exceeded' },
  'message-too-long': { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', message: 'Max payload size exceeded' },
  'text-not-utf8': {
    code: 'WS_ERR_INVALID_UTF8',
    message: 'Invalid WebSocket frame: invalid UTF-8 sequence',
    kind: Error,
  },
  'close-code-truncated': {
    code: 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    message: 'Invalid WebSocket frame: invalid payload length 1',
  },
  'close-code-invalid': {
    code: 'WS_ERR_INVALID_CLOSE_CODE',
    message: 'Invalid WebSocket frame: invalid status code',
    detail: String,
  },
  'close-reason-not-utf8': {
    code: 'WS_ERR_INVALID_UTF8',
    message: 'Invalid WebSocket frame: invalid UTF-8 sequence',
    kind: Error,
  },
  'extension-data-invalid': {
    code: 'Z_DATA_ERROR',
    message: 'Invalid WebSocket frame: invalid compressed data',
    kind: Error,
  },
  'retained-too-much': { code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS', message: 'Too many buffered chunks' },
  'memory-exhausted': {
    code: 'WS_ERR_TOO_MUCH_MEMORY',
    message: 'Too much memory is held by all connections together',
  },
};

/**
 * What the `error` event carries when the peer broke a rule or passed a limit: the `code`s of npm `ws`. The codec's own
 * error, which names the section of the RFC and the place in the stream, is the `cause`.
 */
export function toWsError(cause: ProtocolError): Error & { code: string } {
  const { found, violation } = cause;
  const {
    code,
    message,
    kind = RangeError,
    detail,
  } = rowOf(violation, found) ?? {
    code: 'WS_ERR_PROTOCOL',
    message: cause.message,
  };
  const text = detail === undefined || found === undefined ? message : `${message} ${detail(found)}`;
  return Object.assign(new kind(text, { cause }), { code });
}

function rowOf(violation: Violation, found: number | undefined): Row | undefined {
  const reserved = violation === 'reserved-bit-set' && found !== undefined && (found & RSV2_RSV3) !== 0;
  return reserved ? UNEXPECTED_RSV_2_3 : ROWS[violation];
}

/** The opcode in the first byte of a frame (§5.2). */
function opcodeOf(firstByte: number): string {
  return String(firstByte & 0x0f);
}
