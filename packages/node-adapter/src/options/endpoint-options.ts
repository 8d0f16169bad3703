import { Endpoint, MemoryBudget } from '@x/frame-codec';
import { maskingKeyOf } from './masking-key.js';
import { type ConnectionOptionsOfBoth, DEFAULTS, type SocketOptions } from './options.js';

/**
 * The codec's endpoint for the options of npm `ws`.
 *
 * @throws {RangeError} when a limit is out of its range
 */
export function endpointFor(
  isServer: boolean,
  settings: Pick<ConnectionOptionsOfBoth, 'autoPong' | 'codec'>,
  options: SocketOptions,
  memory?: MemoryBudget,
): Endpoint {
  const { generateMask, maxFragments = DEFAULTS.maxFragments, maxPayload = DEFAULTS.maxPayload } = options;
  const codec = options.codec ?? settings.codec;
  return new Endpoint({
    role: isServer ? 'server' : 'client',
    autoPong: settings.autoPong ?? DEFAULTS.autoPong,
    validateText: !options.skipUTF8Validation,
    maxMessageLength: limitOf('maxPayload', maxPayload, Number.MAX_SAFE_INTEGER),
    maxFragments: limitOf('maxFragments', maxFragments, 0x7fff_ffff),
    ...(codec === undefined ? {} : { codec }),
    ...(memory === undefined ? {} : { memory }),
    ...(generateMask === undefined ? {} : { maskingKey: maskingKeyOf(generateMask) }),
  });
}

/**
 * What all connections of a server may hold together; `undefined` where that has no bound.
 *
 * @throws {RangeError} when it is no whole number of bytes; 0, which other options have for no limit, is refused
 */
export function budgetFor(maxTotalMemory: number | undefined): MemoryBudget | undefined {
  if (maxTotalMemory === undefined || maxTotalMemory === Number.POSITIVE_INFINITY) return undefined;
  if (Number.isSafeInteger(maxTotalMemory) && maxTotalMemory > 0) return new MemoryBudget(maxTotalMemory);
  throw new RangeError(`maxTotalMemory must be a whole number of bytes from 1, not ${maxTotalMemory}`);
}

/** 0 stands for no limit. What is out of range is refused by the name that it has here, not by the codec's. */
function limitOf(name: string, option: number, most: number): number {
  if (option === 0 || option === Number.POSITIVE_INFINITY) return most;
  if (Number.isInteger(option) && option > 0 && option <= most) return option;
  throw new RangeError(`${name} must be a whole number from 0 to ${most}, not ${option}`);
}
