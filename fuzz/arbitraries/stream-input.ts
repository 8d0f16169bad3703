import type { Role } from '@x/frame-codec';

/** What a decoder is fed. */
export interface StreamInput {
  /** who receives it: frames to a server are masked */
  readonly role: Role;
  readonly limits: {
    readonly maxFrameLength: number;
    readonly maxMessageLength: number;
    readonly maxFragments: number;
  };
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** whether an extension claimed RSV1; nothing of it for connections, which have none */
  readonly rsv1: boolean;
  /** where it is cut, in ascending order */
  readonly cuts: readonly number[];
}
