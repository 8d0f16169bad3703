import type { Case } from '../case.js';
import { CHOPPED } from './chopped.js';
import { CLOSING } from './closing.js';
import { CLOSING_ORDER, COMPRESSED_ORDER } from './closing-order.js';
import { COMPRESSION } from './compression.js';
import { FRAGMENTATION } from './fragmentation.js';
import { FRAMING } from './framing.js';
import { LIMITS } from './limits.js';
import { NEGOTIATION } from './negotiation.js';
import { OPCODES } from './opcodes.js';
import { PINGS } from './pings.js';
import { RESERVED_BITS } from './reserved-bits.js';
import { UTF8 } from './utf8.js';

/** Cases that are about the same thing; the ids of all of them begin with its name. */
export interface Family {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case[];
}

export const FAMILIES: readonly Family[] = [
  { name: 'framing', title: 'Framing', cases: FRAMING },
  { name: 'pings', title: 'Pings and pongs', cases: PINGS },
  { name: 'reserved-bits', title: 'Reserved bits', cases: RESERVED_BITS },
  { name: 'opcodes', title: 'Opcodes', cases: OPCODES },
  { name: 'fragmentation', title: 'Fragmentation', cases: FRAGMENTATION },
  { name: 'utf8', title: 'UTF-8', cases: UTF8 },
  { name: 'closing', title: 'Closing', cases: [...CLOSING, ...CLOSING_ORDER] },
  { name: 'chopped', title: 'Messages that arrive chopped', cases: CHOPPED },
  { name: 'compression', title: 'Compression', cases: [...COMPRESSION, ...COMPRESSED_ORDER] },
  { name: 'negotiation', title: 'Agreeing on compression', cases: NEGOTIATION },
  { name: 'limits', title: 'Limits and performance', cases: LIMITS },
];

export const TABLE: readonly Case[] = FAMILIES.flatMap(({ cases }) => cases);
