import { isObject, kindOf } from './options.js';

/** What a peer may make this package hold or walk, each with its default. */
export interface HandshakeLimits {
  /** Bytes of a head, its final empty line included; past it `head-too-long`. */
  readonly headLength: number;
  /** Fields of a head; past it `head-too-many-fields`. */
  readonly fieldCount: number;
  /** Elements and parameters of one `Sec-WebSocket-Extensions` or `Sec-WebSocket-Protocol` list; past it `list-too-long`. */
  readonly listElements: number;
  /** Interim (1xx) responses that a client skips before the final one; past it `too-many-interim-responses`. */
  readonly interimResponses: number;
}

/** The limits where none are given. */
export const DEFAULT_LIMITS: HandshakeLimits = {
  headLength: 16_384,
  fieldCount: 100,
  listElements: 1000,
  interimResponses: 10,
};

/**
 * The defaults with the given ones in their place.
 *
 * @throws TypeError when it is no object, or has a limit that there is not; RangeError when a limit is not a positive
 *   safe integer
 */
export function resolveLimits(limits: Partial<HandshakeLimits> | undefined): HandshakeLimits {
  if (limits === undefined) return DEFAULT_LIMITS;
  if (!isObject(limits)) throw new TypeError(`limits must be an object, not ${kindOf(limits)}`);
  for (const name of Object.keys(limits)) {
    // Misspelt, it would leave the peer with the default.
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`there is no limit ${name}`);
  }
  const resolved = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(resolved)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`limit ${name} is not a positive integer`);
  }
  return resolved;
}
