import type { Extension } from '@x/frame-codec';
import type { ConnectionOptionsOfBoth } from '../options/options.js';
import type { BinaryType } from '../values/binary-type.js';

/** What a handshake agreed on that agreed on nothing. */
export const NO_EXTENSIONS: { readonly [name: string]: Extension } = Object.freeze({});

/**
 * What a `WebSocket` was made with and what its handshake agreed on. It hardly ever changes, and is the same for nearly
 * all that a server accepts, so that these share it: ten thousand that wait need not each hold a copy.
 */
export interface Terms {
  readonly isServer: boolean;
  readonly settings: ConnectionOptionsOfBoth;
  /** what a client does while it connects */
  readonly handshake: { abort(error: unknown): boolean } | undefined;
  /** where a client connects to */
  readonly url: string | undefined;
  readonly protocol: string;
  /** by name, until the connection has them */
  readonly extensions: { readonly [name: string]: Extension };
  readonly binaryType: BinaryType;
  /** who keeps it among its clients */
  readonly server: { forget(websocket: object): void } | undefined;
}

/** The terms of one side of a connection before its handshake. */
export function termsOf(isServer: boolean, settings: ConnectionOptionsOfBoth): Terms {
  if (!isServer) return newTerms(false, settings);
  const known = shared.get(settings) ?? newTerms(true, settings);
  shared.set(settings, known);
  return known;
}

/** Has all that are made with these settings from now on belong to a server. */
export function shareServer(settings: ConnectionOptionsOfBoth, server: Terms['server']): void {
  shared.set(settings, { ...newTerms(true, settings), server });
}

/** The terms with a change, shared where that makes them what all others have. */
export function withChange(terms: Terms, change: Partial<Terms>): Terms {
  const changed: Terms = { ...terms, ...change };
  const known = shared.get(changed.settings);
  if (known === undefined) return changed;
  const names = Object.keys(known) as (keyof Terms)[];
  return names.every((name) => known[name] === changed[name]) ? known : changed;
}

const shared = new WeakMap<ConnectionOptionsOfBoth, Terms>();

function newTerms(isServer: boolean, settings: ConnectionOptionsOfBoth): Terms {
  return {
    isServer,
    settings,
    handshake: undefined,
    url: undefined,
    protocol: '',
    extensions: NO_EXTENSIONS,
    binaryType: 'nodebuffer',
    server: undefined,
  };
}
