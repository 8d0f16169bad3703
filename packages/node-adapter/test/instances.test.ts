import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/*
 * `instanceof` knows the classes of one realm only. What a caller gives is asked for its slots (`isBytes`, `isUnshared`,
 * `node:util`'s `types`); where one of these classes is still asked for, the table says why.
 */

const PACKAGES = new URL('../../', import.meta.url);
const CLASSES =
  /\binstanceof\s+(?:globalThis\.)?((?:[A-Z]\w*)?(?:Array|ArrayBuffer)|DataView|Buffer|Blob|File|[A-Z]?[a-z]*Error|Map|Set|Promise|RegExp|Date|URL)\b/;

/** File and class to the reason; classes of these packages (`ProtocolError` …) are not asked for here. */
const EXCEPTIONS: { readonly [place: string]: string } = {
  'frame-codec/src/runtime/thrown.ts: Error': 'what stands beside it knows the errors of other realms',
  'node-adapter/src/runtime/thrown.ts: Error': 'what stands beside it knows the errors of other realms',
  'node-adapter/src/opening/client-handshake.ts: SyntaxError':
    'thrown by the function that it calls, in this realm',
};
const OWN = new Set(['ProtocolError', 'HandshakeError', 'LimitError']);

function places(): string[] {
  const found: string[] = [];
  for (const name of readdirSync(PACKAGES)) {
    const folder = new URL(`${name}/src/`, PACKAGES);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      for (const line of readFileSync(new URL(file, folder), 'utf8').split('\n')) {
        const [, asked] = CLASSES.exec(line) ?? [];
        if (asked !== undefined && !OWN.has(asked)) found.push(`${name}/src/${file}: ${asked}`);
      }
    }
  }
  return found.sort();
}

describe('instanceof with a class that every realm has its own of', () => {
  it('stands nowhere but where the table says why', () => {
    expect(places()).toEqual(Object.keys(EXCEPTIONS).sort());
  });

  it.each([
    'x instanceof Uint8Array',
    'x instanceof ArrayBuffer',
    'x instanceof SharedArrayBuffer',
    'x instanceof Blob',
    'x instanceof Error',
    'x instanceof Buffer',
    'x instanceof TypeError',
  ])('is found: %s', (line) => expect(CLASSES.test(line)).toBe(true));
});
