/** Frames for benchmarks, made without the code that is measured. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc((length < 126 ? 2 : length < 65536 ? 4 : 10) + 4);
  head[0] = 0x80 | opcode;
  if (length < 126) {
    head[1] = 0x80 | length;
  } else if (length < 65536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  const key = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  key.copy(head, head.length - 4);
  const masked = Buffer.from(payload);
  for (let index = 0; index < length; index++) masked[index] = (masked[index] ?? 0) ^ (key[index & 3] ?? 0);
  return Buffer.concat([head, masked]);
}

/** As many frames as fill about `length` bytes, at least one, cut into chunks of 64 KiB as a socket delivers them. */
export function chunked(frame: Buffer, length: number): { chunks: Buffer[]; count: number } {
  const count = Math.max(1, Math.round(length / frame.length));
  const stream = Buffer.concat(Array<Buffer>(count).fill(frame));
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += 65536) chunks.push(Buffer.from(stream.subarray(at, at + 65536)));
  return { chunks, count };
}
