import { describe, expect, it } from 'vitest';
import { arrowsUp, circles, type Imports, importedBy, unknownWings } from '../../../test/imports.js';
import { describeWings } from '../../../test/wings.js';

/** The wings of `src/` from top to bottom, and what each is for. A file imports from its own and from those below. */
const WINGS: { readonly [wing: string]: string } = {
  '': 'what is public; a connection, and what it tells its handler',
  closing: 'the end of a connection (§7): its table, what carries it out, the close frame',
  send: 'what a connection sends: messages into frames, in order, into as few writes as can be',
  receive: 'what a connection receives: bytes into records, records into frames and messages',
  endpoint: 'what connections share: one side’s role and limits; kernels, outboxes, masking keys',
  extension: 'what may be done to messages (§9), and permessage-deflate (RFC 7692)',
  kernel: 'the hot path: its memory, its two implementations; text in and out',
  memory: 'bytes that are lent, used again and counted',
  rules: 'the RFC and the limits as tables: opcodes, bits, codes, violations',
  runtime: 'what the runtime has, or has not: globals, random bytes, classes of other realms',
  generated: 'the kernel, compiled',
};

describeWings(new URL('../src/', import.meta.url), WINGS);

describe('what holds the wings in order', () => {
  const wings = ['', 'upper', 'lower'];
  const good: Imports = {
    'index.ts': ['upper/a.ts', 'lower/c.ts'],
    'upper/a.ts': ['upper/b.ts', 'lower/c.ts'],
    'upper/b.ts': ['lower/c.ts'],
    'lower/c.ts': [],
  };

  it('finds nothing where all is well', () => {
    expect([unknownWings(good, wings), arrowsUp(good, wings), circles(good)]).toEqual([[], [], []]);
  });

  it('finds a wing that has no row, and a row that has no wing', () => {
    expect(unknownWings({ ...good, 'other/d.ts': [] }, wings)).toEqual(['other']);
    expect(unknownWings(good, [...wings, 'empty'])).toEqual(['empty']);
  });

  it('finds an arrow that points up', () => {
    expect(arrowsUp({ ...good, 'lower/c.ts': ['lower/d.ts', 'upper/b.ts'] }, wings)).toEqual([
      'lower/c.ts → upper/b.ts',
    ]);
    expect(arrowsUp({ ...good, 'upper/b.ts': ['index.ts'] }, wings)).toEqual(['upper/b.ts → index.ts']);
  });

  it('finds a circle of two, of three, and of one', () => {
    expect(circles({ ...good, 'upper/b.ts': ['upper/a.ts'] })).toEqual([
      'upper/a.ts → upper/b.ts → upper/a.ts',
    ]);
    expect(circles({ ...good, 'lower/c.ts': ['upper/a.ts'] })).toContain(
      'upper/a.ts → upper/b.ts → lower/c.ts → upper/a.ts',
    );
    expect(circles({ 'a.ts': ['a.ts'] })).toEqual(['a.ts → a.ts']);
  });

  it.each([
    ["import { a } from './a.js';", 'wing/a.ts'],
    ["import type { a } from '../a.js';", 'a.ts'],
    ["import {\n  a,\n  b,\n} from '../other/a.js';", 'other/a.ts'],
    ["export type { a } from './a.js';", 'wing/a.ts'],
    ["import './a.js';", 'wing/a.ts'],
    ["const a = await import('./a.js');", 'wing/a.ts'],
    ["let a: import('./a.js').A;", 'wing/a.ts'],
  ])('sees %s', (line, file) => {
    expect(importedBy('wing/x.ts', line)).toEqual([file]);
  });

  it('passes over what is no file of the sources', () => {
    expect(importedBy('wing/x.ts', "import { readFile } from 'node:fs';\nimport { b } from '@x/b';")).toEqual(
      [],
    );
  });
});
