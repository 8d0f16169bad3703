/** Counts the frames of a server by their heads, where their lengths are not known. */
export class FrameCounter {
  /** bytes of the payload under way that have not come */
  #left = 0;
  readonly #head = Buffer.alloc(10);
  #headLength = 0;

  /** How many frames end in these bytes. */
  push(bytes: Buffer, length: number): number {
    let frames = 0;
    let at = 0;
    while (at < length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, length - at);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) frames++;
        continue;
      }
      this.#head[this.#headLength++] = bytes[at++] as number;
      if (this.#headLength < 2) continue;
      const short = (this.#head[1] as number) & 0x7f;
      const whole = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#headLength < whole) continue;
      this.#headLength = 0;
      this.#left =
        short < 126
          ? short
          : short === 126
            ? this.#head.readUInt16BE(2)
            : Number(this.#head.readBigUInt64BE(2));
      if (this.#left === 0) frames++;
    }
    return frames;
  }
}
