import { constants, createDeflateRaw } from 'node:zlib';
import { bareFrame, maskedFrame } from '../frames.js';
import type { EchoScenario } from './scenario.js';

const RSV1 = 0x40;
/** Compressed messages until the stream of them starts again: it may refer to what it said before, and so it stays right. */
const COMPRESSED = 120;

/** Bytes at the end of a flushed block that a message leaves out (§7.2.1 of RFC 7692). */
const EMPTY_BLOCK = 4;

/** What one burst sends, and what must come back. */
export interface Burst {
  readonly sent: Buffer;
  /** the exact bytes of the answer; for compressed messages, whose form is up to the server, unknown */
  readonly expected: Buffer | undefined;
}

/** The bursts of an echo, sent one after the other and then from the first again. */
export async function burstsOf(
  { depth, deflate, json, length, opcode }: EchoScenario,
  raw: boolean,
): Promise<Burst[]> {
  return deflate
    ? compressedBursts(depth, length)
    : [burstOf({ depth, length, opcode }, raw, json ? Buffer.from(jsonOf(0, length)) : undefined)];
}

/** The same message `depth` times; a raw server sends back what it got, masks and all. */
export function burstOf(
  { depth, length, opcode }: Pick<EchoScenario, 'depth' | 'length' | 'opcode'>,
  raw: boolean,
  payload: Buffer = payloadOf(length),
): { sent: Buffer; expected: Buffer } {
  const sent = repeat(maskedFrame(opcode, payload), depth);
  return { sent, expected: raw ? sent : repeat(bareFrame(opcode, payload), depth) };
}

/** Letters, the same ones each time. */
export function payloadOf(length: number): Buffer {
  return Buffer.alloc(length, 'All human beings are born free and equal in dignity and rights. ');
}

function repeat(frame: Buffer, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(frame.length * count);
  for (let index = 0; index < count; index++) frame.copy(bytes, index * frame.length);
  return bytes;
}

/** A JSON text of exactly so many bytes, like and unlike the others. */
export function jsonOf(index: number, length: number): string {
  const rows = [];
  let text = '';
  for (let row = 0; text.length < length - 12; row++) {
    const seed = (index * 7919 + row * 104_729) % 1_000_003;
    rows.push({
      id: seed,
      name: `user-${seed % 97}`,
      price: (seed % 9973) / 100,
      tags: ['new', 'sale'],
      ok: seed % 2 === 0,
    });
    text = JSON.stringify({ index, rows });
  }
  while (text.length > length - 12) {
    rows.pop();
    text = JSON.stringify({ index, rows });
  }
  return JSON.stringify({ index, rows, pad: '' }).replace(
    '"pad":""',
    `"pad":"${'x'.repeat(length - text.length - 9)}"`,
  );
}

/** JSON texts, each compressed with the ones before as its context (RFC 7692 §7.2.1). */
async function compressedBursts(depth: number, length: number): Promise<Burst[]> {
  const count = Math.ceil(COMPRESSED / depth) * depth;
  const deflater = createDeflateRaw();
  const frames: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    deflater.write(jsonOf(index, length));
    await new Promise<void>((flushed) => deflater.flush(constants.Z_SYNC_FLUSH, flushed));
    const block: Buffer = deflater.read();
    frames.push(maskedFrame(RSV1 | 1, block.subarray(0, -EMPTY_BLOCK)));
  }
  deflater.close();
  const bursts: Burst[] = [];
  for (let at = 0; at < count; at += depth) {
    bursts.push({ sent: Buffer.concat(frames.slice(at, at + depth)), expected: undefined });
  }
  return bursts;
}
