/**
 * The limits of an endpoint, with their defaults. Everything that a peer can make grow has one (§10.4).
 */
export const LIMITS = {
  /** bytes of payload in one message, over all its frames; passing it fails the connection with 1009 */
  maxMessageLength: 16_777_216,
  /** bytes of payload in one frame; passing it fails the connection with 1009 */
  maxFrameLength: 9_007_199_254_740_991,
  /** frames in one message; passing it fails the connection with 1008. A fragment costs no memory but its bytes. */
  maxFragments: 1_048_576,
  /** pongs left with a transport that takes no more; from then on only the latest ping is answered */
  maxQueuedPongs: 16,
  /** bytes kept while a connection is paused, and one inbox (128 KiB) more; passing it fails it with 1008 */
  maxRetainedLength: 67_108_864,
  /** bytes that extensions decode before the connection yields to others; see `ConnectionHandler.yield` */
  maxTurnLength: 1_048_576,
} as const;

/** Limits with a range of their own: a message has a frame, and a turn brings something. */
const RANGES: { readonly [Name in keyof Limits]?: readonly [number, number] } = {
  maxFragments: [1, 0x7fff_ffff],
  maxTurnLength: [1, Number.MAX_SAFE_INTEGER],
};

/** The limits that an endpoint is made with, each a whole number; see {@link LIMITS} for units and defaults. */
export type Limits = { readonly [Name in keyof typeof LIMITS]: number };

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when a limit is not a whole number from 0 to 2^53 − 1 (`maxFragments`: from 1 to 2^31 − 1;
 * `maxTurnLength`: from 1)
 */
export function checkLimits(limits: Partial<Limits>): Limits {
  const checked: Record<string, number> = {};
  for (const [name, preset] of Object.entries(LIMITS)) {
    const limit = limits[name as keyof Limits] ?? preset;
    const [low, high] = RANGES[name as keyof Limits] ?? [0, Number.MAX_SAFE_INTEGER];
    if (!Number.isSafeInteger(limit) || limit < low || limit > high) {
      throw new RangeError(`${name} must be a whole number from ${low} to ${high}, not ${limit}`);
    }
    checked[name] = limit;
  }
  return checked as Limits;
}
