import { createRequire } from 'node:module';
import type { LeftOut } from './measure.js';

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

/** Native add-ons of `ws`, by themselves. */
export interface AddOns {
  readonly bufferutil?: { unmask(bytes: Buffer, mask: Buffer): void };
  readonly 'utf-8-validate'?: (bytes: Buffer) => boolean;
}

/** The npm packages that pieces of work are compared with. */
export interface Peers {
  /** `ws` with its native add-ons, which were seen to be active, and without */
  readonly ws: readonly { readonly contestant: string; readonly ws: Ws }[];
  readonly addOns: AddOns;
  readonly leftOut: readonly LeftOut[];
}

const ADD_ONS = ['bufferutil', 'utf-8-validate'] as const;
const WITH = {};
const WITHOUT = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };

/** Loads them; who is not installed, or not native, is left out. */
export function loadPeers(require: NodeJS.Require = createRequire(import.meta.url)): Peers {
  const leftOut: LeftOut[] = [];
  const leave = (contestant: string, why: string): undefined => {
    leftOut.push({ contestant, why, missing: true });
  };
  const addOns: Record<string, unknown> = {};
  for (const name of ADD_ONS) {
    if (!has(require, name)) leave(name, `npm ${name} is not installed`);
    else if (!isNative(require(name))) leave(name, 'it runs without its native part here');
    else addOns[name] = require(name);
  }
  const ws: { contestant: string; ws: Ws }[] = [];
  if (!has(require, 'ws')) {
    for (const contestant of ['ws', 'ws without add-ons']) leave(contestant, 'npm ws is not installed');
  } else {
    if (addOns.bufferutil === undefined) leave('ws', 'its add-on bufferutil is not active');
    else ws.push({ contestant: 'ws', ws: load(require, WITH) });
    ws.push({ contestant: 'ws without add-ons', ws: load(require, WITHOUT) });
  }
  return { ws, addOns, leftOut };
}

/** Whether a package can be found from there. */
function has(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** An add-on without its native part falls back to script of its own. */
function isNative(loaded: unknown): boolean {
  const functions = typeof loaded === 'function' ? [loaded] : Object.values(loaded ?? {});
  return functions.length > 0 && functions.every((each) => String(each).includes('[native code]'));
}

/** A copy of `ws` of its own, which sees these variables while it decides about add-ons. */
function load(require: NodeJS.Require, environment: Readonly<Record<string, string>>): Ws {
  const bufferutil = has(require, 'bufferutil') ? require.resolve('bufferutil') : '';
  for (const file of Object.keys(require.cache)) {
    if (/[\\/]ws[\\/](lib|index)/.test(file) || file === bufferutil) delete require.cache[file];
  }
  Object.assign(process.env, environment);
  const ws: Ws = require('ws');
  // Whoever is started from here decides for itself.
  for (const name of Object.keys(environment)) delete process.env[name];
  // Text it validates with isUtf8 of Node, where there is one, and so asks for no other add-on.
  const loaded = Object.hasOwn(require.cache, bufferutil);
  if (loaded !== (environment !== WITHOUT))
    throw new Error(`ws ${loaded ? 'loads' : 'does not load'} bufferutil`);
  return ws;
}
