import { type KernelKind, VIOLATIONS } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../arbitraries/faults.js';
import { annotate } from '../campaign/annotate.js';
import { PROPERTIES } from '../properties/index.js';
import { takeCounts } from '../properties/meter.js';
import { STRICTER } from '../properties/peers.js';

const RUNS = 30;
/** Sockets that hang take seconds to say so. */
const SLOW_MS = 30_000;
const KERNELS: readonly KernelKind[] = ['wasm', 'script'];

for (const kernel of KERNELS) {
  describe(`over the ${kernel} kernel`, () => {
    for (const { name, claim, part, explore } of PROPERTIES) {
      if (part !== 'codec' && kernel === 'script') continue;
      it(
        `${claim}: ${name}`,
        async () => {
          const seed = Math.floor(Math.random() * 2 ** 31);
          const found = await explore(kernel, seed, RUNS);
          if (found !== undefined) throw new Error(`seed ${seed}: ${found.error}\n${annotate(found.input)}`);
        },
        SLOW_MS,
      );
    }
  });
}

describe('the properties', () => {
  it('break every rule of the codec, with a fixed seed', async () => {
    takeCounts();
    for (const { name, part, explore } of PROPERTIES) {
      if (part !== 'codec') continue;
      const runs = name.endsWith('-planted')
        ? 500
        : name.startsWith('deflate') || name === 'memory-pauses' || name === 'memory-together'
          ? 40
          : 0;
      if (runs > 0) expect(await explore('wasm', 1, runs)).toBeUndefined();
    }
    expect(Object.keys(takeCounts().violations).sort()).toEqual(Object.keys(VIOLATIONS).sort());
  });

  it('have names of their own', () => {
    expect(new Set(PROPERTIES.map(({ name }) => name)).size).toBe(PROPERTIES.length);
  });

  it('plant every rule that bytes alone can break, and no other', () => {
    const otherwise = ['extension-data-invalid', 'memory-exhausted', 'retained-too-much'];
    expect([...FAULT_NAMES, ...otherwise].sort()).toEqual(Object.keys(VIOLATIONS).sort());
  });

  it('give a clause for each rule in which the codec is stricter than ws', () => {
    for (const reason of Object.values(STRICTER)) expect(reason).toMatch(/^§\d/);
  });
});
