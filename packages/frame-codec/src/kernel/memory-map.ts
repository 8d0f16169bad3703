/*
 * The linear memory of a frame kernel, and the numbers that both kernels and the decoder agree on.
 * `assembly/` compiles this very file, so each constant is a plain literal without a type.
 *
 *        0 ┌────────────────────────────┐
 *          │ registers                  │  the state of the connection that is being scanned
 *      128 ├────────────────────────────┤
 *          │ constants of the kernel    │
 *     1024 ├────────────────────────────┤
 *          │ frame records              │  512 × (head, offset, length), 32 bits each
 *     7168 ├────────────────────────────┤
 *          │ carry room                 │  the unfinished head of a frame is laid here, before the inbox
 *     7424 ├────────────────────────────┤
 *          │ inbox                      │  128 KiB: what the transport read, decoded in place; a message of
 *          │                            │  64 KiB comes whole with its head
 *   138496 ├────────────────────────────┤
 *          │ slack                      │  vector loads may pass the inbox
 *   138752 ├────────────────────────────┤
 *          │ scratch                    │  64 KiB: what is masked or checked on its way out
 *   204288 ├────────────────────────────┤
 *          │ slack                      │
 *   262144 └────────────────────────────┘  4 pages, never grown: growing would detach every view
 */

export const MEMORY_LENGTH = 262144;
export const CONSTANTS = 128;
export const RECORDS = 1024;
export const RECORD_LENGTH = 12;
export const RECORDS_END = 7168;
export const INBOX = 7424;
export const INBOX_LENGTH = 131072;
export const SCRATCH = 138752;
export const SCRATCH_LENGTH = 65536;

// Registers of 32 bits, by index. «in»: written before a scan; «out»: read after it.
/** in: what is allowed on this connection, `CONFIG_…` bits */
export const CONFIG = 0;
/** in, out: opcode and RSV bits of the message that is not finished, 0 between messages */
export const MESSAGE = 1;
/** in, out: frames of that message so far */
export const FRAGMENTS = 2;
/** in, out: where in a UTF-8 sequence its text stands, 0 between characters */
export const UTF8 = 3;
/** in, out: first byte of the frame whose payload is not finished, with `FRAME_OPEN`; 0 between frames */
export const FRAME = 4;
/** in, out: the masking key of that frame, turned to the next byte of its payload */
export const MASKING_KEY = 5;
/** in: frames allowed in one message */
export const MAX_FRAGMENTS = 6;
/** out: position of the first byte that was not consumed */
export const CONSUMED = 7;
/** out: number of the violation that ended the scan, an index of `VIOLATION_NAMES`; 0 for none */
export const VIOLATION = 8;
/** out: position of the byte at fault: the head of the frame, or the byte that is not UTF-8 */
export const VIOLATION_AT = 9;

// Registers of 64 bits (a float, for whole numbers up to 2^53 − 1), by index of 8 bytes.
/** in, out: bytes of the payload of the unfinished frame that are still to come */
export const REMAINING = 8;
/** in, out: bytes of payload that the frames of the unfinished message announced so far */
export const MESSAGE_LENGTH = 9;
/** in: payload bytes allowed in one frame */
export const MAX_FRAME_LENGTH = 10;
/** in: payload bytes allowed in one message */
export const MAX_MESSAGE_LENGTH = 11;

/** CONFIG: frames from the peer are masked, as those of a client are (§5.1); without it none may be. */
export const CONFIG_MASKED = 1;
/** CONFIG: text is checked to be UTF-8 (§8.1) */
export const CONFIG_TEXT = 2;
// CONFIG: where the RSV bits stand that extensions claimed, three bits each, RSV1 the highest: on the first frame of a
// message, and on its continuations.
export const CONFIG_FIRST_RSV = 4;
export const CONFIG_CONTINUATION_RSV = 8;
/** CONFIG: likewise the RSV bits of a first frame that say that the payload is not the text itself. */
export const CONFIG_TRANSFORMED_RSV = 12;

export const FRAME_OPEN = 256;

// The head of a record: the first byte of the frame as it came, and what part of the frame this is.
export const RECORD_FIRST = 256;
export const RECORD_LAST = 512;
/** Text, checked, and every byte of this part is below 0x80. */
export const RECORD_ASCII = 1024;

// Violations that a kernel finds, in the order of `VIOLATION_NAMES`.
export const RESERVED_BIT_SET = 1;
export const OPCODE_RESERVED = 2;
export const CONTROL_FRAGMENTED = 3;
export const CONTINUATION_UNEXPECTED = 4;
export const MESSAGE_INTERLEAVED = 5;
export const FRAGMENTS_TOO_MANY = 6;
export const MASK_MISSING = 7;
export const MASK_UNEXPECTED = 8;
export const CONTROL_TOO_LONG = 9;
export const LENGTH_NOT_MINIMAL = 10;
export const LENGTH_TOP_BIT_SET = 11;
export const FRAME_TOO_LONG = 12;
export const MESSAGE_TOO_LONG = 13;
export const TEXT_NOT_UTF8 = 14;
