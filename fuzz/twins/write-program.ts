import { Random } from '../arbitraries/random.js';
import { RandomArbitrary } from '../arbitraries/random-arbitrary.js';
import type { Back, Body, Handler, LinkManner, PeerFrame, Program, Settings, Step } from './program.js';
import { shrinkProgram } from './shrink-program.js';

/** Programs of 1 to this many steps. */
const MOST_STEPS = 14;
/** Above this, permessage-deflate is done in slices. */
const SLICED = 65_536;

/** Sizes of messages; where not `big`, up to some KiB: long messages are what a program takes its time for. */
function sizeOf(random: Random, big: boolean): number {
  const kind = random.below(big ? 20 : 16);
  if (kind < 1) return 0;
  if (kind < 12) return random.between(5, 200);
  if (kind < 16) return random.between(200, 20_000);
  return kind < 19 ? random.between(SLICED + 1, 160_000) : random.between(160_000, 300_000);
}

function backOf(random: Random): Back {
  const kind = random.below(24);
  if (kind < 6) return 'none';
  if (kind < 21) return 'notes';
  return kind === 21 ? 'throws' : kind === 22 ? 'sends' : random.once(3) ? 'terminates' : 'notes';
}

const BODIES: readonly Body[] = [
  ...(['text', 'text', 'text', 'bytes', 'bytes', 'bytes', 'bytes', 'blob', 'blob'] as const),
  ...(['number', 'prepared', 'bad-text'] as const),
];

function send(random: Random, big: boolean): Step {
  const body = random.pick(BODIES);
  return {
    do: 'send',
    body,
    size: sizeOf(random, big),
    back: backOf(random),
    ...(random.once(3) ? { random: true } : {}),
    ...(random.once(8) && body !== 'bad-text' ? { binary: random.once(2) } : {}),
    ...(random.once(8) ? { compress: false } : {}),
    ...(random.once(9) ? { fin: false } : {}),
  };
}

function peerFrames(random: Random, deflate: boolean, big: boolean): PeerFrame[] {
  const frames: PeerFrame[] = [];
  const count = random.once(3) ? random.between(2, 6) : 1;
  for (let index = 0; index < count; index++) {
    const kind = random.below(16);
    if (kind < 11) {
      frames.push({
        what: random.once(2) ? 'text' : 'bytes',
        size: sizeOf(random, big),
        ...(deflate && !random.once(3) ? { compressed: true } : {}),
        ...(random.once(6) ? { parts: random.between(2, 4) } : {}),
      });
    } else if (kind < 14)
      frames.push({ what: random.once(4) ? 'pong' : 'ping', size: random.between(0, 40) });
    else if (kind < 15 || random.once(2)) {
      frames.push({
        what: 'close',
        size: 0,
        ...(random.once(5) ? {} : { code: random.pick([1000, 1001, 3000]) }),
      });
    } else if (random.once(4)) frames.push({ what: 'nonsense', size: 0 });
  }
  if (count > 1 && random.once(5)) frames.push({ what: 'close', size: 0, code: 1000 });
  return frames.length > 0 ? frames : [{ what: 'text', size: 3 }];
}

function peer(random: Random, deflate: boolean, big: boolean): Step {
  return {
    do: 'peer',
    frames: peerFrames(random, deflate, big),
    ...(random.once(14) ? { ends: 'by end' } : random.once(14) ? { ends: 'by reset' } : {}),
  };
}

function step(random: Random, { settings, role }: Pick<Program, 'settings' | 'role'>, big: boolean): Step {
  const kind = random.below(100);
  if (kind < 33) return send(random, big);
  if (kind < 35)
    return { do: 'burst', count: random.between(2, 40), size: random.between(5, 1500), back: backOf(random) };
  if (kind < 41)
    return { do: random.once(3) ? 'pong' : 'ping', size: random.between(4, 125), back: backOf(random) };
  if (kind < 44) return { do: 'frame', size: random.between(5, 2000), back: backOf(random) };
  if (kind < 48)
    return role === 'server'
      ? { do: 'broadcast', body: random.once(2) ? 'text' : 'bytes', size: sizeOf(random, big) }
      : send(random, big);
  if (kind < 54) {
    const code = random.pick([0, 1000, 1000, 1011, 4999]);
    return { do: 'close', reason: random.once(2) ? 'bye' : '', ...(code === 0 ? {} : { code }) };
  }
  if (kind < 56) return { do: 'terminate' };
  if (kind < 59) return { do: 'pause' };
  if (kind < 62) return { do: 'resume' };
  if (kind < 64) return { do: 'stream', mark: random.pick([1, 1, 100, 20_000]), reads: random.once(3) };
  if (kind < 65) return role === 'client' ? { do: 'abort' } : { do: 'server-close', clients: random.once(2) };
  if (kind < 80) return { do: 'wait', ms: random.pick([-1, 0, 0, 0, 0, 1, 2]) };
  if (kind < 96) return peer(random, settings.deflate !== undefined, big);
  return { do: random.once(3) ? 'peer-reads' : 'peer-stalls' };
}

