/*
 * The first byte of a frame (RFC 6455 §5.2), which stands in the head of its record too.
 */

/** The frame ends its message. */
export const FIN = 0x80;
export const RSV_BITS = 0x70;
export const OPCODE_BITS = 0x0f;
/** Set in the opcodes of control frames. */
export const CONTROL = 0x08;
