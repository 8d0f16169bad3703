import { web } from './web.js';

/** Fills an array with bytes that nobody can predict (§10.3). */
export type RandomSource = (target: Uint8Array<ArrayBuffer>) => unknown;

let given: RandomSource | undefined;

/**
 * Sets where random bytes come from, in the place of the global `crypto`: some runtimes have none, and Node takes 2 ms to
 * load it when it is first used. Masking keys are made of them: it must be a cryptographic source.
 */
export function setRandomSource(source: RandomSource): void {
  if (typeof source !== 'function') throw new TypeError('a random source must be a function');
  given = source;
}

/** @throws {TypeError} when the runtime has no `crypto`, and {@link setRandomSource} was not called */
export function fillRandom(target: Uint8Array<ArrayBuffer>): void {
  if (given !== undefined) given(target);
  else if (web.crypto?.getRandomValues !== undefined) web.crypto.getRandomValues(target);
  else throw new TypeError('this runtime has no crypto.getRandomValues; see setRandomSource');
}
