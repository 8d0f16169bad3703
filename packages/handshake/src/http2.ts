import {
  applicationFields,
  type Establishment,
  type Failure,
  failureFor,
  offeredFields,
  type RequestOptions,
  type VerifyOptions,
  verifyAnswers,
} from './client.js';
import type { Extension } from './extension.js';
import {
  FIELD,
  fieldValue,
  flattenFields,
  HandshakeFields,
  type HeaderSource,
  headerPairs,
} from './fields.js';
import { isAuthority, isOwnAuthority } from './host.js';
import { resolveLimits } from './limits.js';
import { ACCEPT_OPTIONS, CONNECT_OPTIONS, checkOptions, VERIFY_OPTIONS } from './options.js';
import { type Refusal, refuseFor } from './refusal.js';
import {
  type Acceptance,
  type AcceptOptions,
  agree,
  announcesBody,
  type ReadOptions,
  readOffers,
  type UpgradeOffer,
} from './server.js';
import { equalsIgnoringCase } from './token.js';
import { parseWebSocketUrl, type WebSocketUrl } from './url.js';
import { HandshakeError, quoted } from './violations.js';

/** RFC 8441 §3: the identifier of the setting by which a server allows the extended CONNECT. */
export const SETTINGS_ENABLE_CONNECT_PROTOCOL = 0x8;

/**
 * What a client knows after one more SETTINGS frame with that setting in it: whether it may use the extended CONNECT.
 *
 * @param before what it knew; `false` in the beginning
 * @throws HandshakeError `connect-setting-value`, `connect-setting-withdrawn`: connection errors of type PROTOCOL_ERROR
 */
export function connectProtocolSetting(before: boolean, value: number): boolean {
  if (value !== 0 && value !== 1) throw new HandshakeError('connect-setting-value', String(value));
  if (before && value === 0) throw new HandshakeError('connect-setting-withdrawn');
  return value === 1;
}

/** What an extended CONNECT that keeps every rule asks for; nothing has been agreed yet. */
export interface ConnectOffer extends Omit<UpgradeOffer, 'key' | 'url'> {
  readonly scheme: 'http' | 'https';
  /** Path and query: the resource name of §3. */
  readonly path: string;
}

/** The connection is open once the fields are sent with a HEADERS frame that does not end the stream; DATA frames carry the rest. */
export interface ConnectAcceptance<Config = never>
  extends Pick<Acceptance<Config>, 'ok' | 'subprotocol' | 'extensions'> {
  readonly status: 200;
  readonly offer: ConnectOffer;
  /** All fields, `:status` first: name, value, name, value, …; names in lower case. */
  readonly rawHeaders: readonly string[];
}

/** Why the stream does not become a WebSocket, and the response that says so; `rawHeaders` as in {@link ConnectAcceptance}. */
export type ConnectRefusal = Omit<Refusal, 'head'>;

const PSEUDO_FIELDS: ReadonlySet<string> = new Set([
  ':method',
  ':protocol',
  ':scheme',
  ':path',
  ':authority',
]);

/** RFC 9113 §8.2.2, which RFC 8441 §5 repeats for Connection and Upgrade. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
]);

/** Whether the field speaks of one connection of HTTP/1.1 and has no place in HTTP/2; `TE` has one as `trailers` only. */
function isConnectionSpecific(name: string, value: string): boolean {
  const lower = name.toLowerCase();
  return CONNECTION_FIELDS.has(lower) || (lower === 'te' && !equalsIgnoringCase(value, 'trailers'));
}

/**
 * The fields of our own side with their names in lower case (RFC 9113 §8.2.1).
 *
 * @throws TypeError when one is connection-specific
 */
function toHttp2(flat: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? '';
    const value = flat[i + 1] ?? '';
    if (isConnectionSpecific(name, value)) throw new TypeError(`header ${name} has no place in HTTP/2`);
    fields.push(name.toLowerCase(), value);
  }
  return fields;
}

/** Path and query of visible ASCII, without a fragment. */
const PATH = /^\/[\x21\x22\x24-\x7e]*$/;

