/**
 * Finds what was accepted among what came, in order. Each of `came` must be one of `accepted`; those that are missing must
 * be allowed to be. Gives the place in `came` of each, or nothing where there is no such way.
 *
 * @param mayMiss `all` where everything from there on is missing
 */
export function match<Accepted, Came>(
  accepted: readonly Accepted[],
  came: readonly Came[],
  same: (accepted: Accepted, came: Came) => boolean,
  mayMiss: (accepted: Accepted, allBehindMiss: boolean) => boolean,
): number[] | undefined {
  const failed = new Set<number>();
  const places: number[] = [];
  const walk = (at: number, from: number): boolean => {
    const one = accepted[at];
    if (one === undefined) return from === came.length;
    const key = at * (came.length + 1) + from;
    if (failed.has(key)) return false;
    const next = came[from];
    if (next !== undefined && same(one, next)) {
      places[at] = from;
      if (walk(at + 1, from + 1)) return true;
    }
    if (mayMiss(one, from === came.length)) {
      places[at] = -1;
      if (walk(at + 1, from)) return true;
    }
    failed.add(key);
    return false;
  };
  return walk(0, 0) ? places : undefined;
}
