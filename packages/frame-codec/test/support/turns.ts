import type { Codec, Limits } from '../../src/index.js';
import { deflated, deflateOf } from './deflate.js';
import { PakoEngine } from './pako-engine.js';
import { type Also, type Recorded, record } from './recorder.js';
import { wire } from './wire.js';

export const KIB = 1024;
/** What an engine hands out at a time. */
export const BLOCK: number = 4 * KIB;
/** What a connection may inflate at a time. */
export const TURN: number = 16 * KIB;

/** A message of so many bytes 0x61, which takes about a thousandth of them. */
export function bomb(length: number, first = 0xc2): Uint8Array<ArrayBuffer> {
  return wire({ first, payload: deflated(new Uint8Array(length).fill(0x61)) });
}

/** A connection that inflates by turns. */
export interface Turning extends Recorded {
  engine: PakoEngine;
  /** how often it has yielded */
  turns: () => number;
}

/** A client that inflates by turns. */
export function turning(
  codec: Codec,
  limits: Partial<Limits> = {},
  also: Also = {},
  blockLength: number = BLOCK,
): Turning {
  const engine = new PakoEngine(blockLength);
  let turns = 0;
  const handler: Also = {
    yield: () => {
      turns++;
    },
    ...also,
  };
  const recorded = record({ role: 'client', codec, maxTurnLength: TURN, ...limits }, handler, [
    deflateOf('client', engine, { serverNoContextTakeover: true }),
  ]);
  return { ...recorded, engine, turns: () => turns };
}

/** Events, with what is long shortened to its length. */
export function told({ events }: Recorded): string[] {
  return events.map((event) =>
    event.length < 60 ? event : `${event.slice(0, 6)} of ${(event.length - 6) / 3}`,
  );
}
