/** The states of a `WebSocket`, as the browser's interface numbers them (WHATWG WebSockets §3.1). */
export const READY_STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** One of {@link READY_STATES}. */
export type ReadyState = (typeof READY_STATES)[keyof typeof READY_STATES];

const NAMES = Object.keys(READY_STATES);

/** What is said when something is sent in a state that does not allow it. */
export function notOpen(state: ReadyState): Error {
  return new Error(`WebSocket is not open: readyState ${state} (${NAMES[state]})`);
}
