import type { Agreement, Extension } from './extension.js';
import type { ExtensionParameter } from './extension-list.js';
import { checkOptions, DEFLATE_OPTIONS, kindOf } from './options.js';

/** RFC 7692: the registered name. */
export const PERMESSAGE_DEFLATE = 'permessage-deflate';

/** What was agreed (RFC 7692 §7.1): how each side compresses. A window of n bits is 2^n bytes. */
export interface PermessageDeflateConfig {
  /** The server starts each message with an empty window. */
  readonly serverNoContextTakeover: boolean;
  /** The client starts each message with an empty window. */
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15: the server's window when it compresses, so what the client needs to inflate. */
  readonly serverMaxWindowBits: number;
  /** 8 to 15: the client's window when it compresses, so what the server needs to inflate. */
  readonly clientMaxWindowBits: number;
}

/** What this side wants. Each option means the same side of the connection in both roles. */
export interface PermessageDeflateOptions {
  /**
   * Server: `true` never keeps its window between messages; `false` declines offers that ask for that; unset does as asked.
   * Client: `true` demands it of the server.
   */
  readonly serverNoContextTakeover?: boolean | undefined;
  /**
   * Server: `true` demands it of the client.
   * Client: `true` announces it; `false` fails the connection when the server demands it; unset does as demanded.
   */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * Server: a number (8–15) limits its own window; `false` declines offers that ask for a limit.
   * Client: a number demands that limit of the server.
   */
  readonly serverMaxWindowBits?: number | false | undefined;
  /**
   * Server: a number limits the client's window and with it the memory to inflate; offers of clients that cannot be
   * limited are declined. `false` never limits it.
   * Client: a number announces its own limit; unset announces that a limit may be set; `false` announces neither.
   */
  readonly clientMaxWindowBits?: number | false | undefined;
  /** Client: also offers, as a fallback, permessage-deflate without the demands made of the server. Default `false`. */
  readonly fallback?: boolean | undefined;
}

const MIN_WINDOW_BITS = 8;
const MAX_WINDOW_BITS = 15;

/** RFC 7692 §7.1.2: "a decimal integer value without leading zeroes between 8 to 15, inclusive". */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** The four parameters as read; `true` for `client_max_window_bits` without a value, `undefined` where absent. */
interface Parameters {
  serverNoContextTakeover?: true;
  clientNoContextTakeover?: true;
  serverMaxWindowBits?: number;
  clientMaxWindowBits?: number | true;
}

/**
 * permessage-deflate for either role (RFC 7692 §7.1). Claims RSV1.
 *
 * @throws RangeError when a window is not 8 to 15; TypeError when another option is of the wrong kind, or unknown
 */
export function permessageDeflate(
  options: PermessageDeflateOptions = {},
): Extension<PermessageDeflateConfig> {
  checkOptions(options, DEFLATE_OPTIONS);
  checkWindowBits('serverMaxWindowBits', options.serverMaxWindowBits);
  checkWindowBits('clientMaxWindowBits', options.clientMaxWindowBits);
  const offers = clientOffers(options);
  return {
    name: PERMESSAGE_DEFLATE,
    claims: { rsv1: true },
    offer: () => offers.map(formatParameters),
    accept: (offer) => acceptOffer(offer, options),
    verify: (answer) => verifyAnswer(answer, offers, options),
  };
}

function checkWindowBits(name: string, bits: number | false | undefined): void {
  if (bits === undefined || bits === false) return;
  if (!Number.isInteger(bits) || bits < MIN_WINDOW_BITS || bits > MAX_WINDOW_BITS) {
    const given = typeof bits === 'number' ? bits : kindOf(bits);
    const range = `${MIN_WINDOW_BITS} to ${MAX_WINDOW_BITS}`;
    throw new RangeError(`${name} must be a whole number from ${range}, not ${given}`);
  }
}

/**
 * Reads the parameters, or gives `undefined` where §7.1 tells the server to decline the offer and the client to fail the
 * connection: a name not defined, a value not allowed, a name twice.
 */
function readParameters(params: readonly ExtensionParameter[]): Parameters | undefined {
  const read: Parameters = {};
  for (const [name, value] of params) {
    switch (name) {
      case 'server_no_context_takeover':
        if (value !== true || read.serverNoContextTakeover !== undefined) return undefined;
        read.serverNoContextTakeover = true;
        break;
      case 'client_no_context_takeover':
        if (value !== true || read.clientNoContextTakeover !== undefined) return undefined;
        read.clientNoContextTakeover = true;
        break;
      case 'server_max_window_bits':
        if (value === true || !WINDOW_BITS.test(value) || read.serverMaxWindowBits !== undefined)
          return undefined;
        read.serverMaxWindowBits = Number(value);
        break;
      case 'client_max_window_bits':
        if ((value !== true && !WINDOW_BITS.test(value)) || read.clientMaxWindowBits !== undefined)
          return undefined;
        read.clientMaxWindowBits = value === true ? true : Number(value);
        break;
      default:
        return undefined;
    }
  }
  return read;
}