function settingsOf(random: Random, role: Program['role'], deaf: boolean): Settings {
  return {
    closeTimeout: deaf || random.once(5) ? random.between(15, 30) : 5000,
    ...(random.once(2)
      ? { deflate: { threshold: random.pick([0, 0, 100, 1024]), takeover: !random.once(4) } }
      : {}),
    ...(random.once(6)
      ? {
          maxBufferedAmount: random.pick([1000, 20_000, 20_000, 100_000]),
          ...(random.once(3) ? {} : { overflow: random.once(3) ? 'terminate' : 'close' }),
        }
      : {}),
    ...(random.once(6) ? { gatherWrites: false } : {}),
    ...(random.once(8) ? { allowSynchronousEvents: false } : {}),
    ...(random.once(40) ? { pingInterval: random.between(5, 15) } : {}),
    ...(random.once(40) ? { idleTimeout: random.between(5, 15) } : {}),
    ...(random.once(12) && role === 'client' ? { maskThrowsAt: random.below(4) } : {}),
    ...(random.once(6) && role === 'server' ? { verifiedAfter: random.between(1, 6) } : {}),
  };
}

function linkOf(random: Random): LinkManner {
  const way = random.below(20);
  return {
    way: way < 16 ? 'duplex' : way < 19 ? 'tcp' : 'tls',
    write: random.pick(['at once', 'tick', 'turn', 'turn', 'slow']),
    highWaterMark: random.pick([1, 1000, 16_384, 16_384, 16_384]),
    piece: random.once(4) ? random.between(50, 2000) : 0,
    ...(random.once(6) ? { firstWrite: random.between(2, 6) } : {}),
  };
}

function handlerOf(random: Random): Handler {
  return {
    each: random.pick(['nothing', 'nothing', 'nothing', 'echo', 'echo', 'echo-blob', 'pause']),
    ...(random.once(3)
      ? {
          once: {
            at: random.below(3),
            does: random.pick(['throw', 'throw', 'throw', 'close', 'close', 'terminate', 'send', 'pause']),
          },
        }
      : {}),
    ...(random.once(12) ? { throwing: [random.pick(['ping', 'pong', 'error', 'close', 'drain'])] } : {}),
  };
}

function writeProgram(random: Random): Program {
  const role = random.once(3) ? 'client' : 'server';
  const deaf = random.once(8);
  const big = random.once(4);
  const settings = settingsOf(random, role, deaf);
  const count = random.between(1, MOST_STEPS);
  return {
    role,
    settings,
    link: linkOf(random),
    handler: handlerOf(random),
    early: random.once(settings.verifiedAfter === undefined ? 5 : 2)
      ? peerFrames(random, settings.deflate !== undefined, big)
      : [],
    steps: Array.from({ length: count }, () => step(random, { settings, role }, big)),
    deaf,
    company: role === 'server' && random.once(4) ? random.between(1, 2) : 0,
    finale:
      settings.pingInterval !== undefined || settings.idleTimeout !== undefined
        ? 'idle'
        : random.pick(['terminate', 'close', 'close', 'peer-close', 'peer-close', 'peer-end', 'reset']),
  };
}

/** Programs that are run side by side. */
export interface TwinsInput {
  readonly programs: readonly Program[];
}

const MOST_PROGRAMS = 16;

/** Programs side by side: most of their time they wait. */
export const twinsInputs: RandomArbitrary<TwinsInput> = new RandomArbitrary<TwinsInput>(
  (random) => ({
    programs: Array.from({ length: random.between(8, MOST_PROGRAMS) }, () =>
      writeProgram(new Random(random.next())),
    ),
  }),
  function* ({ programs }) {
    const [only, ...more] = programs;
    if (only === undefined) return;
    if (more.length > 0) for (const program of programs) yield { programs: [program] };
    else for (const program of shrinkProgram(only)) yield { programs: [program] };
  },
);
