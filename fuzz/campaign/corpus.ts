import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import type { KernelKind } from '@x/frame-codec';
import { fromHex, toHex } from './hex.js';

/** A failure, past or present, with all that is needed to see it again. */
export interface Failure {
  readonly property: string;
  readonly kernel: KernelKind;
  /** of the slice of the campaign that found it */
  readonly seed: number;
  readonly error: string;
  readonly input: unknown;
}

/** `fuzz/corpus/`, as seen from `fuzz/dist/campaign/` and from here. */
export const CORPUS: URL = new URL(
  import.meta.url.includes('/dist/') ? '../../corpus/' : '../corpus/',
  import.meta.url,
);

/** JSON has no bytes: they are written as `{ "hex": "81 05 …" }`. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, each: unknown) => (each instanceof Uint8Array ? { hex: toHex(each) } : each),
    2,
  );
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || !('hex' in each)) return each;
    return typeof each.hex === 'string' && Object.keys(each).length === 1 ? fromHex(each.hex) : each;
  });
}

/** Stores a failure; returns the name of its file. */
export async function store(failure: Failure, corpus: URL = CORPUS): Promise<string> {
  const text = `${toJson(failure)}\n`;
  const digest = createHash('sha1').update(text).digest('hex').slice(0, 8);
  const name = `${failure.property}-${digest}.json`;
  await mkdir(corpus, { recursive: true });
  await writeFile(new URL(name, corpus), text);
  return name;
}

/** All past failures, by the name of their file. */
export async function load(corpus: URL = CORPUS): Promise<Map<string, Failure>> {
  const failures = new Map<string, Failure>();
  for (const name of (await readdir(corpus)).sort()) {
    if (name.endsWith('.json'))
      failures.set(name, readFailure(fromJson(await readFile(new URL(name, corpus), 'utf8')), name));
  }
  return failures;
}

function readFailure(value: unknown, name: string): Failure {
  if (
    typeof value === 'object' &&
    value !== null &&
    'property' in value &&
    'kernel' in value &&
    'input' in value
  ) {
    const { property, kernel, input } = value;
    const seed = 'seed' in value && typeof value.seed === 'number' ? value.seed : 0;
    const error = 'error' in value && typeof value.error === 'string' ? value.error : '';
    if (typeof property === 'string' && (kernel === 'wasm' || kernel === 'script'))
      return { property, kernel, seed, error, input };
  }
  throw new TypeError(`corpus/${name} is no failure`);
}
