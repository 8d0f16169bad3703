import { ProtocolError } from '@x/frame-codec';

/** What a campaign counts. */
export interface Counts {
  /** times that an input was held against a property */
  executions: number;
  /** frames that decoders handed out, over all of them */
  frames: number;
  /** hostile streams that were sent over sockets */
  streams: number;
  /** programs that were run on this project and on npm `ws` */
  programs: number;
  /** how often each rule was seen broken, by name; those of the handshake begin with `handshake:` */
  violations: Record<string, number>;
}

export const counts: Counts = { executions: 0, frames: 0, streams: 0, programs: 0, violations: {} };

/** Notes a violation. */
export function saw(violation: string): void {
  counts.violations[violation] = (counts.violations[violation] ?? 0) + 1;
}

/** Takes the counts, and begins anew. */
export function takeCounts(): Counts {
  const taken = { ...counts };
  counts.executions = 0;
  counts.frames = 0;
  counts.streams = 0;
  counts.programs = 0;
  counts.violations = {};
  return taken;
}

/** What the codec threw, which is of its own kind or a failure. */
export function typed(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  throw new Error(
    `something other than a ProtocolError came out: ${error instanceof Error ? error.stack : error}`,
  );
}