/**
 * Reads an extended CONNECT and checks all that RFC 8441 §4 and §5 demand, agreeing on nothing yet. `Sec-WebSocket-Key` is
 * not looked at: §5 has `:protocol` in its place. Never throws for what the peer sent.
 *
 * @param headers the fields of the HEADERS frame with their pseudo-header fields, as `node:http2` gives them
 * @throws RangeError when a limit is not a positive integer
 */
export function readConnect(headers: HeaderSource, options: ReadOptions = {}): ConnectOffer | ConnectRefusal {
  checkOptions(options, ACCEPT_OPTIONS);
  const limits = resolveLimits(options.limits);
  const flat = flattenFields(headers);
  try {
    const { scheme, path, authority: host } = readPseudoFields(flat);
    const fields = new HandshakeFields(flat);
    if (announcesBody(fields)) throw new HandshakeError('body-announced');
    const version = fields.get(FIELD.version);
    if (version === undefined) throw new HandshakeError('version-missing');
    if (fields.isRepeated(FIELD.version)) throw new HandshakeError('version-repeated');
    if (version !== '13') throw new HandshakeError('version-unsupported', quoted(version));
    if (fields.isRepeated(FIELD.origin)) throw new HandshakeError('origin-repeated');
    const offers = readOffers(fields, limits);
    if (!offers.ok) return refuseConnect(offers);
    const { subprotocols, extensions } = offers;
    return { ok: true, scheme, path, host, origin: fields.get(FIELD.origin), subprotocols, extensions };
  } catch (error) {
    if (error instanceof HandshakeError) return refuseConnect(refuseFor(error));
    throw error;
  }
}

function readPseudoFields(flat: readonly string[]): {
  scheme: 'http' | 'https';
  path: string;
  authority: string;
} {
  const pseudo = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? '';
    const value = flat[i + 1] ?? '';
    if (isConnectionSpecific(name, value)) throw new HandshakeError('connect-forbidden-field', quoted(name));
    if (!name.startsWith(':')) continue;
    if (!PSEUDO_FIELDS.has(name) || pseudo.has(name))
      throw new HandshakeError('connect-pseudo-field', quoted(name));
    pseudo.set(name, value);
  }
  const scheme = pseudo.get(':scheme');
  const path = pseudo.get(':path');
  const authority = pseudo.get(':authority');
  if (pseudo.get(':method') !== 'CONNECT') throw new HandshakeError('connect-method');
  if (pseudo.get(':protocol') !== 'websocket') throw new HandshakeError('connect-protocol');
  if (scheme !== 'http' && scheme !== 'https') throw new HandshakeError('connect-scheme');
  if (path === undefined || !PATH.test(path)) throw new HandshakeError('connect-path');
  if (authority === undefined || !isAuthority(authority)) throw new HandshakeError('connect-authority');
  return { scheme, path, authority };
}

/**
 * Agrees on subprotocol and extensions and makes the fields of the response (RFC 8441 §5).
 *
 * @throws TypeError as `acceptOffer`, and when `headers` holds a connection-specific field (RFC 9113 §8.2.2)
 */
export function acceptConnectOffer<Config = never>(
  offer: ConnectOffer,
  options: AcceptOptions<Config> = {},
): ConnectAcceptance<Config> | ConnectRefusal {
  checkOptions(options, ACCEPT_OPTIONS);
  const fields: string[] = [];
  const agreed = agree(offer, options, fields);
  if (!agreed.ok) return refuseConnect(agreed);
  const { subprotocol, extensions } = agreed;
  const rawHeaders = [':status', '200', ...toHttp2(fields)];
  return { ok: true, status: 200, offer, subprotocol, extensions, rawHeaders };
}

/**
 * The server's opening handshake over HTTP/2 in one call.
 *
 * @throws TypeError, RangeError as {@link readConnect} and {@link acceptConnectOffer}
 */
export function acceptConnect<Config = never>(
  headers: HeaderSource,
  options: AcceptOptions<Config> & ReadOptions = {},
): ConnectAcceptance<Config> | ConnectRefusal {
  const offer = readConnect(headers, options);
  return offer.ok ? acceptConnectOffer(offer, options) : offer;
}

