import { describe, expect, it } from 'vitest';
import { CLOSING, type ClosingEvent, type ClosingState } from '../../src/index.js';

const STATES = Object.keys(CLOSING) as ClosingState[];
const EVENTS: readonly ClosingEvent[] = [
  'close',
  'close-sent',
  'close-lost',
  'close-received',
  'failure',
  'abandon',
  'terminate',
  'peer-end',
  'all-done',
  'transport-end',
  'handed-out',
];

/** All states that can be reached from one, itself among them. */
function reachable(from: ClosingState): Set<ClosingState> {
  const seen = new Set([from]);
  for (const state of seen) for (const step of Object.values(CLOSING[state])) seen.add(step.to);
  return seen;
}

describe('the table of the closing handshake (§7)', () => {
  it('has every state, reached from open, and no event that it does not know', () => {
    expect([...reachable('open')].sort()).toEqual([...STATES].sort());
    for (const state of STATES) {
      for (const event of Object.keys(CLOSING[state])) expect(EVENTS).toContain(event);
    }
  });

  it('leads from each state to the end, and from the end nowhere', () => {
    for (const state of STATES) expect(reachable(state)).toContain('over');
    expect(CLOSING.over).toEqual({});
  });

  it('never leads back', () => {
    for (const state of STATES) {
      for (const step of Object.values(CLOSING[state])) {
        if (step.to !== state) expect(reachable(step.to)).not.toContain(state);
      }
    }
  });

  it('has the transport end at any time but behind its end', () => {
    for (const state of STATES) {
      if (state === 'gone' || state === 'over') expect(CLOSING[state]['transport-end']).toBeUndefined();
      else expect(CLOSING[state]['transport-end']?.to).toBe('gone');
    }
  });

  it('tells the handler the last event once, on the way to over alone', () => {
    for (const state of STATES) {
      for (const step of Object.values(CLOSING[state])) {
        expect(step.actions.includes('tellClosed')).toBe(step.to === 'over');
      }
    }
  });

  it('puts its own close frame out before it tells of the peer’s, and ends behind that (§5.5.1)', () => {
    for (const state of STATES) {
      for (const { actions } of Object.values(CLOSING[state])) {
        const at = (['putClose', 'tellFailure', 'tellClosing', 'end'] as const).map((action) =>
          actions.indexOf(action),
        );
        const there = at.filter((index) => index >= 0);
        expect(there).toEqual([...there].sort((a, b) => a - b));
      }
    }
  });

  it('takes nothing more from a peer whose close frame came, or that failed (§5.5.1, §7.1.7)', () => {
    for (const state of STATES) {
      const { 'close-received': received, failure } = CLOSING[state];
      for (const step of [received, failure]) if (step) expect(step.actions).toContain('stopReading');
    }
  });
});
