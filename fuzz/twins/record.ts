import type { PeerItem } from './peer.js';
import type { WireItem } from './wire.js';

/** A call that puts something out, or that ends something. */
export interface Call {
  readonly id: string;
  readonly what: 'message' | 'ping' | 'pong' | 'frame' | 'broadcast' | 'close' | 'other';
  readonly name: string;
  /** what is to be on the wire, of messages and control frames */
  readonly kind: WireItem['kind'];
  readonly payload: Buffer;
  readonly fin: boolean;
  /** a step of the program, rather than a handler or a callback */
  readonly step: boolean;
  /** `readyState` before */
  readonly state: number;
  /** when, by the clock of the run that counts what happens */
  readonly at: number;
  readonly hasBack: boolean;
  /** an error of the library, or one of the program that came out of the call */
  threw: Error | undefined;
  returned: unknown;
  /** what its callback got, each time */
  readonly backs: { readonly error: Error | undefined; readonly at: number }[];
}

/** An event of the connection. */
export interface Told {
  readonly event: string;
  readonly at: number;
  readonly payload: Buffer;
  readonly isBinary: boolean;
  readonly code: number;
  readonly error: Error | undefined;
  readonly paused: boolean;
}

/** `bufferedAmount` at some time. */
export interface Sample {
  readonly at: number;
  readonly amount: number;
  readonly state: number;
}

/** What a run of a program came to. */
export interface RunRecord {
  readonly calls: Call[];
  readonly told: Told[];
  readonly samples: Sample[];
  /** why something may be lost, and when that began */
  readonly cuts: { readonly why: string; readonly at: number }[];
  /** what the driver itself has to object to */
  readonly faults: string[];
  /** what quiet listeners on other connections of the server got */
  readonly company: string[][];
  opened: boolean;
  /** milliseconds from the opening to the end */
  elapsed: number;
  /** `bufferedAmount` when nothing was under way any more */
  drained: number | undefined;
  wire: readonly WireItem[];
  wireFault: string | undefined;
  peerSent: readonly PeerItem[];
  /** the peer has ended its half by itself */
  peerEnded: boolean;
}

export const ERROR_OVERFLOW = 'WS_ERR_TOO_MUCH_BUFFERED';
/** The cut where a connection did not end by itself. */
export const GIVEN_UP = 'given up';