/** What `refuse` gives, in the form of HTTP/2: `:status`, names in lower case, no connection-specific fields. */
export function refuseConnect(refusal: Refusal): ConnectRefusal {
  const { head: _head, ...rest } = refusal;
  const rawHeaders = [':status', String(refusal.status)];
  for (const [name, value] of headerPairs(refusal.rawHeaders)) {
    if (!isConnectionSpecific(name, value)) rawHeaders.push(name.toLowerCase(), value);
  }
  return { ...rest, rawHeaders };
}

/** What a client asks for with its extended CONNECT (RFC 8441 §4). */
export interface ConnectOptions<Config = never> extends Omit<RequestOptions<Config>, 'nonce'> {
  /** Whether the server's SETTINGS allow it: what {@link connectProtocolSetting} gave last. */
  readonly connectProtocol: boolean;
}

/** An extended CONNECT to send, and what its response is held against. */
export interface ConnectRequest<Config = never> {
  readonly url: WebSocketUrl;
  readonly method: 'CONNECT';
  readonly subprotocols: readonly string[];
  readonly subprotocolRequired: boolean;
  readonly extensions: readonly Extension<Config>[];
  /** All fields, the pseudo-header fields first: name, value, name, value, …; names in lower case. */
  readonly rawHeaders: readonly string[];
}

/**
 * Makes the client's extended CONNECT (RFC 8441 §4, §5).
 *
 * @throws TypeError when the server has not allowed it, or as `createRequest`
 */
export function createConnect<Config = never>(
  url: string | { readonly href: string },
  options: ConnectOptions<Config>,
): ConnectRequest<Config> {
  checkOptions(options, CONNECT_OPTIONS);
  // RFC 8441 §3: a peer that has not sent the setting would see a malformed request.
  if (!options.connectProtocol) throw new TypeError('the server has not enabled the extended CONNECT');
  const parsed = parseWebSocketUrl(url);
  const { subprotocols = [], extensions = [], host = parsed.authority } = options;
  if (!isOwnAuthority(host)) throw new TypeError(`${quoted(host)} is not host or host:port`);
  const fields = toHttp2([...offeredFields(subprotocols, extensions), ...applicationFields(options, parsed)]);
  const scheme = parsed.secure ? 'https' : 'http';
  const pseudo = [':method', 'CONNECT', ':protocol', 'websocket', ':scheme', scheme];
  pseudo.push(':path', parsed.resourceName, ':authority', host, 'sec-websocket-version', '13');
  return {
    url: parsed,
    method: 'CONNECT',
    subprotocols,
    subprotocolRequired: options.subprotocolRequired ?? false,
    extensions,
    rawHeaders: [...pseudo, ...fields],
  };
}

/**
 * Holds a response to an extended CONNECT against the request (RFC 8441 §5). There is no `Sec-WebSocket-Accept` to check;
 * any 2xx opens the tunnel (RFC 9110 §9.3.6). Never throws for what the peer sent.
 *
 * @param headers the fields of the response with `:status`, as `node:http2` gives them
 * @throws RangeError when a limit is not a positive integer
 */
export function verifyConnect<Config = never>(
  request: ConnectRequest<Config>,
  headers: HeaderSource,
  options: VerifyOptions = {},
): Establishment<Config> | Failure {
  checkOptions(options, VERIFY_OPTIONS);
  const limits = resolveLimits(options.limits);
  const flat = flattenFields(headers);
  const text = fieldValue(flat, ':status') ?? '';
  const status = /^[1-9][0-9]{2}$/.test(text) ? Number(text) : 0;
  try {
    if (status === 401) throw new HandshakeError('status-unauthorized');
    if (status >= 300 && status < 400) throw new HandshakeError('status-redirect', text);
    if (status < 200 || status > 299) throw new HandshakeError('connect-status', quoted(text));
    return {
      ok: true,
      status,
      ...verifyAnswers(request, new HandshakeFields(flat), limits),
      rawHeaders: flat,
    };
  } catch (error) {
    if (error instanceof HandshakeError) return failureFor(error, status, flat);
    throw error;
  }
}
