import { ByteWriter, writeHead } from '../arbitraries/byte-writer.js';
import { type Frame, hex } from './case.js';

/** The key of the examples in §5.7. */
const MASKING_KEY = '37 fa 21 3d';

/** The bytes of a frame (§5.2). The tester masks where it is the client (§5.1). */
export function encodeFrame(frame: Frame, isClient: boolean): Uint8Array {
  const { first, payload, masked = isClient, extendedLength, cutTo, dropped } = frame;
  const writer = new ByteWriter();
  if (extendedLength === undefined) {
    writeHead(writer, first, frame.length ?? payload.length, masked, frame.lengthSize);
  } else {
    writer.byte(first);
    writer.byte((masked ? 0x80 : 0) + 127);
    writer.put(hex(extendedLength));
  }
  if (masked) {
    const key = hex(frame.maskingKey ?? MASKING_KEY);
    writer.put(key);
    writer.put(payload.map((octet, index) => octet ^ (key[index % 4] ?? 0)));
  } else {
    writer.put(payload);
  }
  return writer.slice().subarray(dropped ?? 0, cutTo ?? writer.length);
}
