/**
 * Every way a peer can break the rules, with the section that forbids it and the close code it earns (§7.4.1). The
 * first rows are those that a kernel finds, in the order of its numbers; see `memory-map.ts`.
 */
export const VIOLATIONS = {
  'reserved-bit-set': { closeCode: 1002, section: '5.2', message: 'reserved bit set without an extension' },
  'opcode-reserved': { closeCode: 1002, section: '5.2', message: 'opcode is reserved' },
  'control-fragmented': { closeCode: 1002, section: '5.5', message: 'control frame is fragmented' },
  'continuation-unexpected': { closeCode: 1002, section: '5.4', message: 'continuation of no message' },
  'message-interleaved': { closeCode: 1002, section: '5.4', message: 'new message inside a fragmented one' },
  'fragments-too-many': {
    closeCode: 1008,
    section: '10.4',
    message: 'message has more fragments than allowed',
  },
  'mask-missing': { closeCode: 1002, section: '5.1', message: 'frame of a client is not masked' },
  'mask-unexpected': { closeCode: 1002, section: '5.1', message: 'frame of a server is masked' },
  'control-too-long': {
    closeCode: 1002,
    section: '5.5',
    message: 'control frame carries more than 125 bytes',
  },
  'length-not-minimal': {
    closeCode: 1002,
    section: '5.2',
    message: 'payload length is not minimally encoded',
  },
  'length-top-bit-set': {
    closeCode: 1002,
    section: '5.2',
    message: 'most significant bit of the payload length is set',
  },
  'frame-too-long': { closeCode: 1009, section: '10.4', message: 'frame is longer than allowed' },
  'message-too-long': { closeCode: 1009, section: '10.4', message: 'message is longer than allowed' },
  'text-not-utf8': { closeCode: 1007, section: '8.1', message: 'text is not valid UTF-8' },
  'close-code-truncated': {
    closeCode: 1002,
    section: '5.5.1',
    message: 'close frame carries half a close code',
  },
  'close-code-invalid': { closeCode: 1002, section: '7.4', message: 'close code must not be sent' },
  'close-reason-not-utf8': { closeCode: 1007, section: '5.5.1', message: 'close reason is not valid UTF-8' },
  'extension-data-invalid': { closeCode: 1007, section: '9', message: 'an extension cannot decode its data' },
  'retained-too-much': { closeCode: 1008, section: '10.4', message: 'more bytes wait than allowed' },
  // 1013 of the IANA registry, try again later: not this message is too big (1009), nor has this peer broken a policy (1008).
  'memory-exhausted': {
    closeCode: 1013,
    section: '10.4',
    message: 'connections hold more memory together than allowed',
  },
} as const;

/** The name of a rule of RFC 6455 or of a limit, see {@link VIOLATIONS}. */
export type Violation = keyof typeof VIOLATIONS;

/** The names by the number that a kernel reports; 0 is no violation. */
export const VIOLATION_NAMES: readonly (Violation | undefined)[] = [
  undefined,
  ...(Object.keys(VIOLATIONS) as Violation[]),
];

/** The rows of {@link VIOLATIONS} that are limits of this endpoint rather than rules of the RFC. */
export type LimitViolation =
  | 'fragments-too-many'
  | 'frame-too-long'
  | 'message-too-long'
  | 'retained-too-much'
  | 'memory-exhausted';

/**
 * The peer broke a rule of RFC 6455: the connection must be failed (§7.1.7) with `closeCode`.
 */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  /** which rule */
  readonly violation: Violation;
  /** the close code to send, §7.4.1 */
  readonly closeCode: number;
  /** the section of RFC 6455 that forbids it */
  readonly section: string;
  /** the rule in a few words, fit for a close reason */
  readonly summary: string;
  /**
   * what was found: the first byte of the frame for rules of its bits and opcode, the code of a close frame that must not
   * be sent
   */
  readonly found: number | undefined;
  /** where: bytes of the stream before the head of the frame at fault, or before the byte that is not UTF-8 */
  readonly position: number | undefined;

  constructor(violation: Violation, position?: number, found?: number, detail = '') {
    const { closeCode, section, message } = VIOLATIONS[violation];
    super(`${message}${detail} (RFC 6455 §${section})`);
    this.summary = message;
    this.violation = violation;
    this.closeCode = closeCode;
    this.section = section;
    this.position = position;
    this.found = found;
  }
}

/** The peer passed a limit of this endpoint: close code 1009 (too big), 1008 (policy) or 1013 (try again later). */
export class LimitError extends ProtocolError {
  override readonly name: string = 'LimitError';
  /** what was allowed, in the unit of the limit (bytes or frames) */
  readonly allowed: number;

  constructor(violation: LimitViolation, allowed: number, position?: number) {
    super(violation, position, undefined, `: ${allowed} allowed`);
    this.allowed = allowed;
  }
}
