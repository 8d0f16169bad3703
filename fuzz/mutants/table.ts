import { ADAPTER } from './adapter.js';
import { ADAPTER_OPENING } from './adapter-opening.js';
import { ADAPTER_SENDING } from './adapter-sending.js';
import { CODEC } from './codec.js';
import { CODEC_CLOSING } from './codec-closing.js';
import { CODEC_SENDING } from './codec-sending.js';
import { HANDSHAKE } from './handshake.js';
import { KERNELS } from './kernels.js';
import type { Mutant } from './mutant.js';

/** Faults of every part, each small enough to be overlooked. */
export const MUTANTS: readonly Mutant[] = [
  ...KERNELS,
  ...CODEC,
  ...CODEC_CLOSING,
  ...CODEC_SENDING,
  ...HANDSHAKE,
  ...ADAPTER,
  ...ADAPTER_OPENING,
  ...ADAPTER_SENDING,
];
