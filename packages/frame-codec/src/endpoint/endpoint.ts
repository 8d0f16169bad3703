import type { RsvClaims } from '../extension/extension.js';
import {
  CONFIG_CONTINUATION_RSV,
  CONFIG_FIRST_RSV,
  CONFIG_MASKED,
  CONFIG_TEXT,
  CONFIG_TRANSFORMED_RSV,
} from '../kernel/memory-map.js';
import { MemoryBudget } from '../memory/memory-budget.js';
import { checkLimits, LIMITS, type Limits } from '../rules/limit.js';
import { checkOptionNames } from '../rules/option-names.js';
import type { Role } from '../rules/role.js';
import { LimitError } from '../rules/violation.js';
import { Codec, sharedCodec } from './codec.js';

const OPTIONS = ['role', 'codec', 'autoPong', 'maskingKey', 'memory', 'validateText', ...Object.keys(LIMITS)];

/** What an {@link Endpoint} is made with. */
export interface EndpointOptions extends Partial<Limits> {
  role: Role;
  /** kernels and buffers; without it {@link sharedCodec} */
  codec?: Codec;
  /** answers each ping with a pong by itself (§5.5.2); default true */
  autoPong?: boolean;
  /** gives each frame of a client its masking key, 32 bits; default: strong random ones, as §5.3 demands */
  maskingKey?: () => number;
  /**
   * bounds the memory that all connections of this endpoint, and of others that share it, hold together: one that asks
   * for more is failed with 1013; without it there is no such bound
   */
  memory?: MemoryBudget;
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
  readonly validateText: boolean;
  readonly memory: MemoryBudget | undefined;
  /** @internal */
  readonly maskingKey: () => number;

  /**
   * @throws {TypeError} when the role is neither `'client'` nor `'server'`, another option is of the wrong type, or there is
   *   none of that name
   * @throws {RangeError} when a limit is no whole number in its range
   */
  constructor(options: EndpointOptions) {
    checkOptionNames(options, OPTIONS);
    const { role, codec, autoPong = true, maskingKey, memory, validateText = true, ...limits } = options;
    if (role !== 'client' && role !== 'server')
      throw new TypeError(`role must be client or server, not ${role}`);
    if (codec !== undefined && !(codec instanceof Codec)) throw new TypeError('codec must be a Codec');
    if (maskingKey !== undefined && typeof maskingKey !== 'function') {
      throw new TypeError('maskingKey must be a function');
    }
    if (memory !== undefined && !(memory instanceof MemoryBudget)) {
      throw new TypeError('memory must be a MemoryBudget');
    }
    this.role = role;
    this.codec = codec ?? sharedCodec();
    this.limits = checkLimits(limits);
    this.autoPong = autoPong;
    this.maskingKey = maskingKey ?? (() => this.codec.nextMaskingKey());
    this.validateText = validateText;
    this.memory = memory;
  }

  /** What a connection fails with for which there is no {@link memory} left. */
  exhausted(): LimitError {
    return new LimitError('memory-exhausted', this.memory?.most ?? 0);
  }

  /**
   * @internal The CONFIG register of the kernel: which RSV bits may be set, and whether the kernel sees the text itself,
   * at least in messages that carry none of these bits, and is to check it.
   */
  configFor({ first, continuation }: RsvClaims, plainText: boolean): number {
    return (
      (this.masks ? 0 : CONFIG_MASKED) |
      (this.validateText && plainText ? CONFIG_TEXT : 0) |
      ((first >> 4) << CONFIG_FIRST_RSV) |
      ((continuation >> 4) << CONFIG_CONTINUATION_RSV) |
      ((first >> 4) << CONFIG_TRANSFORMED_RSV)
    );
  }

  /** Whether frames of this side are masked. */
  get masks(): boolean {
    return this.role === 'client';
  }
}
