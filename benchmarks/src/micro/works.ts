import { hostileWorks } from '../handshake/hostile.js';
import { upgradeWorks } from '../handshake/upgrade.js';
import type { Work } from '../measure.js';
import type { Peers } from '../ws.js';
import { decodeWorks } from './decode.js';
import { encodeWorks } from './encode.js';
import { growthWorks } from './growth.js';
import { heapWorks } from './heap.js';
import { unmaskWorks } from './unmask.js';
import { utf8Works } from './utf8.js';

/** Pieces of the codec's work. */
export function codecWorks(peers: Peers): Work[] {
  return [
    ...decodeWorks(peers),
    ...encodeWorks(peers),
    ...unmaskWorks(peers),
    ...utf8Works(peers),
    ...growthWorks(),
    ...heapWorks(),
  ];
}

/** Pieces of the opening handshake. */
export function handshakeWorks(): Work[] {
  return [...upgradeWorks(), ...hostileWorks()];
}
