import { Endpoint, type EndpointOptions, FrameDecoder, type FramePart, OPCODES } from '../../src/index.js';
import { hex, toHex } from './hex.js';

const NAMES = new Map<number, string>(Object.entries(OPCODES).map(([name, opcode]) => [opcode, name]));

/** One part of a frame as a line: `fin text first last 48 65`. */
export function line(part: FramePart): string {
  const { fin, rsv1, rsv2, rsv3, opcode, first, last, payload, remaining } = part;
  const words = [
    ...(fin ? ['fin'] : []),
    ...(rsv1 ? ['rsv1'] : []),
    ...(rsv2 ? ['rsv2'] : []),
    ...(rsv3 ? ['rsv3'] : []),
    NAMES.get(opcode) ?? `opcode ${opcode}`,
    ...(first ? ['first'] : []),
    ...(last ? ['last'] : []),
    ...(last && remaining === 0 ? [] : [`(${remaining} to come)`]),
    ...(payload.length > 0 ? [toHex(payload)] : []),
  ];
  return words.join(' ');
}

/** A decoder that writes down every part. */
export function decoderOf(options: EndpointOptions): { decoder: FrameDecoder; lines: string[] } {
  const lines: string[] = [];
  const decoder = new FrameDecoder(new Endpoint(options), (part) => lines.push(line(part)));
  return { decoder, lines };
}

/** The parts that hex gives in one piece. */
export function decode(options: EndpointOptions, bytes: string): string[] {
  const { decoder, lines } = decoderOf(options);
  decoder.receive(hex(bytes));
  return lines;
}

/** A whole frame, put together from its parts. */
export interface WholeFrame {
  head: number;
  payload: number[];
}

/** Feeds `chunks` and puts parts of one frame together; what was thrown comes last, as its message. */
export function wholeFrames(
  options: EndpointOptions,
  chunks: readonly Uint8Array[],
): (WholeFrame | string)[] {
  const frames: (WholeFrame | string)[] = [];
  let open: WholeFrame | undefined;
  const decoder = new FrameDecoder(new Endpoint(options), (part) => {
    const { fin, rsv1, rsv2, rsv3, opcode, first, last, payload } = part;
    const head = (fin ? 128 : 0) + (rsv1 ? 64 : 0) + (rsv2 ? 32 : 0) + (rsv3 ? 16 : 0) + opcode;
    if (first !== (open === undefined)) throw new Error('a part out of order');
    open ??= { head, payload: [] };
    if (open.head !== head) throw new Error('parts of one frame with different heads');
    for (const byte of payload) open.payload.push(byte);
    if (!last) return;
    frames.push(open);
    open = undefined;
  });
  try {
    for (const chunk of chunks) decoder.receive(chunk);
  } catch (error) {
    frames.push(String(error));
  }
  return frames;
}
