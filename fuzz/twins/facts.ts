import { type Program, SHORT_TIMEOUT } from './program.js';
import { type Call, ERROR_OVERFLOW, type RunRecord, type Told } from './record.js';
import type { WireItem } from './wire.js';

const OPEN = 1;

/** A message that was accepted: of one call, or of several that each gave a fragment. */
export interface Item {
  readonly kind: WireItem['kind'];
  readonly calls: Call[];
  whole: boolean;
  /** the message between whose fragments it came */
  readonly amid: Item | undefined;
}

/** What is known of a run before it is judged. */
export interface Facts {
  readonly program: Program;
  readonly record: RunRecord;
  /** messages, in the order in which they were accepted */
  readonly items: readonly Item[];
  readonly controls: readonly Call[];
  /** why something may be lost */
  readonly cut: string | undefined;
  readonly overflow: Told | undefined;
  /** a message was under way in fragments when the connection was closed, by either side */
  readonly closedAmid: boolean;
  /** a whole message came between the fragments of another */
  readonly between: boolean;
  readonly close: Call | undefined;
}

export function isAccepted({ state, threw }: Call): boolean {
  return state === OPEN && threw === undefined;
}

/** Whether it cannot be sent whole: its end was not, or that of the message which it waits for (§5.4). */
export function isStuck({ whole, amid }: Item): boolean {
  return !whole || amid?.whole === false;
}

export function payloadOf({ calls }: Item): Buffer {
  const [only, ...more] = calls;
  return only !== undefined && more.length === 0
    ? only.payload
    : Buffer.concat(calls.map(({ payload }) => payload));
}

function itemsOf(calls: readonly Call[]): { items: Item[]; closedAmid: boolean; between: boolean } {
  const items: Item[] = [];
  let open: Item | undefined;
  let between = false;
  for (const call of calls) {
    const { what, kind, name, fin } = call;
    const isWhole = what === 'frame' || what === 'broadcast' || name === 'send prepared';
    if (isWhole && open !== undefined) between = true;
    if (!isAccepted(call)) continue;
    if (isWhole) {
      items.push({ kind, calls: [call], whole: true, amid: open });
    } else if (what === 'message') {
      if (open === undefined) {
        open = { kind, calls: [], whole: false, amid: undefined };
        items.push(open);
      }
      open.calls.push(call);
      if (fin) {
        open.whole = true;
        open = undefined;
      }
    }
  }
  // Nothing is accepted behind a close.
  return { items, closedAmid: open !== undefined, between };
}

/**
 * Sockets of a client, and those of TLS, end their half by themselves when the peer ends its own: where the application has
 * paused, or is told of each message in a task of its own, what it has not been told by then is told, and nothing is sent
 * any more.
 */
function endsItself({ link, settings, steps }: Program, { told, peerEnded }: RunRecord): boolean {
  if (link.way === 'duplex' || !peerEnded) return false;
  if (told.some(({ event, paused }) => event === 'close' && paused)) return true;
  const endsAtOnce = steps.some((step) => step.do === 'peer' && step.ends === 'by end');
  return settings.allowSynchronousEvents === false && endsAtOnce;
}

export function factsOf(program: Program, record: RunRecord): Facts {
  const { settings, early, steps } = program;
  const { calls, told, cuts } = record;
  const { items, closedAmid, between } = itemsOf(calls);
  const overflow = told.find(
    ({ error }) => error !== undefined && Reflect.get(error, 'code') === ERROR_OVERFLOW,
  );
  const frames = [...early, ...steps.flatMap((step) => (step.do === 'peer' ? step.frames : []))];
  const cut =
    cuts[0]?.why ??
    (overflow === undefined ? undefined : 'overflow') ??
    (frames.some(({ what }) => what === 'nonsense') ? 'nonsense' : undefined) ??
    (settings.closeTimeout < SHORT_TIMEOUT && record.elapsed >= settings.closeTimeout - 3
      ? 'close time-out'
      : undefined) ??
    (settings.pingInterval !== undefined || settings.idleTimeout !== undefined ? 'keep-alive' : undefined) ??
    (settings.maskThrowsAt !== undefined ? 'mask' : undefined) ??
    (endsItself(program, record) ? 'end of the socket' : undefined);
  return {
    program,
    record,
    items,
    controls: calls.filter((call) => isAccepted(call) && (call.what === 'ping' || call.what === 'pong')),
    cut,
    overflow,
    closedAmid,
    between,
    close: calls.find((call) => isAccepted(call) && call.what === 'close'),
  };
}
