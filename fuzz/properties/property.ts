import type { KernelKind } from '@x/frame-codec';
import fc from 'fast-check';

/** Something that must hold for every input. */
export interface Property<Input> {
  readonly name: string;
  /** what holds, in a sentence with its section */
  readonly claim: string;
  /**
   * `codec` properties run on a kernel, `kernels` on both at once; frames are counted in these two. `adapter` properties
   * wait for sockets
   */
  readonly part: 'codec' | 'kernels' | 'handshake' | 'adapter';
  /** whether it decodes little for its time: a campaign gives it less */
  readonly slow?: boolean;
  /**
   * whether it runs on the main thread, and only where it is asked for by its name: a thread that has run it does not end
   * (Node 20 waits for ever for what is left of its sockets)
   */
  readonly alone?: boolean;
  readonly arbitrary: fc.Arbitrary<Input>;
  /** Throws where it does not hold, or rejects. Holds nothing back for the next call but caches. */
  check(input: Input, kernel: KernelKind): void | Promise<void>;
}

/** An input that a property does not hold for, made as small as can be. */
export interface Counterexample {
  readonly input: unknown;
  readonly error: string;
  /** how often it was made smaller */
  readonly shrinks: number;
}

/** What came of holding a property against inputs. */
export type Explored = Counterexample | undefined;

/** A {@link Property} whose inputs nobody needs to know. */
export interface AnyProperty extends Pick<Property<unknown>, 'name' | 'claim' | 'part' | 'slow' | 'alone'> {
  /** Holds it against `runs` inputs. */
  explore(kernel: KernelKind, seed: number, runs: number): Explored | Promise<Explored>;
  /** Holds it against one input, as {@link Counterexample} has it; throws or rejects where it does not hold. */
  replay(input: unknown, kernel: KernelKind): void | Promise<void>;
}

/** Shrinking ends after this, however far it came. */
const LONGEST_MS = 20_000;

/** Hides the type of a property's inputs; `count` is called for each. */
export function anyProperty<Input>(property: Property<Input>, count: () => void): AnyProperty {
  const { name, claim, part, slow = false, alone = false, arbitrary, check } = property;
  return {
    name,
    claim,
    part,
    slow,
    alone,
    explore: (kernel, seed, runs) => {
      const bounds = { seed, numRuns: runs, interruptAfterTimeLimit: LONGEST_MS };
      if (part === 'adapter') {
        const held = fc.asyncProperty(arbitrary, async (input) => {
          count();
          await check(input, kernel);
        });
        return fc.check(held, bounds).then(counterexampleOf);
      }
      const held = fc.property(arbitrary, (input) => {
        count();
        void check(input, kernel);
      });
      return counterexampleOf(fc.check(held, bounds));
    },
    // What is replayed was given by `explore` once.
    replay: (input, kernel) => check(input as Input, kernel),
  };
}

function counterexampleOf<Input>(found: fc.RunDetails<[Input]>): Explored {
  if (!found.failed || found.counterexample === null) return undefined;
  const { errorInstance, counterexample, numShrinks } = found;
  const error =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return { input: counterexample[0], error, shrinks: numShrinks };
}
