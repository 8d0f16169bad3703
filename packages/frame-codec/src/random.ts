import { web } from './web.js';

/** Fills an array with bytes that nobody can predict (§10.3). */
export type RandomSource = (target: Uint8Array<ArrayBuffer>) => unknown;

let other: RandomSource | undefined;

/**
 * Says where random bytes come from in runtimes without the global `crypto`, such as Node with
 * `--no-experimental-global-webcrypto`. Masking keys are made of them: it must be a cryptographic source.
 */
export function setRandomSource(source: RandomSource): void {
  if (typeof source !== 'function') throw new TypeError('a random source must be a function');
  other = source;
}

/** @throws {TypeError} when the runtime has no `crypto`, and {@link setRandomSource} was not called */
export function fillRandom(target: Uint8Array<ArrayBuffer>): void {
  if (web.crypto?.getRandomValues !== undefined) web.crypto.getRandomValues(target);
  else if (other !== undefined) other(target);
  else throw new TypeError('this runtime has no crypto.getRandomValues; see setRandomSource');
}
