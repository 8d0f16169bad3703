import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { decodeWorks } from '../src/micro/decode.js';
import { unmaskWorks } from '../src/micro/unmask.js';
import { utf8Works } from '../src/micro/utf8.js';
import { describe as told } from '../src/table.js';
import { loadPeers } from '../src/ws.js';

it('loads ws twice, and sees that its add-ons are native', () => {
  const { addOns, leftOut, ws } = loadPeers();
  expect(leftOut).toEqual([]);
  expect(ws.map(({ contestant }) => contestant)).toEqual(['ws', 'ws without add-ons']);
  expect(new Set(ws.map((each) => each.ws.Receiver)).size).toBe(2);
  expect(Object.keys(addOns)).toEqual(['bufferutil', 'utf-8-validate']);
  expect(process.env).not.toHaveProperty('WS_NO_BUFFER_UTIL');
});

/** As where some packages are not installed. */
function requireWithout(missing: readonly string[]): NodeJS.Require {
  const require = createRequire(import.meta.url);
  const found = require.resolve;
  const resolve = (name: string): string => {
    if (missing.includes(name)) throw new Error(`Cannot find module '${name}'`);
    return found(name);
  };
  return Object.assign(require, { resolve: Object.assign(resolve, { paths: found.paths }) });
}

it('leaves out who is not installed, with a line', () => {
  const peers = loadPeers(requireWithout(['ws', 'bufferutil', 'utf-8-validate']));
  expect(peers.ws).toEqual([]);
  expect(peers.addOns).toEqual({});
  const names = ['bufferutil', 'utf-8-validate', 'ws', 'ws without add-ons'];
  expect(peers.leftOut.map(({ contestant }) => contestant).sort()).toEqual(names);
  const works = [decodeWorks(peers)[0], unmaskWorks(peers)[0], utf8Works(peers)[0]];
  const lines = works.map((work) => work && told({ ...work, figures: [], note: '' }));
  expect(lines[0]).toContain('ws is left out: npm ws is not installed');
  expect(lines[1]).toContain('bufferutil is left out: npm bufferutil is not installed');
  expect(lines[2]).toContain('utf-8-validate is left out: npm utf-8-validate is not installed');
  expect(works.map((work) => work?.contestants)).toEqual([
    ['wasm', 'script'],
    ['wasm', 'script'],
    ['wasm', 'script', 'isUtf8'],
  ]);
});

it('does not call ws by its name where its add-on is not active', () => {
  const { leftOut, ws } = loadPeers(requireWithout(['bufferutil']));
  expect(ws.map(({ contestant }) => contestant)).toEqual(['ws without add-ons']);
  expect(leftOut).toContainEqual({
    contestant: 'ws',
    why: 'its add-on bufferutil is not active',
    missing: true,
  });
});
