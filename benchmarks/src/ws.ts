import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What the benchmarks use of npm `ws` and does not stand in its types. */
export interface Ws {
  Receiver: new (options: {
    isServer: boolean;
    maxPayload: number;
  }) => {
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
    write(chunk: Buffer): void;
  };
  Sender: {
    frame(
      data: Buffer,
      options: { fin: boolean; opcode: number; mask: boolean; readOnly: boolean; rsv1: boolean },
    ): Buffer[];
  };
}

/** `ws` twice: with its native add-ons, which this checks to be active, and without. */
export function loadWs(): { native: Ws; plain: Ws } {
  const bufferutil = require.resolve('bufferutil');
  const native: Ws = require('ws');
  const used = Object.keys(require.cache);
  if (!used.includes(bufferutil) || !used.includes(require.resolve('utf-8-validate'))) {
    throw new Error('the native add-ons of ws are not active');
  }
  for (const name of [bufferutil, require.resolve('utf-8-validate')]) {
    const loaded: unknown = require(name);
    const functions = typeof loaded === 'function' ? [loaded] : Object.values(loaded ?? {});
    if (!functions.every((each) => String(each).includes('[native code]'))) {
      throw new Error(`${name} runs without its native part`);
    }
  }
  for (const file of used) if (/[\\/]ws[\\/](lib|index)/.test(file)) delete require.cache[file];
  process.env.WS_NO_BUFFER_UTIL = '1';
  process.env.WS_NO_UTF_8_VALIDATE = '1';
  const plain: Ws = require('ws');
  // Whoever is started from here decides for itself.
  delete process.env.WS_NO_BUFFER_UTIL;
  delete process.env.WS_NO_UTF_8_VALIDATE;
  if (plain === native) throw new Error('ws was not loaded a second time');
  return { native, plain };
}