function formatParameters(parameters: Parameters): ExtensionParameter[] {
  const params: ExtensionParameter[] = [];
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
  if (parameters.serverNoContextTakeover) params.push(['server_no_context_takeover', true]);
  if (parameters.clientNoContextTakeover) params.push(['client_no_context_takeover', true]);
  if (serverMaxWindowBits !== undefined) params.push(['server_max_window_bits', String(serverMaxWindowBits)]);
  if (clientMaxWindowBits !== undefined) {
    params.push([
      'client_max_window_bits',
      clientMaxWindowBits === true ? true : String(clientMaxWindowBits),
    ]);
  }
  return params;
}

/** The server's answer to one offer, or `undefined` to decline it. */
function acceptOffer(
  params: readonly ExtensionParameter[],
  options: PermessageDeflateOptions,
): Agreement<PermessageDeflateConfig> | undefined {
  const offer = readParameters(params);
  if (offer === undefined) return undefined;
  const answer: Parameters = {};

  // §7.1.1.1: accepting an offer that asks for it means to include it; it may be included unasked.
  if (offer.serverNoContextTakeover && options.serverNoContextTakeover === false) return undefined;
  if (offer.serverNoContextTakeover || options.serverNoContextTakeover) answer.serverNoContextTakeover = true;

  // §7.1.1.2: the client's is a hint, the server's binds. Repeating the hint makes it binding.
  if (offer.clientNoContextTakeover || options.clientNoContextTakeover) answer.clientNoContextTakeover = true;

  // §7.1.2.1: accepting means to answer "the same or smaller"; a limit may also be told unasked.
  const ownLimit = options.serverMaxWindowBits;
  if (offer.serverMaxWindowBits !== undefined && ownLimit === false) return undefined;
  if (offer.serverMaxWindowBits !== undefined || typeof ownLimit === 'number') {
    answer.serverMaxWindowBits = Math.min(
      offer.serverMaxWindowBits ?? MAX_WINDOW_BITS,
      typeof ownLimit === 'number' ? ownLimit : MAX_WINDOW_BITS,
    );
  }

  // §7.1.2.2: only a client that offered the parameter may be limited by it.
  const limit = options.clientMaxWindowBits;
  if (typeof limit === 'number') {
    if (offer.clientMaxWindowBits === undefined) {
      if (limit < MAX_WINDOW_BITS) return undefined;
    } else {
      answer.clientMaxWindowBits = Math.min(
        limit,
        offer.clientMaxWindowBits === true ? MAX_WINDOW_BITS : offer.clientMaxWindowBits,
      );
    }
  }
  return { params: formatParameters(answer), config: configOf(answer, MAX_WINDOW_BITS) };
}

function configOf(answer: Parameters, clientWindow: number): PermessageDeflateConfig {
  const { serverMaxWindowBits, clientMaxWindowBits } = answer;
  return {
    serverNoContextTakeover: answer.serverNoContextTakeover === true,
    clientNoContextTakeover: answer.clientNoContextTakeover === true,
    serverMaxWindowBits: serverMaxWindowBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: typeof clientMaxWindowBits === 'number' ? clientMaxWindowBits : clientWindow,
  };
}

function clientOffers(options: PermessageDeflateOptions): Parameters[] {
  const own: Parameters = {};
  if (options.clientNoContextTakeover) own.clientNoContextTakeover = true;
  if (options.clientMaxWindowBits !== false) own.clientMaxWindowBits = options.clientMaxWindowBits ?? true;
  const demanding: Parameters = { ...own };
  if (options.serverNoContextTakeover) demanding.serverNoContextTakeover = true;
  if (typeof options.serverMaxWindowBits === 'number')
    demanding.serverMaxWindowBits = options.serverMaxWindowBits;
  const demands = demanding.serverNoContextTakeover || demanding.serverMaxWindowBits !== undefined;
  return options.fallback && demands ? [demanding, own] : [demanding];
}

/** What the server's answer means, or `undefined` when it answers none of the offers (§7.1: fail the connection). */
function verifyAnswer(
  params: readonly ExtensionParameter[],
  offers: readonly Parameters[],
  options: PermessageDeflateOptions,
): Agreement<PermessageDeflateConfig> | undefined {
  const answer = readParameters(params);
  if (answer === undefined) return undefined;
  // §7.1.2.2: in a response the parameter has a value.
  if (answer.clientMaxWindowBits === true) return undefined;
  if (answer.clientNoContextTakeover && options.clientNoContextTakeover === false) return undefined;
  if (!offers.some((offer) => answersOffer(answer, offer))) return undefined;
  const own = options.clientMaxWindowBits;
  const config = configOf(answer, typeof own === 'number' ? own : MAX_WINDOW_BITS);
  return {
    params,
    config: options.clientNoContextTakeover ? { ...config, clientNoContextTakeover: true } : config,
  };
}

function answersOffer(answer: Parameters, offer: Parameters): boolean {
  // §7.1.1.1 and §7.1.2.1: a server accepts such an offer by including the parameter, the window the same or smaller.
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) return false;
  if (offer.serverMaxWindowBits !== undefined) {
    if (answer.serverMaxWindowBits === undefined || answer.serverMaxWindowBits > offer.serverMaxWindowBits)
      return false;
  }
  // §7.1.2.2: not without having been offered, and not more than was offered.
  if (typeof answer.clientMaxWindowBits !== 'number') return true;
  if (offer.clientMaxWindowBits === undefined) return false;
  return offer.clientMaxWindowBits === true || answer.clientMaxWindowBits <= offer.clientMaxWindowBits;
}
