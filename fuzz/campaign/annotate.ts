import { piecesOf } from '../arbitraries/shrink.js';
import { isProgram, scriptOf } from '../twins/script.js';
import { toJson } from './corpus.js';
import { toHex } from './hex.js';

const OPCODES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};
/** Bytes of a payload in one line, and how many lines of it are shown. */
const ROW = 16;
const ROWS = 8;

/** Bytes as a dump with the fields of each frame named (§5.2), or of each line of a head. */
export function annotate(input: unknown): string {
  const dumps: string[] = [];
  if (typeof input === 'object' && input !== null) {
    if ('bytes' in input && input.bytes instanceof Uint8Array) {
      const cuts =
        'cuts' in input && Array.isArray(input.cuts)
          ? input.cuts.filter((cut) => typeof cut === 'number')
          : [];
      dumps.push('kind' in input ? dumpHead(input.bytes) : dumpFrames(input.bytes, cuts));
    }
    if ('attacks' in input && Array.isArray(input.attacks)) {
      for (const [index, attack] of input.attacks.entries())
        dumps.push(`peer ${index}:`, ...dumpHeadOf(attack), annotate(attack));
    }
    if ('programs' in input && Array.isArray(input.programs)) {
      for (const program of input.programs) if (isProgram(program)) dumps.push(scriptOf(program));
    }
    if ('messages' in input && Array.isArray(input.messages)) {
      for (const message of input.messages) dumps.push(...dumpMessage(message));
    }
  }
  if (dumps.length === 0) return toJson(input);
  const rest = Object.entries(input ?? {}).filter(
    ([name]) => !['attacks', 'bytes', 'head', 'messages', 'programs', 'told', 'close'].includes(name),
  );
  return [...rest.map(([name, value]) => `${name}: ${JSON.stringify(value)}`), ...dumps].join('\n');
}

function line(at: number, bytes: Uint8Array, what: string): string {
  return `${at.toString(16).padStart(6, '0')}  ${toHex(bytes).padEnd(ROW * 3)} ${what}`;
}

function dumpRows(
  bytes: Uint8Array,
  from: number,
  end: number,
  what: (row: Uint8Array, at: number) => string,
): string[] {
  const lines: string[] = [];
  for (let at = from; at < end; at += ROW) {
    if (lines.length === ROWS) return [...lines, `        … ${end - at} more bytes`];
    const row = bytes.subarray(at, Math.min(end, at + ROW));
    lines.push(line(at, row, what(row, at)));
  }
  return lines;
}

function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(
    '',
  );
}

function dumpFrames(bytes: Uint8Array, cuts: readonly number[]): string {
  const lines: string[] =
    cuts.length > 0 ? [`cut at ${cuts.slice(0, 40).join(', ')}${cuts.length > 40 ? ', …' : ''}`] : [];
  for (const [index, { from, lengthSize, masked, payload, end }] of piecesOf(bytes).entries()) {
    const first = bytes[from] ?? 0;
    const bits = [
      ...(first & 0x80 ? ['FIN'] : []),
      ...(first & 0x40 ? ['RSV1'] : []),
      ...(first & 0x20 ? ['RSV2'] : []),
      ...(first & 0x10 ? ['RSV3'] : []),
    ];
    const opcode = OPCODES[first & 15] ?? `reserved opcode ${(first & 15).toString(16)}`;
    lines.push(line(from, bytes.subarray(from, from + 1), `frame ${index}: ${[...bits, opcode].join(', ')}`));
    if (from + 1 >= bytes.length) break;
    const second = (bytes[from + 1] ?? 0) & 0x7f;
    const length = lengthSize === 0 ? `payload length ${second}` : `payload length in ${lengthSize} bytes`;
    lines.push(line(from + 1, bytes.subarray(from + 1, from + 2), `${masked ? 'MASK, ' : ''}${length}`));
    const behindLength = Math.min(payload, from + 2 + lengthSize);
    if (lengthSize > 0) {
      const field = bytes.subarray(from + 2, behindLength);
      lines.push(
        line(from + 2, field, `extended payload length ${BigInt(`0x0${toHex(field).replaceAll(' ', '')}`)}`),
      );
    }
    const key = bytes.subarray(behindLength, payload);
    if (masked && key.length > 0) lines.push(line(behindLength, key, 'masking key'));
    lines.push(
      ...dumpRows(bytes, payload, end, (row, at) => {
        if (!masked) return `payload  ${printable(row)}`;
        const plain = row.map((byte, offset) => byte ^ (key[(at - payload + offset) % 4] ?? 0));
        return `payload, unmasked ${toHex(plain)}  ${printable(plain)}`;
      }),
    );
  }
  return lines.join('\n');
}

function dumpHead(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const lf = bytes.indexOf(10, from);
    const end = lf < 0 ? bytes.length : lf + 1;
    lines.push(...dumpRows(bytes, from, end, (row) => printable(row)));
    from = end;
  }
  return lines.join('\n');
}

/** The head that a peer sends in front of its frames, where it is no sound one. */
function dumpHeadOf(attack: unknown): string[] {
  if (typeof attack !== 'object' || attack === null || !('head' in attack)) return [];
  return attack.head instanceof Uint8Array ? [dumpHead(attack.head)] : [];
}

function dumpMessage(message: unknown): string[] {
  if (typeof message !== 'object' || message === null || !('payload' in message)) return [];
  const { payload } = message;
  if (!(payload instanceof Uint8Array)) return [];
  const kind = 'kind' in message ? String(message.kind) : 'message';
  return [
    `${kind}, compressed to ${payload.length} bytes (RSV1):`,
    ...dumpRows(payload, 0, payload.length, () => 'DEFLATE'),
  ];
}
