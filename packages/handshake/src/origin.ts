/** What an origin check is given beside the origin. */
export interface OriginContext {
  /** The `Host` field, or `:authority`. */
  readonly host: string;
}

/** Whether a request with this origin may open a connection; `undefined` when it carries none, as non-browsers may (§4.1). */
export type OriginCheck = (origin: string | undefined, context: OriginContext) => boolean;
