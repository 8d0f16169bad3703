import { toHex } from '../campaign/hex.js';
import { type ExpectedOne, type Frame, type Heard, OP } from './case.js';

/** Bytes of a payload that are told. */
const TOLD = 24;

const NAMES: Readonly<Record<number, string>> = {
  [OP.continuation]: 'continuation',
  [OP.text]: 'text',
  [OP.binary]: 'binary',
  [OP.close]: 'close',
  [OP.ping]: 'ping',
  [OP.pong]: 'pong',
};

/** A frame that the tester sends. */
export function tellFrame({ first, payload, length = payload.length, cutTo }: Frame): string {
  const name = NAMES[first & 15] ?? `opcode ${first & 15}`;
  const bits = [
    first >= 0x80 ? 'FIN' : 'no FIN',
    ...[1, 2, 3].filter((n) => first & (0x80 >> n)).map((n) => `RSV${n}`),
  ];
  const of = payload.length === 1 ? '1 byte' : `${payload.length} bytes`;
  const part =
    cutTo !== undefined
      ? `, its first ${cutTo} bytes alone`
      : length === payload.length
        ? ''
        : `, announced as ${length}`;
  return `a ${name} frame (${bits.join(', ')}) of ${of}${part}`;
}

/** What must come. */
export function tell(expected: ExpectedOne): string {
  return `${expected.kind} ${tellPayload(expected.payload)}`;
}

/** What came. */
export function tellHeard(heard: Heard): string {
  switch (heard.kind) {
    case 'end':
      return 'ends the TCP connection';
    case 'broken':
      return `breaks a rule: ${heard.rule}`;
    case 'close':
      return `sends a close frame with ${heard.code ?? 'no code'}${heard.reason.length > 0 ? ` ${tellPayload(heard.reason)}` : ''}`;
    default:
      return `sends ${heard.kind} ${tellPayload(heard.payload)}`;
  }
}

function tellPayload(payload: Uint8Array): string {
  if (payload.length === 0) return 'without payload';
  const start = payload.subarray(0, TOLD);
  const plain = start.every((byte) => byte >= 0x20 && byte < 0x7f);
  const more = payload.length > TOLD ? ` … (${payload.length} bytes)` : '';
  return `${plain ? JSON.stringify(String.fromCharCode(...start)) : toHex(start)}${more}`;
}
