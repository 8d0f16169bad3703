import { DeflatePool, PermessageDeflate, type Role } from '@x/frame-codec';
import { type Extension, type PermessageDeflateConfig, permessageDeflate } from '@x/handshake';
import type { PerMessageDeflateOptions } from './deflate-options.js';
import { ZlibEngine } from './zlib-engine.js';

/** Payloads below this are not compressed where each message is compressed for itself. */
const THRESHOLD = 1024;
/** RFC 7692 §7.1.2 */
const MAX_WINDOW_BITS = 15;

/** permessage-deflate (RFC 7692) with the options of npm `ws`: negotiates it, and sets connections up with it. */
export class Compression {
  /** What the handshake offers or accepts. */
  readonly extension: Extension<PermessageDeflateConfig>;
  /** For messages that may refer to the ones before: each is compressed, however short. */
  readonly #takeover: DeflatePool;
  readonly #alone: DeflatePool;

  /**
   * @throws {RangeError} when an option is out of its range
   * @throws {TypeError} when an option of zlib is of another kind
   */
  constructor(options: PerMessageDeflateOptions = {}) {
    const { serverMaxWindowBits, clientMaxWindowBits } = options;
    this.extension = permessageDeflate({
      serverNoContextTakeover: options.serverNoContextTakeover ?? undefined,
      clientNoContextTakeover: options.clientNoContextTakeover ?? undefined,
      serverMaxWindowBits: serverMaxWindowBits === true ? undefined : (serverMaxWindowBits ?? undefined),
      clientMaxWindowBits: clientMaxWindowBits === true ? undefined : (clientMaxWindowBits ?? undefined),
    });
    const { zlibDeflateOptions, zlibInflateOptions } = options;
    const engine = new ZlibEngine(zlibDeflateOptions, zlibInflateOptions);
    // What zlib does not take is refused here, and not at the first message of a peer.
    if (zlibDeflateOptions !== undefined) engine.deflater(MAX_WINDOW_BITS).close();
    if (zlibInflateOptions !== undefined) engine.inflater(MAX_WINDOW_BITS).close();
    this.#takeover = new DeflatePool({ engine, threshold: 0 });
    this.#alone = new DeflatePool({ engine, threshold: options.threshold ?? THRESHOLD });
  }

  /** The extension at work on one connection. */
  start(role: Role, config: PermessageDeflateConfig): PermessageDeflate {
    const alone = role === 'server' ? config.serverNoContextTakeover : config.clientNoContextTakeover;
    return new PermessageDeflate(role, config, alone ? this.#alone : this.#takeover);
  }
}

const made = new WeakMap<PerMessageDeflateOptions, Compression>();
const PRESET: PerMessageDeflateOptions = {};

/**
 * The compression that an option asks for; the same for the same options, so that connections share its engines.
 *
 * @throws {TypeError} when it, or an option of it, is of another kind
 * @throws {RangeError} when an option is out of its range
 */
export function compressionFor(
  option: boolean | PerMessageDeflateOptions | undefined,
): Compression | undefined {
  if (!option) return undefined;
  if (option !== true && typeof option !== 'object') {
    throw new TypeError(`perMessageDeflate must be a boolean or an object, not a ${typeof option}`);
  }
  const options = option === true ? PRESET : option;
  const compression = made.get(options) ?? new Compression(options);
  made.set(options, compression);
  return compression;
}
