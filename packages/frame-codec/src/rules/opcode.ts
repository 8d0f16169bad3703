/** What a frame is (RFC 6455 §5.2, §11.8). Opcodes from 8 on are control frames. */
export const OPCODES = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** One of the six opcodes that RFC 6455 defines. */
export type Opcode = (typeof OPCODES)[keyof typeof OPCODES];

/** One bit for each opcode that is defined. */
const DEFINED_OPCODES: number = Object.values(OPCODES).reduce<number>(
  (bits, opcode) => bits | (1 << opcode),
  0,
);

/** Whether RFC 6455 defines `opcode`, which has four bits. */
export function isDefined(opcode: number): opcode is Opcode {
  return ((DEFINED_OPCODES >> opcode) & 1) === 1;
}
