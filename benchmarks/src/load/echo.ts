import { type Burst, burstsOf } from './burst.js';
import { FrameCounter } from './frame-counter.js';
import { Meter, now } from './meter.js';
import { Peer } from './peer.js';
import { AT_ONCE, inTurn, type Run } from './run.js';
import type { EchoScenario } from './scenario.js';

/** One connection of an echo. */
interface Line {
  readonly peer: Peer;
  /** which burst is next */
  next: number;
  /** whether an answer was compared with what it has to be */
  proven: boolean;
  /** where lengths are unknown */
  readonly counter: FrameCounter | undefined;
}

/** Opens the connections, checks the first answer on each, and keeps bursts in flight from then on. */
export async function echo(
  scenario: EchoScenario,
  port: number,
  raw: boolean,
  fail: (why: string) => void,
): Promise<Run> {
  const bursts = await burstsOf(scenario, raw);
  const first = bursts[0] as Burst;
  const { depth } = scenario;
  const answer = first.expected?.length ?? 0;
  const meter = new Meter();
  const lines = new Map<Peer, Line>();

  function send(line: Line): void {
    const { peer } = line;
    const burst = bursts[line.next] as Burst;
    line.next = (line.next + 1) % bursts.length;
    peer.awaited = burst.expected?.length ?? depth;
    peer.startedAt = now();
    peer.write(burst.sent);
  }

  function received(peer: Peer, bytes: Buffer, length: number): void {
    const line = lines.get(peer);
    if (line === undefined) return;
    if (!line.proven && first.expected !== undefined) {
      const at = answer - peer.awaited;
      if (!bytes.subarray(0, length).equals(first.expected.subarray(at, at + length))) {
        fail('the server does not send back what it got');
        return;
      }
    }
    peer.awaited -= line.counter === undefined ? length : line.counter.push(bytes, length);
    if (peer.awaited > 0) return;
    if (peer.awaited < 0) {
      fail('the server sends back more than it got');
      return;
    }
    line.proven = true;
    meter.took(peer.startedAt);
    meter.messages += depth;
    send(line);
  }

  await inTurn(
    scenario.connections,
    AT_ONCE,
    () =>
      new Promise((resolve) => {
        new Peer({
          port,
          raw,
          deflate: scenario.deflate,
          opened: (peer) => {
            const counter = scenario.deflate ? new FrameCounter() : undefined;
            lines.set(peer, { peer, next: 0, proven: false, counter });
            resolve();
          },
          received,
          lost: fail,
        });
      }),
  );
  for (const line of lines.values()) send(line);
  return {
    sample: () => {
      // Messages of bursts that are half back count by their bytes, or long ones would come in steps.
      let parts = 0;
      if (answer > 0) for (const { awaited } of lines.keys()) parts += ((answer - awaited) / answer) * depth;
      return meter.sample(parts);
    },
    stop: () => {
      for (const peer of lines.keys()) peer.drop();
    },
  };
}
