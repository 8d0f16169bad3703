import type { DeflateEngine, Deflater, Inflater } from '@x/frame-codec';
import { directDeflater, directInflater } from './zlib-direct.js';
import { MiniDeflater, MiniInflater } from './zlib-mini.js';
import type { ZlibSettings } from './zlib-settings.js';

/** Raw DEFLATE by Node's own zlib, run synchronously: for a small message a tenth of what its streams cost. */
export class ZlibEngine implements DeflateEngine {
  readonly #deflate: ZlibSettings;
  readonly #inflate: ZlibSettings;
  readonly #direct: boolean;

  /** @param direct goes by the handle of node:zlib where there is one, rather than by minizlib */
  constructor(deflate: ZlibSettings = {}, inflate: ZlibSettings = {}, direct = true) {
    this.#deflate = deflate;
    this.#inflate = inflate;
    this.#direct = direct;
  }

  /** zlib takes 9 bits for 8: its matches reach 250 bytes back then, which fits the peer's window of 256. */
  deflater(windowBits: number): Deflater {
    const options = { ...this.#deflate, windowBits };
    return (this.#direct ? directDeflater(options) : undefined) ?? new MiniDeflater(options);
  }

  inflater(windowBits: number): Inflater {
    const options = { ...this.#inflate, windowBits };
    return (this.#direct ? directInflater(options) : undefined) ?? new MiniInflater(options);
  }
}
