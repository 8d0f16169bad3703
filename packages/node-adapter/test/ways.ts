import { expect } from 'vitest';
import { PreparedMessage, Sender, type Sent, type WebSocket } from '../src/index.js';
import type { Role } from './sides.js';
import { binary, text } from './wire-peer.js';

/** A way to have something sent. */
export interface Way {
  readonly name: string;
  /** what the peer then hears, as `WirePeer` tells it */
  readonly told: string;
  send(websocket: WebSocket, sent?: Sent): unknown;
}

/** So many bytes that do not compress to nothing; another seed makes others. */
export function noise(length: number, seed = 1): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(length);
  let state = seed * 2_654_435_761;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** So much text that does not compress to nothing. */
export function prose(length: number, seed = 1): string {
  return noise(Math.ceil((length * 3) / 4), seed)
    .toString('base64')
    .slice(0, length);
}

const LONG_TEXT = prose(200_000);
const LONG_BYTES = noise(300_000, 2);
const BLOB_BYTES = noise(5000, 3);

const BLOB: Way = {
  name: 'a Blob',
  told: binary(BLOB_BYTES),
  send: (websocket, sent) => websocket.send(new Blob([BLOB_BYTES]), sent),
};
const LONG: readonly Way[] = [
  {
    name: 'a long string',
    told: text(LONG_TEXT),
    send: (websocket, sent) => websocket.send(LONG_TEXT, sent),
  },
  {
    name: 'long bytes',
    told: binary(LONG_BYTES),
    send: (websocket, sent) => websocket.send(LONG_BYTES, sent),
  },
];

/** What must be read first, or takes its time to be compressed. */
export const SLOW: readonly Way[] = [BLOB, ...LONG];

const BOTH_ROLES: readonly Way[] = [
  ...SLOW,
  {
    name: 'a short string',
    told: text('short'),
    send: (websocket, sent) => websocket.send('short', sent),
  },
  {
    name: 'short bytes',
    told: binary(Buffer.from('bytes')),
    send: (websocket, sent) => websocket.send(Buffer.from('bytes'), sent),
  },
  {
    name: 'an empty string',
    told: 'text',
    send: (websocket, sent) => websocket.send('', sent),
  },
  {
    name: 'bytes as text',
    told: text('as text'),
    send: (websocket, sent) => websocket.send(Buffer.from('as text'), { binary: false }, sent),
  },
  {
    name: 'long bytes that are not compressed',
    told: binary(LONG_BYTES),
    send: (websocket, sent) => websocket.send(LONG_BYTES, { compress: false }, sent),
  },
  {
    name: 'fragments',
    told: text('fragments'),
    send: (websocket, sent) => {
      websocket.send('frag', { fin: false });
      websocket.send('ments', { fin: true }, sent);
    },
  },
  {
    name: 'a fragment that is a Blob',
    told: binary(Buffer.from('blob, and more')),
    send: (websocket, sent) => {
      websocket.send(new Blob(['blob, ']), { fin: false, binary: true });
      websocket.send('and more', { fin: true }, sent);
    },
  },
  {
    name: 'a ping',
    told: 'ping asked',
    send: (websocket, sent) => websocket.ping('asked', undefined, sent),
  },
  {
    name: 'a pong',
    told: 'pong unasked',
    send: (websocket, sent) => websocket.pong('unasked', undefined, sent),
  },
];

/** Frames that were made elsewhere. */
const framed = (role: Role): Way => ({
  name: 'a frame through _sender',
  told: text('framed'),
  send: (websocket, sent) => {
    const options = { fin: true, opcode: 1, mask: role === 'client', rsv1: false };
    websocket._sender?.sendFrame(Sender.frame(Buffer.from('framed'), options), sent);
  },
});

const PREPARED: Way = {
  name: 'a prepared message',
  told: text('prepared'),
  send: (websocket, sent) => websocket.send(new PreparedMessage('prepared'), sent),
};

/** All ways in which a role can send. */
export function waysOf(role: Role): readonly Way[] {
  return [...BOTH_ROLES, framed(role), ...(role === 'server' ? [PREPARED] : [])];
}

const isControl = (told: string): boolean => /^p[io]ng/.test(told);

/**
 * Holds what was told against the order in which it was accepted: a ping or pong may come before a message that was
 * accepted earlier (between its fragments, §5.4), and nothing else may overtake.
 */
export function expectOrder(told: readonly string[], accepted: readonly string[]): void {
  const kinds = (all: readonly string[], control: boolean): string[] =>
    all.filter((each) => isControl(each) === control);
  expect(kinds(told, false)).toEqual(kinds(accepted, false));
  expect(kinds(told, true)).toEqual(kinds(accepted, true));
  let controls = 0;
  const controlsBefore = accepted.map((each) => (isControl(each) ? controls++ : controls));
  const ofMessages = accepted.flatMap((each, at) => (isControl(each) ? [] : [controlsBefore[at] ?? 0]));
  let passed = 0;
  let message = 0;
  for (const each of told) {
    if (isControl(each)) passed++;
    else
      expect(passed, `${each} overtakes a ping or pong`).toBeGreaterThanOrEqual(ofMessages[message++] ?? 0);
  }
}
