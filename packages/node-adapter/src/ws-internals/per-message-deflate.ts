import { type DataPart, LimitError, type PermessageDeflate, ProtocolError } from '@x/frame-codec';
import { type Agreement, PERMESSAGE_DEFLATE, type PermessageDeflateConfig } from '@x/handshake';
import { Compression } from '../compression/compression.js';
import type { PerMessageDeflateOptions } from '../compression/deflate-options.js';
import { nextTick } from '../runtime/clock.js';
import { toWsError } from '../values/protocol-error.js';
import { fromMap, type ParameterMap, toParameterMap } from './header-lists.js';

type Parameters = { [name: string]: string | number | true };
type Done = (error: Error | null, data?: Buffer) => void;

/** permessage-deflate as npm `ws` exports it, for software that negotiates or compresses by itself. */
export class PerMessageDeflate {
  /** The agreed parameters. */
  params: Parameters | null = null;
  readonly #compression: Compression;
  readonly #isServer: boolean;
  readonly #maxPayload: number;
  #extension: PermessageDeflate | undefined;
  #firstOut = true;
  #firstIn = true;

  /** `permessage-deflate` */
  static get extensionName(): string {
    return PERMESSAGE_DEFLATE;
  }

  constructor(options: PerMessageDeflateOptions & { isServer?: boolean; maxPayload?: number } = {}) {
    this.#isServer = options.isServer === true;
    this.#maxPayload = options.maxPayload ?? 0;
    // Who calls `compress` has decided; npm ws looks at the threshold before that.
    this.#compression = new Compression({ ...options, threshold: 0 });
  }

  /** What a client offers. */
  offer(): Parameters {
    const [params = []] = this.#compression.extension.offer();
    return flat(toParameterMap(params));
  }

  /**
   * Agrees on the offers of a client, or on the answer of a server.
   *
   * @param configurations what `extension.parse` makes of the header
   * @throws {Error} when none can be accepted
   */
  accept(configurations: readonly ParameterMap[]): Parameters {
    const { extension } = this.#compression;
    let agreement: Agreement<PermessageDeflateConfig> | undefined;
    for (const configuration of configurations) {
      const params = fromMap(configuration);
      agreement ??= this.#isServer ? extension.accept(params) : extension.verify(params);
    }
    if (agreement === undefined) throw new Error('None of the extension offers can be accepted');
    this.#extension = this.#compression.start(this.#isServer ? 'server' : 'client', agreement.config);
    this.params = flat(toParameterMap(agreement.params));
    return this.params;
  }

  /** @internal the extension at work, for a codec connection */
  get extension(): PermessageDeflate {
    if (this.#extension === undefined) throw new Error('permessage-deflate was not negotiated');
    return this.#extension;
  }

  /** Compresses one fragment; `done` is called in a later tick. */
  compress(data: Uint8Array | string, fin: boolean, done: Done): void {
    const part = partOf(this.#firstOut, fin);
    this.#firstOut = fin;
    try {
      const payload = this.extension.encode(Buffer.from(data as Uint8Array), part, true);
      nextTick(done, null, Buffer.from(payload));
    } catch (error) {
      nextTick(done, error);
    }
  }

  /** Decompresses one fragment; `done` is called in a later tick. */
  decompress(data: Uint8Array, fin: boolean, done: Done): void {
    const part = partOf(this.#firstIn, fin);
    this.#firstIn = fin;
    const blocks: Uint8Array[] = [];
    let length = 0;
    try {
      this.extension.decode(data, part, (block) => {
        length += block.length;
        if (this.#maxPayload > 0 && length > this.#maxPayload) {
          throw new LimitError('message-too-long', this.#maxPayload);
        }
        return blocks.push(Uint8Array.from(block)) > 0;
      });
      nextTick(done, null, Buffer.concat(blocks));
    } catch (error) {
      nextTick(done, error instanceof ProtocolError ? toWsError(error) : error);
    }
  }

  /** Lets go of what zlib holds. */
  cleanup(): void {
    this.#extension?.close();
  }
}

function partOf(first: boolean, last: boolean): DataPart {
  return {
    text: false,
    rsv: 0,
    firstOfMessage: first,
    firstOfFrame: true,
    lastOfFrame: true,
    lastOfMessage: last,
  };
}

/** One value a parameter, numbers as numbers. */
function flat(map: ParameterMap): Parameters {
  const params: Parameters = {};
  for (const [name, [value = true]] of Object.entries(map)) {
    params[name] = value === true ? true : Number(value);
  }
  return params;
}
