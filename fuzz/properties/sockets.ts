import type { KernelKind, Role } from '@x/frame-codec';
import fc from 'fast-check';
import { type Attack, attacks } from '../arbitraries/attack.js';
import { FrameModel } from '../models/frames.js';
import { outcomeOf } from '../models/messages.js';
import { ARENA_LIMITS, Arena } from './arena.js';
import { counts } from './meter.js';
import type { Property } from './property.js';
import { same, TAG, Transcript } from './transcript.js';

/** Hostile peers that come at the same time. */
export interface SocketsInput {
  readonly attacks: readonly Attack[];
}

/** One for each kernel: what an attack leaves behind must not harm the next. */
const ARENAS = new Map<KernelKind, Promise<Arena>>();

const expected = new Transcript();

/** What the slow model makes of a stream that arrives to its end, under the limits of the arena. */
function writeModel({ role, bytes }: Attack, to: Transcript): void {
  const model = new FrameModel({
    masked: role === 'server',
    rsv1: false,
    checkText: true,
    maxFrameLength: Number.MAX_SAFE_INTEGER,
    maxMessageLength: ARENA_LIMITS.maxPayload,
    maxFragments: ARENA_LIMITS.maxFragments,
  });
  model.push(bytes);
  const { events, closeCode } = outcomeOf(model);
  let reason: readonly number[] = [];
  to.clear();
  for (const event of events) {
    if (event.kind === 'closing') reason = event.reason;
    else if (event.kind === 'error') {
      to.begin(TAG.error);
      to.latin1(event.position === undefined ? event.violation : `${event.violation} at ${event.position}`);
    } else {
      to.begin(TAG[event.kind]);
      to.put(event.payload);
    }
  }
  to.begin(TAG.close);
  to.put([closeCode >> 8, closeCode & 255, ...reason]);
}

/** Errors that nobody caught while `run` ran. */
async function uncaughtOf(run: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => {
    uncaught.push(error);
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  try {
    await run();
  } finally {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
  return uncaught;
}

async function check({ attacks: list }: SocketsInput, kernel: KernelKind): Promise<void> {
  const opening = ARENAS.get(kernel) ?? Arena.open(kernel);
  ARENAS.set(kernel, opening);
  const arena = await opening;
  try {
    const [uncaught, ...more] = await uncaughtOf(async () => {
      const witnesses = await arena.run(list);
      counts.streams += list.length;
      for (const [index, attack] of list.entries()) {
        const { head, extension, ending } = attack;
        if (head !== undefined || extension !== undefined || ending !== 'end') continue;
        const witness = witnesses[index];
        if (witness === undefined) throw new Error(`no connection came of attack ${index}`);
        writeModel(attack, expected);
        same(`connection ${index}`, witness.told, 'model', expected);
      }
    });
    if (uncaught !== undefined)
      throw new Error(
        `${1 + more.length} uncaught: ${uncaught instanceof Error ? uncaught.stack : String(uncaught)}`,
      );
  } catch (error) {
    // Whatever it left behind is no matter of the next input.
    ARENAS.delete(kernel);
    arena.destroy();
    throw error;
  }
}

function socketsProperty(role: Role): Property<SocketsInput> {
  return {
    name: `sockets-${role}`,
    claim: `a ${role} on real sockets tells of hostile peers what the model tells, lets go of them, and still answers (§7.1.7, §10)`,
    part: 'adapter',
    arbitrary: fc.record({ attacks: fc.array(attacks(role), { minLength: 1, maxLength: 3 }) }),
    check,
  };
}

export const socketsServer: Property<SocketsInput> = socketsProperty('server');
export const socketsClient: Property<SocketsInput> = socketsProperty('client');
