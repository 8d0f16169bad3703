import type { Codec, Connection, EndpointOptions, Extension, Limits } from '../../src/index.js';
import { type Also, type Recorded, record } from './recorder.js';

/** What {@link pair} may be told of one side. */
export interface Side extends Partial<Limits> {
  also?: Also;
  extensions?: readonly Extension[];
}

/** Two recorded connections, and how bytes pass between them. */
export interface Pair {
  client: Recorded;
  server: Recorded;
  /** takes what each wrote to the other, until both are silent; in pieces of at most `size` bytes */
  exchange(size?: number): void;
}

/** A client and a server that write to each other. */
export function pair(
  codec: Codec,
  { client = {}, server = {} }: { client?: Side; server?: Side } = {},
): Pair {
  const open = (role: EndpointOptions['role'], { also, extensions, ...limits }: Side): Recorded =>
    record({ role, codec, ...limits }, also, extensions);
  const sides = { client: open('client', client), server: open('server', server) };
  const taken = { client: 0, server: 0 };
  const pass = (from: 'client' | 'server', to: Connection<undefined>, size: number): boolean => {
    const bytes = sides[from].writes[taken[from]];
    if (bytes === undefined) return false;
    taken[from]++;
    for (let at = 0; at < bytes.length; at += size) to.receive(bytes.subarray(at, at + size));
    return true;
  };
  return {
    ...sides,
    exchange: (size = 65_536) => {
      for (;;) {
        const up = pass('client', sides.server.connection, size);
        const down = pass('server', sides.client.connection, size);
        if (!up && !down) return;
      }
    },
  };
}
