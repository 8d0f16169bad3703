import type { SocketConnection } from './socket-connection.js';

/** How long those that wait may take together in one turn of the event loop, in milliseconds; one of them always goes. */
const TURN_MS = 2;

/** Connections that have inflated enough for now, in the order in which they go on. */
const waiting: Set<SocketConnection> = new Set();
let scheduled = false;

/** Has a connection proceed in a later turn, behind those that wait already. */
export function proceedLater(connection: SocketConnection): void {
  waiting.add(connection);
  schedule();
}

function schedule(): void {
  if (scheduled || waiting.size === 0) return;
  scheduled = true;
  setImmediate(takeTurns);
}

/** Lets everyone proceed once, as far as the time allows; who yields again waits behind the others. */
function takeTurns(): void {
  const end = performance.now() + TURN_MS;
  let count = waiting.size;
  scheduled = false;
  try {
    for (const connection of waiting) {
      waiting.delete(connection);
      connection.proceed();
      if (--count === 0 || performance.now() > end) break;
    }
  } finally {
    // What a handler throws surfaces; the others have their turn all the same.
    schedule();
  }
}
