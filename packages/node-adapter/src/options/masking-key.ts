/** The option of npm `ws` that fills in a masking key, as the codec wants it: the first byte on the wire lowest. */
export function maskingKeyOf(generateMask: (mask: Buffer) => void): () => number {
  const mask = Buffer.alloc(4);
  return () => {
    generateMask(mask);
    return mask.readInt32LE();
  };
}
