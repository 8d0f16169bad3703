import type { Work } from '../measure.js';
import { loadWs } from '../ws.js';
import { decodeWorks } from './decode.js';
import { encodeWorks } from './encode.js';
import { growthWorks } from './growth.js';
import { unmaskWorks } from './unmask.js';
import { utf8Works } from './utf8.js';

/** All pieces of work with the text in their title. */
export function worksWith(filter: string): Work[] {
  const ws = loadWs();
  const works = [...decodeWorks(ws), ...encodeWorks(ws), ...unmaskWorks(), ...utf8Works(), ...growthWorks()];
  return works.filter(({ group, name }) => `${group}: ${name}`.toLowerCase().includes(filter.toLowerCase()));
}
