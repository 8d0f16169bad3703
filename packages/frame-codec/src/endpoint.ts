import { type Codec, sharedCodec } from './codec.js';
import { checkLimits, type Limits } from './limit.js';
import { CONFIG_MASKED, CONFIG_TEXT } from './memory-map.js';

/** Which side of a connection this is: a client masks what it sends, a server must not (§5.1). */
export type Role = 'client' | 'server';

/** What an {@link Endpoint} is made with. */
export interface EndpointOptions extends Partial<Limits> {
  role: Role;
  /** kernels and buffers; without it {@link sharedCodec} */
  codec?: Codec;
  /** answers each ping with a pong by itself (§5.5.2); default true */
  autoPong?: boolean;
  /** fails a connection whose text is not UTF-8 (§8.1); default true */
  validateText?: boolean;
}

/**
 * One side of WebSocket connections: role, limits and habits, checked once and shared by any number of connections.
 *
 * @example
 * const server = new Endpoint({ role: 'server', maxMessageLength: 64 * 1024 });
 */
export class Endpoint {
  readonly role: Role;
  readonly codec: Codec;
  readonly limits: Limits;
  readonly autoPong: boolean;
  /** The CONFIG register of the kernel for connections without extensions. */
  readonly config: number;

  /**
   * @throws {TypeError} when the role is neither `'client'` nor `'server'`
   * @throws {RangeError} when a limit is no whole number in its range
   */
  constructor({ role, codec, autoPong = true, validateText = true, ...limits }: EndpointOptions) {
    if (role !== 'client' && role !== 'server')
      throw new TypeError(`role must be client or server, not ${role}`);
    this.role = role;
    this.codec = codec ?? sharedCodec();
    this.limits = checkLimits(limits);
    this.autoPong = autoPong;
    this.config = (role === 'server' ? CONFIG_MASKED : 0) | (validateText ? CONFIG_TEXT : 0);
  }

  /** Whether frames of this side are masked. */
  get masks(): boolean {
    return this.role === 'client';
  }
}
