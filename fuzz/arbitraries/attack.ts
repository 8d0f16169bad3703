import type { Role } from '@x/frame-codec';
import fc from 'fast-check';
import { deflatedInput, wireOf } from './deflated.js';
import { headBytes, requests, responses } from './handshake.js';
import { anyStream, plantedStream, validStream } from './stream.js';

/** What a hostile peer does over a socket of its own. */
export interface Attack {
  /** who is attacked */
  readonly role: Role;
  /** over TCP, or over a local socket where the system has such without files */
  readonly way: 'tcp' | 'local';
  /** the head of its request, or of its answer; a sound one where there is none */
  readonly head: Uint8Array | undefined;
  /** what a sound head offers, or agrees on, as `Sec-WebSocket-Extensions` */
  readonly extension: string | undefined;
  /** whether the stream follows the head at once */
  readonly early: boolean;
  /** the frames, or what looks like some */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly cuts: readonly number[];
  /** `end` waits for the other side's end as well; `mute` sends nothing more for a while, and never ends in order */
  readonly ending: 'end' | 'destroy' | 'reset' | 'mute';
}

/** Each piece takes a turn of the event loop. */
const MOST_CUTS = 16;

/** Heads near the grammar, and some of them with bytes gone wrong, or not to their end. */
function heads(role: Role): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const whole =
    role === 'server'
      ? requests.map(({ method, target, version, fields }) =>
          headBytes(`${method} ${target} HTTP/${version}`, fields, ''),
        )
      : responses.map(({ status, version, fields }) =>
          headBytes(`HTTP/${version} ${status} Any`, fields, ''),
        );
  const wrong = fc.array(fc.record({ at: fc.nat(400), byte: fc.nat(255) }), { maxLength: 2 });
  const kept = fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  );
  return fc.tuple(whole, wrong, kept).map(([bytes, faults, share]) => {
    const spoilt = bytes.slice(0, Math.round(bytes.length * share));
    for (const { at, byte } of faults) if (at < spoilt.length) spoilt[at] = byte;
    return spoilt;
  });
}

/** Streams for one role, and the extension that they take for granted. */
function streams(role: Role): fc.Arbitrary<Pick<Attack, 'bytes' | 'cuts' | 'extension'>> {
  const plain = fc
    .oneof(
      { weight: 3, arbitrary: anyStream },
      { weight: 3, arbitrary: plantedStream },
      { weight: 1, arbitrary: validStream },
    )
    .filter((stream) => stream.role === role)
    .map(({ bytes, cuts }) => ({ bytes, cuts, extension: undefined }));
  const compressed = deflatedInput
    .filter((input) => input.role === role)
    .map((input) => ({
      bytes: wireOf(input),
      cuts: input.cuts,
      extension: input.noContextTakeover
        ? 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
        : 'permessage-deflate',
    }));
  return fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: compressed });
}

/** One hostile peer of a server, or of a client. */
export function attacks(role: Role): fc.Arbitrary<Attack> {
  return fc
    .record({
      way: fc.constantFrom('tcp' as const, 'local' as const),
      head: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: heads(role) }),
      stream: streams(role),
      early: fc.boolean(),
      ending: fc.oneof(
        { weight: 6, arbitrary: fc.constant('end' as const) },
        { weight: 2, arbitrary: fc.constantFrom('destroy' as const, 'reset' as const) },
        { weight: 1, arbitrary: fc.constant('mute' as const) },
      ),
    })
    .map(({ stream: { bytes, cuts, extension }, ...rest }) => ({
      role,
      ...rest,
      extension,
      bytes,
      cuts: cuts.filter((cut) => cut < bytes.length).slice(0, MOST_CUTS),
    }));
}
