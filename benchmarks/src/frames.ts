/** Frames for benchmarks, made without the code that is measured. */

const KEY = Buffer.from([0x12, 0x34, 0x56, 0x78]);

/** The head of a frame (§5.2), with room for `extra` bytes behind it. */
function frameHead(first: number, length: number, maskBit: number, extra: number): Buffer {
  const head = Buffer.alloc((length < 126 ? 2 : length < 65536 ? 4 : 10) + extra);
  head[0] = 0x80 | first;
  if (length < 126) {
    head[1] = maskBit | length;
  } else if (length < 65536) {
    head[1] = maskBit | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = maskBit | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return head;
}

/** A whole message from a client; `opcode` may have RSV1 (0x40) beside it. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = frameHead(opcode, length, 0x80, 4);
  KEY.copy(head, head.length - 4);
  const masked = Buffer.from(payload);
  for (let index = 0; index < length; index++) masked[index] = (masked[index] ?? 0) ^ (KEY[index & 3] ?? 0);
  return Buffer.concat([head, masked]);
}

/** A whole message from a server. */
export function bareFrame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([frameHead(opcode, payload.length, 0, 0), payload]);
}

/** As many frames as fill about `length` bytes, at least one, cut into chunks of 64 KiB as a socket delivers them. */
export function chunked(frame: Buffer, length: number): { chunks: Buffer[]; count: number } {
  const count = Math.max(1, Math.round(length / frame.length));
  const stream = Buffer.concat(Array<Buffer>(count).fill(frame));
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += 65536) chunks.push(Buffer.from(stream.subarray(at, at + 65536)));
  return { chunks, count };
}
