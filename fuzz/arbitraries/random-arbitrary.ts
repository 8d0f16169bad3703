import fc from 'fast-check';
import { Random } from './random.js';

/**
 * A generator in one piece: fast-check gives a seed and takes over again where it comes to shrinking. Arbitraries put
 * together from small ones take longer for a frame than the codec takes for a hundred.
 */
export class RandomArbitrary<Input extends object> extends fc.Arbitrary<Input> {
  readonly #write: (random: Random) => Input;
  readonly #shrink: (input: Input) => Iterable<Input>;

  constructor(write: (random: Random) => Input, shrink: (input: Input) => Iterable<Input>) {
    super();
    this.#write = write;
    this.#shrink = shrink;
  }

  generate(mrng: fc.Random): fc.Value<Input> {
    return new fc.Value(this.#write(new Random(mrng.nextInt())), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Input {
    return typeof value === 'object' && value !== null;
  }

  shrink(value: Input): fc.Stream<fc.Value<Input>> {
    const shrunk = this.#shrink(value);
    return fc.stream(
      (function* () {
        for (const smaller of shrunk) yield new fc.Value(smaller, undefined);
      })(),
    );
  }
}
