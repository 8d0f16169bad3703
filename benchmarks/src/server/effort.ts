/** How long to measure. */
export interface ServerEffort {
  /** at most */
  readonly rounds: number;
  /** before the first round of each contestant, in milliseconds */
  readonly warmUp: number;
  /** each contestant in each round, in milliseconds */
  readonly measure: number;
  /** most idle connections */
  readonly idle: number;
  /** arguments for Node, for the sake of profiles */
  readonly flags?: readonly string[];
}

/** Milliseconds for memory to settle, before and after garbage is collected. */
export const SETTLING = 150;
