import type { Facts } from './facts.js';

/** What of two runs is compared. */
export type Compared = 'calls' | 'callbacks' | 'wire' | 'told' | 'end';

/** Something in which this project means to differ from npm `ws`. */
export interface Difference {
  readonly name: string;
  /** the clause, or the reason */
  readonly why: string;
  /** what cannot be compared then */
  readonly of: readonly Compared[];
  applies(facts: Facts): boolean;
}

function does(facts: Facts, name: string): boolean {
  return facts.record.calls.some((call) => call.name === name);
}

/** Intended differences from npm `ws`; there are no others. */
export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'a client sends no prepared message',
    why: '§5.3: each frame of a client has a masking key of its own; ws knows no prepared messages',
    of: ['calls', 'callbacks', 'wire', 'end'],
    applies: (facts) => facts.program.role === 'client' && does(facts, 'send prepared'),
  },
  {
    name: 'a message of its own does not become a fragment of another',
    why: '§5.4: a broadcast or a prepared message is whole; ws sends it as a continuation of what is under way',
    of: ['calls', 'callbacks', 'wire', 'told', 'end'],
    applies: ({ between }) => between,
  },
  {
    name: 'frames of `_sender.sendFrame` go in their turn',
    why: '§5.4: written past the queue, as by ws, they may come between the fragments of a message',
    of: ['wire'],
    applies: (facts) => does(facts, 'sendFrame'),
  },
  {
    name: 'a close() amid the fragments of a message gives that up',
    why: '§5.5.1: nothing follows a close frame, and what is behind the fragments gets an error; ws leaves half a message',
    of: ['callbacks', 'wire'],
    applies: ({ closedAmid }) => closedAmid,
  },
  {
    name: 'an end behind the close frame of the peer cuts nothing off',
    why: '§5.5.1: what was accepted goes in front of the answer; ws ends its half, and gives up what is being compressed',
    of: ['callbacks', 'wire'],
    applies: ({ program: { steps } }) => steps.some((step) => step.do === 'peer' && step.ends !== undefined),
  },
  {
    name: 'a listener that throws loses nothing',
    why: 'ws hands out nothing more of a chunk whose handler threw, and stops reading',
    of: ['callbacks', 'wire', 'told', 'end'],
    applies: ({ program: { handler, steps } }) =>
      handler.once?.does === 'throw' ||
      handler.throwing !== undefined ||
      steps.some((step) => 'back' in step && step.back === 'throws'),
  },
  {
    name: 'pause() holds back what was read already',
    why: 'README, Methods: ws hands out the rest of what its receiver has',
    of: ['callbacks', 'wire', 'told', 'end'],
    applies: ({ program: { handler, steps } }) =>
      handler.each === 'pause' ||
      handler.once?.does === 'pause' ||
      steps.some((step) => step.do === 'pause' || step.do === 'stream'),
  },
];
