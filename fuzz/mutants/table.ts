import { ADAPTER } from './adapter.js';
import { CODEC } from './codec.js';
import { HANDSHAKE } from './handshake.js';
import { KERNELS } from './kernels.js';
import type { Mutant } from './mutant.js';

/** Faults of every part, each small enough to be overlooked. */
export const MUTANTS: readonly Mutant[] = [...KERNELS, ...CODEC, ...HANDSHAKE, ...ADAPTER];
