import { ByteWriter, writeHead } from '../arbitraries/byte-writer.js';
import { type Frame, hex } from './case.js';

/** The key of the examples in §5.7. */
const MASKING_KEY = '37 fa 21 3d';

/** The bytes of a frame (§5.2). The tester masks where it is the client (§5.1). */
export function encodeFrame(frame: Frame, isClient: boolean): Uint8Array {
  const { first, payload, masked: isMasked = isClient, extendedLength, cutTo, dropped } = frame;
  const writer = new ByteWriter();
  if (extendedLength === undefined) {
    writeHead(writer, first, frame.length ?? payload.length, isMasked, frame.lengthSize);
  } else {
    writer.byte(first);
    writer.byte((isMasked ? 0x80 : 0) + 127);
    writer.put(hex(extendedLength));
  }
  if (isMasked) {
    const key = hex(frame.maskingKey ?? MASKING_KEY);
    writer.put(key);
    // A copy; the slice of a Buffer is none.
    const masked = new Uint8Array(payload);
    for (let index = 0; index < masked.length; index++)
      masked[index] = (masked[index] ?? 0) ^ (key[index % 4] ?? 0);
    writer.put(masked);
  } else {
    writer.put(payload);
  }
  return writer.slice().subarray(dropped ?? 0, cutTo ?? writer.length);
}
