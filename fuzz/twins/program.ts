import type { Role } from '@x/frame-codec';

/** What a message is given as. `bad-text` are bytes that are no UTF-8, sent as text. */
export type Body = 'text' | 'bytes' | 'blob' | 'number' | 'prepared' | 'bad-text';

/** What the callback of a call does; some calls have none. */
export type Back = 'none' | 'notes' | 'throws' | 'sends' | 'terminates';

/** What a listener does when it is called. */
export type Reaction = 'throw' | 'close' | 'terminate' | 'send' | 'pause';

/** Something that the peer sends. Messages are compressed where that was agreed on, and cut into `parts` frames. */
export interface PeerFrame {
  readonly what: 'text' | 'bytes' | 'ping' | 'pong' | 'close' | 'nonsense';
  readonly size: number;
  readonly compressed?: boolean;
  readonly parts?: number;
  readonly code?: number;
}

/** One step of a program: a call of the application, something that its peer does, or a while of nothing. */
export type Step =
  | {
      readonly do: 'send';
      readonly body: Body;
      readonly size: number;
      /** bytes that do not compress */
      readonly random?: boolean;
      readonly binary?: boolean;
      readonly compress?: boolean;
      readonly fin?: boolean;
      readonly back: Back;
    }
  /** so many texts at once */
  | { readonly do: 'burst'; readonly count: number; readonly size: number; readonly back: Back }
  | { readonly do: 'ping' | 'pong'; readonly size: number; readonly back: Back }
  /** a text message that `Sender.frame` framed, through `_sender.sendFrame` */
  | { readonly do: 'frame'; readonly size: number; readonly back: Back }
  | { readonly do: 'broadcast'; readonly body: 'text' | 'bytes'; readonly size: number }
  | { readonly do: 'close'; readonly code?: number; readonly reason: string }
  | { readonly do: 'terminate' | 'pause' | 'resume' | 'abort' }
  | { readonly do: 'server-close'; readonly clients: boolean }
  | { readonly do: 'stream'; readonly mark: number; readonly reads: boolean }
  /** milliseconds; 0 for a turn of the event loop, less for a tick */
  | { readonly do: 'wait'; readonly ms: number }
  /** all frames leave in one chunk */
  | { readonly do: 'peer'; readonly frames: readonly PeerFrame[]; readonly ends?: 'by end' | 'by reset' }
  /** the peer does not read, and reads again */
  | { readonly do: 'peer-stalls' | 'peer-reads' };

/** Options of the connection; `closeTimeout` in milliseconds. */
export interface Settings {
  readonly closeTimeout: number;
  readonly deflate?: { readonly threshold: number; readonly takeover: boolean };
  readonly overflow?: 'close' | 'terminate';
  readonly maxBufferedAmount?: number;
  readonly gatherWrites?: boolean;
  readonly allowSynchronousEvents?: boolean;
  readonly pingInterval?: number;
  readonly idleTimeout?: number;
  /** `generateMask` of a client throws at the frame of this number */
  readonly maskThrowsAt?: number;
  /** a server lets its client in so many turns after it asked */
  readonly verifiedAfter?: number;
}

/** How the link carries what is written, and what comes. */
export interface LinkManner {
  readonly way: 'duplex' | 'tcp' | 'tls';
  /** when a write is done: in itself, in a tick, in a turn, or behind a millisecond */
  readonly write: 'at once' | 'tick' | 'turn' | 'slow';
  /** the first write is done behind so many milliseconds */
  readonly firstWrite?: number;
  readonly highWaterMark: number;
  /** bytes of a piece in which things come; 0 for all at once */
  readonly piece: number;
}

/** What the application does when it is told of something. */
export interface Handler {
  readonly each: 'nothing' | 'echo' | 'echo-blob' | 'pause';
  /** does it at the message of this number */
  readonly once?: { readonly at: number; readonly does: Reaction };
  /** listeners of these throw */
  readonly throwing?: readonly ('ping' | 'pong' | 'error' | 'close' | 'drain')[];
}

/** How it ends, if it has not ended by itself. */
export type Finale = 'terminate' | 'close' | 'peer-close' | 'peer-end' | 'reset' | 'idle';

/** A program of the application and of its peer, over a link with faults. */
export interface Program {
  /** of the application */
  readonly role: Role;
  readonly settings: Settings;
  readonly link: LinkManner;
  readonly handler: Handler;
  /** what the peer sends in one chunk with its half of the opening handshake; where the server takes its time, behind it */
  readonly early: readonly PeerFrame[];
  readonly steps: readonly Step[];
  /** a peer that answers neither close frames nor the end */
  readonly deaf: boolean;
  /** other clients of the server, which only listen */
  readonly company: number;
  readonly finale: Finale;
}

/** Below this a close time-out is waited for. */
export const SHORT_TIMEOUT = 100;
