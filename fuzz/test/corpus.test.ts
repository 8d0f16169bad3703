import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { annotate } from '../campaign/annotate.js';
import { fromJson, load, store, toJson } from '../campaign/corpus.js';
import { fromHex } from '../campaign/hex.js';
import { propertyNamed } from '../campaign/job.js';

describe('past failures', async () => {
  for (const [name, { property, kernel, input }] of await load()) {
    it(`hold now: ${name}`, async () => {
      await propertyNamed(property).replay(input, kernel);
    });
  }

  it('are written with their bytes, and read as they were', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'corpus-'));
    try {
      const corpus = pathToFileURL(`${folder}/`);
      const input = {
        role: 'server',
        bytes: fromHex('81 80 00 00 00 00'),
        cuts: [1],
        nested: [{ payload: fromHex('') }],
      };
      const failure = {
        property: 'frames-model',
        kernel: 'script',
        seed: 5,
        error: 'Error: no',
        input,
      } as const;
      const name = await store(failure, corpus);
      expect(name).toMatch(/^frames-model-[0-9a-f]{8}\.json$/);
      expect(await load(corpus)).toEqual(new Map([[name, failure]]));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('keep objects that only look like bytes', () => {
    const value = { hex: 5, other: { hex: '00', more: 1 } };
    expect(fromJson(toJson(value))).toEqual(value);
  });
});

describe('the dump of a failure', () => {
  it('names each field of each frame (§5.2)', () => {
    const bytes = fromHex('81 85 37 fa 21 3d 7f 9f 4d 51 58 c1 fe 00 7e 01');
    expect(annotate({ role: 'server', bytes, cuts: [3] }).replace(/ {2,}/g, '  ')).toBe(
      [
        'role: "server"',
        'cuts: [3]',
        'cut at 3',
        '000000  81  frame 0: FIN, text',
        '000001  85  MASK, payload length 5',
        '000002  37 fa 21 3d  masking key',
        '000006  7f 9f 4d 51 58  payload, unmasked 48 65 6c 6c 6f  Hello',
        '00000b  c1  frame 1: FIN, RSV1, text',
        '00000c  fe  MASK, payload length in 2 bytes',
        '00000d  00 7e  extended payload length 126',
        '00000f  01  masking key',
      ].join('\n'),
    );
  });

  it('shows inputs without bytes as they are', () => {
    expect(annotate({ steps: [] })).toBe('{\n  "steps": []\n}');
  });
});
