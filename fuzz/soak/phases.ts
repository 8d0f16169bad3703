/** Peers that stop somewhere, and wait. */
export interface Stall {
  readonly kind: 'stall';
  readonly what: string;
  /** sent instead of a request; a whole request is sent, and answered, where there is none */
  readonly before?: string;
  /** sends this byte by byte, for as long as it takes */
  readonly trickle?: string;
  /** offers permessage-deflate */
  readonly compress?: true;
  /** sent behind the handshake */
  readonly frames?: 'half-head' | 'half-payload' | 'half-message' | 'half-compressed' | 'broken';
  /** bytes of memory, external memory included, that the server may hold for one such connection */
  readonly held: number;
}

/** Peers that send as much as they can. */
export interface Flood {
  readonly kind: 'flood';
  readonly what: string;
  /** what they must have seen of each, or of the close code by name, at least once */
  readonly sees: readonly string[];
  /** as for a {@link Stall}, when the flood is over and its connections are still there */
  readonly held: number;
}

/** What is done to the server, one after the other. */
export const PHASES = {
  silent: { kind: 'stall', what: 'connected, and never a byte', before: '', held: 16_384 },
  'half-request': {
    kind: 'stall',
    what: 'half the head of a request',
    before: 'GET /half-request HTTP/1.1\r\nHost: localhost\r\nUpgra',
    held: 16_384,
  },
  'trickled-request': {
    kind: 'stall',
    what: 'a request byte by byte',
    trickle: `GET /trickled-request HTTP/1.1\r\nHost: localhost\r\nX-Slow: ${'x'.repeat(1000)}`,
    held: 16_384,
  },
  idle: { kind: 'stall', what: 'upgraded, and neither a frame nor a pong', held: 16_384 },
  'half-head': {
    kind: 'stall',
    what: 'three bytes of the head of a frame',
    frames: 'half-head',
    held: 16_384,
  },
  'half-payload': {
    kind: 'stall',
    what: '4 KiB of a frame of 64 KiB',
    frames: 'half-payload',
    held: 16_384 + 4 * 4096,
  },
  'half-message': {
    kind: 'stall',
    what: 'a fragment of 4 KiB, and never the last',
    frames: 'half-message',
    held: 16_384 + 4 * 4096,
  },
  'half-compressed': {
    kind: 'stall',
    what: 'a compressed fragment, and never the last',
    compress: true,
    frames: 'half-compressed',
    held: 131_072,
  },
  broken: {
    kind: 'stall',
    what: 'a broken frame, and no end of the connection',
    frames: 'broken',
    held: 16_384,
  },
  'no-close-answer': { kind: 'stall', what: 'no answer to the close frame', held: 16_384 },
  pings: { kind: 'flood', what: 'pings of 125 bytes, pongs read', sees: ['bytes'], held: 65_536 },
  'deaf-pings': {
    kind: 'flood',
    what: 'pings of 125 bytes, pongs not read',
    sees: [],
    // What the socket has not taken, and what gathers behind it.
    held: 131_072,
  },
  deaf: { kind: 'flood', what: 'messages of 16 KiB, echoes not read', sees: ['dropped'], held: 65_536 },
  fragments: { kind: 'flood', what: 'fragments of one byte', sees: ['bytes'], held: 65_536 },
  'empty-fragments': { kind: 'flood', what: 'empty fragments without an end', sees: ['1008'], held: 65_536 },
  'empty-messages': { kind: 'flood', what: 'empty messages', sees: ['bytes'], held: 65_536 },
  connects: { kind: 'flood', what: 'connections opened and closed', sees: ['1000'], held: 65_536 },
  resets: {
    kind: 'flood',
    what: 'connections reset, before and behind the handshake',
    sees: ['reset'],
    held: 65_536,
  },
  bombs: { kind: 'flood', what: 'messages of 64 KiB that inflate to 64 MiB', sees: ['1009'], held: 131_072 },
} as const satisfies { readonly [name: string]: Stall | Flood };

/** A phase by its name. */
export function phaseOf(name: string): Stall | Flood {
  const phase = new Map<string, Stall | Flood>(Object.entries(PHASES)).get(name);
  if (phase === undefined) throw new RangeError(`there is no phase ${name}`);
  return phase;
}

export function phaseNames(): string[] {
  return Object.keys(PHASES);
}
