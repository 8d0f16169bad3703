import { EMPTY } from '../values/payload.js';

/** What there is to know of a `WebSocket` that is ending, or has failed; the others have none. */
export interface Ending {
  /** drops the socket when the closing handshake takes too long */
  timer: NodeJS.Timeout | undefined;
  code: number;
  reason: Buffer;
  /** whether both close frames passed */
  wasClean: boolean;
  /** what is reported when the close frame is sent */
  error: Error | undefined;
  /** whether `error` was emitted */
  reported: boolean;
  /** whether nothing more is emitted but `error` and `close`, and nothing more counts as buffered: behind an overflow */
  isMute: boolean;
  /** bytes of what was sent too late: they count as buffered for ever, as in browsers */
  lost: number;
}

/** An ending without a close frame, so far. */
export function newEnding(): Ending {
  return {
    timer: undefined,
    code: 1006,
    reason: EMPTY,
    wasClean: false,
    error: undefined,
    reported: false,
    isMute: false,
    lost: 0,
  };
}
