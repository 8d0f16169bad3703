import { maskedFrame } from '../frames.js';
import { payloadOf } from './burst.js';
import { Meter, now } from './meter.js';
import { Peer } from './peer.js';
import { AT_ONCE, inTurn, type Run } from './run.js';
import type { Scenario } from './scenario.js';

/** Connections that stay silent; with `greet`, after one message of 128 bytes and its answer. */
export function idle(
  { deflate, greet }: Scenario & { kind: 'idle' },
  port: number,
  raw: boolean,
  fail: (why: string) => void,
): Run {
  const meter = new Meter();
  const peers: Peer[] = [];
  const greeting = maskedFrame(1, payloadOf(128));

  const open = (): Promise<void> =>
    new Promise((resolve) => {
      const opened = (peer: Peer): void => {
        peers.push(peer);
        meter.messages++;
        if (greet) peer.write(greeting);
        else resolve();
      };
      new Peer({ port, raw, deflate, opened, received: () => resolve(), lost: fail });
    });

  return {
    sample: () => meter.sample(),
    grow: (connections) => inTurn(connections - peers.length, AT_ONCE, open),
    stop: () => {
      for (const peer of peers) peer.drop();
    },
  };
}

/** Connections that are opened and dropped, one after the other, so many at a time. */
export function connecting(
  { concurrency }: Scenario & { kind: 'connect' },
  port: number,
  raw: boolean,
  fail: (why: string) => void,
): Run {
  const meter = new Meter();
  const opening = new Set<Peer>();
  let stopped = false;

  function open(): void {
    const startedAt = now();
    const opened = (peer: Peer): void => {
      meter.took(startedAt);
      meter.messages++;
      peer.drop();
      opening.delete(peer);
      if (!stopped) open();
    };
    opening.add(new Peer({ port, raw, deflate: false, opened, received: () => {}, lost: fail }));
  }

  for (let index = 0; index < concurrency; index++) open();
  return {
    sample: () => meter.sample(),
    stop: () => {
      stopped = true;
      for (const peer of opening) peer.drop();
    },
  };
}
