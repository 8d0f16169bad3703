import { burstOf } from './burst.js';
import { Meter, now } from './meter.js';
import { Peer } from './peer.js';
import { AT_ONCE, inTurn, type Run } from './run.js';
import type { BroadcastScenario } from './scenario.js';

/** Opens the connections, and lets one of them send for as long as all get what it sends. */
export async function broadcast(
  scenario: BroadcastScenario,
  port: number,
  raw: boolean,
  fail: (why: string) => void,
): Promise<Run> {
  const { connections, depth } = scenario;
  const { sent, expected } = burstOf(scenario, raw);
  const meter = new Meter();
  const peers: Peer[] = [];
  let outstanding = 0;
  let startedAt = 0;

  function send(): void {
    outstanding = peers.length;
    for (const peer of peers) peer.awaited = expected.length;
    startedAt = now();
    peers[0]?.write(sent);
  }

  let proven = false;
  function received(peer: Peer, bytes: Buffer, count: number): void {
    if (!proven) {
      const at = expected.length - peer.awaited;
      if (!bytes.subarray(0, count).equals(expected.subarray(at, at + count))) {
        fail('the server does not send to all what it got');
        return;
      }
    }
    peer.awaited -= count;
    if (peer.awaited < 0) fail('the server sends more than it got');
    if (peer.awaited !== 0) return;
    meter.messages += depth;
    if (--outstanding > 0) return;
    proven = true;
    meter.took(startedAt);
    send();
  }

  await inTurn(
    connections,
    AT_ONCE,
    () =>
      new Promise((resolve) => {
        const opened = (peer: Peer): void => {
          peers.push(peer);
          resolve();
        };
        new Peer({ port, raw, deflate: false, opened, received, lost: fail });
      }),
  );
  // A server may still be at work on the end of the last handshake.
  setTimeout(send, 100);
  return {
    sample: () => meter.sample(),
    stop: () => {
      for (const peer of peers) peer.drop();
    },
  };
}
