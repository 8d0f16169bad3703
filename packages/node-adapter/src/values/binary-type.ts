import { Blob } from 'node:buffer';
import type { RawData } from './payload.js';

/** How binary messages are handed out. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';

export const BINARY_TYPES: readonly BinaryType[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'];

/** A binary message as it is handed out. */
export function pack(data: Buffer<ArrayBuffer>, type: BinaryType): RawData {
  switch (type) {
    case 'arraybuffer':
      return data.byteLength === data.buffer.byteLength
        ? data.buffer
        : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    case 'fragments':
      return [data];
    case 'blob':
      return new Blob([data]);
    default:
      return data;
  }
}
