import { Endpoint } from '@x/frame-codec';
import { type ConnectionOptionsOfBoth, DEFAULTS, type SocketOptions } from './options.js';
import { maskingKeyOf } from './sender.js';

/**
 * The codec's endpoint for the options of npm `ws`.
 *
 * @throws {RangeError} when a limit is out of its range
 */
export function endpointFor(
  isServer: boolean,
  settings: Pick<ConnectionOptionsOfBoth, 'autoPong' | 'codec'>,
  options: SocketOptions,
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
    ...(generateMask === undefined ? {} : { maskingKey: maskingKeyOf(generateMask) }),
  });
}

/** 0 stands for no limit. What is out of range is refused by the name that it has here, not by the codec's. */
function limitOf(name: string, option: number, most: number): number {
  if (option === 0 || option === Number.POSITIVE_INFINITY) return most;
  if (Number.isInteger(option) && option > 0 && option <= most) return option;
  throw new RangeError(`${name} must be a whole number from 0 to ${most}, not ${option}`);
}
