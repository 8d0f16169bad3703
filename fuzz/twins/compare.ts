import { type Compared, DIFFERENCES } from './differences.js';
import type { Facts } from './facts.js';
import type { Call, RunRecord } from './record.js';

function listOf(record: RunRecord, compared: Compared): string[] {
  const { calls, wire, told } = record;
  const outcome = ({ backs, hasBack }: Call): string =>
    hasBack ? backs.map(({ error }) => (error === undefined ? 'sent' : 'failed')).join(' and ') : 'none';
  switch (compared) {
    case 'calls':
      return calls.map(
        ({ id, threw }) => `${id} ${threw === undefined ? 'returns' : `throws ${threw.name}`}`,
      );
    case 'callbacks':
      return calls.map((call) => `${call.id} ${outcome(call)}`);
    case 'wire':
      return wire
        .filter(({ kind }) => kind === 'text' || kind === 'binary')
        .map(({ kind, payload }) => `${kind} ${payload.length} ${payload.toString('latin1')}`);
    case 'told':
      return told
        .filter(({ event }) => event === 'message')
        .map(
          ({ isBinary, payload }) =>
            `${isBinary ? 'binary' : 'text'} ${payload.length} ${payload.toString('latin1')}`,
        );
    case 'end':
      return told
        .filter(({ event }) => event === 'close')
        .map(({ code, payload }) => `close ${code} ${payload.toString()}`);
  }
}

/** The same calls were made, in the same order and states, so that the one must come to what the other came to. */
function madeAlike(ours: RunRecord, theirs: RunRecord): boolean {
  const callsOf = ({ calls }: RunRecord): string => calls.map(({ id, state }) => `${id} ${state}`).join();
  return callsOf(ours) === callsOf(theirs);
}

/** The peer sends no more behind a close frame, and that may come sooner in one run. */
function fedAlike(ours: RunRecord, theirs: RunRecord): boolean {
  const listOfSent = ({ peerSent }: RunRecord): string =>
    peerSent
      .map(
        ({ kind, payload }) => `${kind} ${payload.length} ${kind === 'close' ? payload.toString('hex') : ''}`,
      )
      .join();
  return listOfSent(ours) === listOfSent(theirs);
}

/** Where a run of this project comes to something else than the same program on npm `ws`, and does not mean to. */
export function compare(ours: Facts, theirs: Facts): string[] {
  if (!ours.record.opened || !theirs.record.opened) return [];
  // What is lost on the way hangs on time.
  if (ours.cut !== undefined || theirs.cut !== undefined || theirs.record.faults.length > 0) return [];
  if (!fedAlike(ours.record, theirs.record)) return [];
  const alike = madeAlike(ours.record, theirs.record);
  const apart = new Set(DIFFERENCES.filter(({ applies }) => applies(ours)).flatMap(({ of }) => of));
  const faults: string[] = [];
  for (const compared of ['calls', 'callbacks', 'wire', 'told', 'end'] as const) {
    if (apart.has(compared) || (!alike && compared !== 'told' && compared !== 'end')) continue;
    const mine = listOf(ours.record, compared).sort();
    const other = listOf(theirs.record, compared).sort();
    const differs = mine.findIndex((line, index) => line !== other[index]);
    if (differs < 0 && mine.length === other.length) continue;
    const at = differs < 0 ? mine.length : differs;
    faults.push(
      `unlike ws: ${compared} are ${mine[at]?.slice(0, 60) ?? 'nothing more'}, and those of ws ${other[at]?.slice(0, 60) ?? 'nothing more'}`,
    );
  }
  return faults;
}
