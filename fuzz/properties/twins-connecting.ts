import type { KernelKind } from '@x/frame-codec';
import { Random } from '../arbitraries/random.js';
import { RandomArbitrary } from '../arbitraries/random-arbitrary.js';
import { type Blow, type Connecting, connectOn } from '../twins/connecting.js';
import { oursOn, THEIRS } from '../twins/library.js';
import { isOfWs, uncaughtOf } from '../twins/planned.js';
import { counts } from './meter.js';
import type { Property } from './property.js';

/** Clients that connect side by side. */
export interface ConnectingInput {
  readonly clients: readonly Connecting[];
}

const BLOWS: readonly Blow[] = ['close', 'terminate', 'abort', 'send', 'throw'];
const EVENTS = ['upgrade', 'unexpected-response', 'open', 'error', 'close'] as const;
const MOST_CLIENTS = 12;

function write(random: Random): Connecting {
  const events = EVENTS.filter(() => random.once(6)).map((event) => [event, random.pick(BLOWS)]);
  return {
    answer: random.pick([
      ...(['good', 'good', 'good', 'wrong accept', 'status 400'] as const),
      ...(['no HTTP', 'half', 'nothing', 'end', 'reset'] as const),
    ]),
    answersAfter: random.below(4),
    on: Object.fromEntries(events),
    steps: Array.from({ length: random.below(4) }, () => ({
      after: random.between(-1, 4),
      does: random.pick(BLOWS.slice(0, 4)),
    })),
    ...(random.once(4) ? { handshakeTimeout: random.between(1, 8) } : {}),
    ...(random.once(5) ? { finishing: random.pick(BLOWS.slice(0, 4)) } : {}),
  };
}

function* shrink(client: Connecting): Iterable<Connecting> {
  const { steps, on, handshakeTimeout, finishing, ...rest } = client;
  for (const at of steps.keys()) yield { ...client, steps: steps.filter((_, index) => index !== at) };
  for (const name of Object.keys(on))
    yield { ...client, on: Object.fromEntries(Object.entries(on).filter(([each]) => each !== name)) };
  if (handshakeTimeout !== undefined)
    yield { ...rest, on, steps, ...(finishing === undefined ? {} : { finishing }) };
  if (finishing !== undefined)
    yield { ...rest, on, steps, ...(handshakeTimeout === undefined ? {} : { handshakeTimeout }) };
  if (client.answersAfter > 0) yield { ...client, answersAfter: 0 };
  if (client.answer !== 'good') yield { ...client, answer: 'good' };
}

const inputs = new RandomArbitrary<ConnectingInput>(
  (random) => ({
    clients: Array.from({ length: random.between(4, MOST_CLIENTS) }, () => write(new Random(random.next()))),
  }),
  function* ({ clients }) {
    const [only, ...more] = clients;
    if (only === undefined) return;
    if (more.length > 0) for (const client of clients) yield { clients: [client] };
    else for (const client of shrink(only)) yield { clients: [client] };
  },
);

async function check({ clients }: ConnectingInput, kernel: KernelKind): Promise<void> {
  const faults: string[] = [];
  counts.programs += clients.length;
  const uncaught = await uncaughtOf(async () => {
    await Promise.all(
      clients.map(async (client) => {
        const [ours, theirs] = await Promise.all([
          connectOn(oursOn(kernel), client),
          connectOn(THEIRS, client),
        ]);
        const found = [...ours.faults];
        // What a hook or a listener of the opening throws is its error, or surfaces where it has ended.
        for (const { message, surfaced } of ours.planned) {
          const times = surfaced + ours.told.filter((each) => each === `error ${message}`).length;
          if (times !== 1) found.push(`${message} surfaced ${times} times`);
        }
        // Where nothing hits it, what it tells hangs on the answer alone.
        const calm = client.steps.length === 0 && Object.keys(client.on).length === 0;
        const kindsOf = (told: readonly string[]): string =>
          told.map((each) => each.split(' ')[0]).join(', ');
        if (calm && client.handshakeTimeout === undefined && client.finishing === undefined)
          if (kindsOf(ours.told) !== kindsOf(theirs.told))
            found.push(`unlike ws: ${ours.told.join(', ')}, and that of ws: ${theirs.told.join(', ')}`);
        if (found.length > 0)
          faults.push(`${found.join('\n')}\n  told: ${ours.told.join(', ')}\n  ${JSON.stringify(client)}`);
      }),
    );
  });
  for (const error of uncaught) {
    if (!isOfWs(error)) faults.push(`uncaught: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n\n'));
}

export const twinsConnecting: Property<ConnectingInput> = {
  name: 'twins-connecting',
  claim: 'a client that connects tells one error at most and one close, whatever hits it (§4.1, §7.1.7)',
  part: 'adapter',
  arbitrary: inputs,
  check,
};
