import { describe, expect, it } from 'vitest';
import { arrowsUp, circles, importsOf, unknownWings } from '../../../test/imports.js';

/*
 * What finds an arrow that points up, or a circle, is held by the test of the codec's wings.
 */

/** The wings of `src/` from top to bottom, and what each is for. A file imports from its own and from those below. */
const WINGS: { readonly [wing: string]: string } = {
  '': 'what is public: the class with all that npm ws has on it, and the names of its types',
  server: 'WebSocketServer: its options and hooks, what it agrees on, broadcasts, how many it takes',
  websocket: 'WebSocket: its life, its events, what it sends; as a stream',
  opening: 'the opening handshake of both roles over node:http (§4)',
  'ws-internals': 'the inner classes of npm ws, for software that leans on them',
  options: 'the options of both, what stands where none is given, and the codec’s endpoint for them',
  compression: 'permessage-deflate (RFC 7692) with the options of npm ws, by Node’s zlib',
  transport:
    'a codec connection on a stream: what is read, what is written, who waits for that, who is silent',
  values: 'what npm ws takes and hands out: payloads, close codes, states, errors',
  runtime:
    'what Node and the language have: time and turns, emitters and their listeners, signals, what is thrown',
};
const ORDER = Object.keys(WINGS);

describe('the wings of the sources', () => {
  const imports = importsOf(new URL('../src/', import.meta.url));

  it('are those of the table', () => {
    expect(unknownWings(imports, ORDER)).toEqual([]);
  });

  it('import from wings below alone, types included', () => {
    expect(Object.values(imports).flat().length).toBeGreaterThan(100);
    expect(arrowsUp(imports, ORDER)).toEqual([]);
  });

  it('have no circle of files', () => {
    expect(circles(imports)).toEqual([]);
  });

  it('import files that are there', () => {
    const imported = Object.values(imports).flat();
    expect(imported.filter((file) => !(file in imports))).toEqual([]);
  });
});
