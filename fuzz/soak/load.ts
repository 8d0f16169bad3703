import type { Socket } from 'node:net';
import { answer } from './calls.js';
import { FLOODS } from './floods.js';
import { STALLED } from './frames.js';
import { phaseOf, type Stall } from './phases.js';
import { openSocket, type Place, reset, upgrade } from './raw-peer.js';

/** What hostile peers shall do. */
export interface LoadOrder {
  readonly phase: string;
  readonly port: number;
  readonly count: number;
  /** how long a flood lasts */
  readonly floodMs: number;
}

/** What came of it. */
export interface LoadReport {
  /** connections that did what they should */
  readonly opened: number;
  /** and those that could not, with the first reason */
  readonly failed: number;
  readonly reason: string | undefined;
  readonly elapsedMs: number;
  /** what was seen, by name */
  readonly seen: { readonly [what: string]: number };
}

/** What the process of hostile peers is asked. */
export type LoadCalls = {
  /** Answers when all peers stall, or when the flood is over; the connections stay. */
  begin(order: LoadOrder): Promise<LoadReport>;
  /** Resets all connections. */
  reset(argument: undefined): Promise<void>;
};

/** So many connections are on their way at a time. */
const OPENING = 64;
/** A byte of a trickled request in so many milliseconds. */
const TRICKLE_MS = 200;
/** Linux has all of 127.0.0.0/8 on its loopback: more ports. */
const ADDRESSES =
  process.platform === 'linux' ? ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'] : [undefined];

const sockets = new Set<Socket>();
let places = 0;

function keep(socket: Socket): void {
  if (socket.destroyed) return;
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

function placeOn(port: number): Place {
  return { port, from: ADDRESSES[places++ % ADDRESSES.length] };
}

/** Comes as far as the peer shall, and leaves it there: it reads, and never ends. */
async function stall(phase: Stall, name: string, place: Place): Promise<void> {
  const early = phase.before !== undefined || phase.trickle !== undefined;
  const socket = await (early ? openSocket(place) : upgrade(place, `/${name}`, phase.compress ?? false));
  keep(socket);
  socket.resume();
  if (phase.before) socket.write(phase.before);
  if (phase.frames !== undefined) socket.write(STALLED[phase.frames]);
  const { trickle } = phase;
  if (trickle === undefined) return;
  let at = 0;
  const timer = setInterval(() => socket.write(trickle.charAt(at++ % trickle.length)), TRICKLE_MS);
  socket.once('end', () => clearInterval(timer)).once('close', () => clearInterval(timer));
}

async function begin({ phase: name, port, count, floodMs }: LoadOrder): Promise<LoadReport> {
  const phase = phaseOf(name);
  const start = performance.now();
  const seen: Record<string, number> = {};
  let opened = 0;
  let failed = 0;
  let reason: string | undefined;
  const flood = FLOODS[name];
  const flooding = {
    path: `/${name}`,
    place: () => placeOn(port),
    isOn: () => performance.now() - start < floodMs,
    saw: (what: string, times = 1) => {
      seen[what] = (seen[what] ?? 0) + times;
    },
    keep,
  };
  const one = async (): Promise<void> => {
    try {
      if (phase.kind === 'stall') await stall(phase, name, placeOn(port));
      else await flood?.(flooding);
      opened++;
    } catch (error) {
      failed++;
      reason ??= error instanceof Error ? error.message : String(error);
    }
  };
  if (phase.kind === 'flood') await Promise.all(Array.from({ length: count }, one));
  else {
    let left = count;
    await Promise.all(
      Array.from({ length: OPENING }, async () => {
        while (left-- > 0) await one();
      }),
    );
  }
  return { opened, failed, reason, elapsedMs: performance.now() - start, seen };
}

answer<LoadCalls>(
  {
    begin,
    reset: () => {
      for (const socket of sockets) reset(socket);
    },
  },
  () => process.exit(),
);
