import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';
import type { Role } from '@x/frame-codec';

/** What permessage-deflate was agreed to be (RFC 7692 §7.1), for each side as it compresses. */
export interface Agreement {
  /** whether it may refer to earlier messages */
  readonly serverTakeover: boolean;
  readonly clientTakeover: boolean;
  /** bits of its window */
  readonly serverBits: number;
  readonly clientBits: number;
}

/** RFC 7692 §7.2.1: these four bytes are taken from the end of each message, and §7.2.2: put there again. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

/** The tester's half of permessage-deflate: it never goes by more than what was agreed on, and so sees a peer that does. */
export class TesterDeflate {
  readonly #agreed: Agreement;
  readonly #role: Role;
  #deflater: DeflateRaw | undefined;
  #inflater: InflateRaw | undefined;

  /** @param role of the tested side */
  constructor(agreed: Agreement, role: Role) {
    this.#agreed = agreed;
    this.#role = role;
  }

  async compress(payload: Uint8Array): Promise<Uint8Array> {
    const { clientTakeover, serverTakeover, clientBits, serverBits } = this.#agreed;
    const isClient = this.#role === 'server';
    // zlib takes 9 bits for 8, and then looks back 250 bytes at most.
    this.#deflater ??= heeded(createDeflateRaw({ windowBits: isClient ? clientBits : serverBits }));
    const out = await run(this.#deflater, payload);
    if (!(isClient ? clientTakeover : serverTakeover)) this.#deflater.reset();
    return out.subarray(0, out.length - TAIL.length);
  }

  /** @throws {Error} where the bytes are not what was agreed on */
  async decompress(payload: Uint8Array): Promise<Uint8Array> {
    const { clientTakeover, serverTakeover, clientBits, serverBits } = this.#agreed;
    const fromServer = this.#role === 'server';
    this.#inflater ??= heeded(createInflateRaw({ windowBits: fromServer ? serverBits : clientBits }));
    const out = await run(this.#inflater, Buffer.concat([payload, TAIL]));
    if (!(fromServer ? serverTakeover : clientTakeover)) this.#inflater.reset();
    return out;
  }

  close(): void {
    this.#deflater?.close();
    this.#inflater?.close();
  }
}

/** Its callback tells of an error; the event that follows must not be unheard. */
function heeded<Zlib extends DeflateRaw | InflateRaw>(zlib: Zlib): Zlib {
  zlib.on('error', () => {});
  return zlib;
}

function run(zlib: DeflateRaw | InflateRaw, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const blocks: Buffer[] = [];
    const onData = (block: Buffer): number => blocks.push(block);
    const settle = (error?: Error | null): void => {
      zlib.off('data', onData).off('error', settle);
      if (error) reject(error);
      else resolve(Buffer.concat(blocks));
    };
    zlib.on('data', onData).on('error', settle);
    zlib.write(input);
    zlib.flush(constants.Z_SYNC_FLUSH, () => settle());
  });
}
