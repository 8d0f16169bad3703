import { acceptValueOf, type Sha1 } from './accept.js';
import { type Extension, type NegotiatedExtension, negotiateExtensions } from './extension.js';
import { type ExtensionElement, formatExtensions, parseExtensions } from './extension-list.js';
import {
  checkOwnFields,
  FIELD,
  flattenFields,
  formatHead,
  HandshakeFields,
  type HeaderSource,
} from './fields.js';
import { isAuthority } from './host.js';
import { isHttp11 } from './http-version.js';
import { isKey } from './key.js';
import { type HandshakeLimits, resolveLimits } from './limits.js';
import { ACCEPT_OPTIONS, checkOptions, isObject } from './options.js';
import type { OriginCheck } from './origin.js';
import { type Refusal, refuseFor, refuseViolation } from './refusal.js';
import { chooseSubprotocol, parseSubprotocols, type SubprotocolChoice } from './subprotocol.js';
import { listHas } from './token.js';
import { HandshakeError, quoted } from './violations.js';

/**
 * A request head as servers have it: Node's `IncomingMessage`, a web `Request`, what {@link RequestHeadParser} gives, or
 * an object made by hand. `rawHeaders` goes before `headers`: it alone shows what was repeated.
 */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  /** The request target: a path with its query, or an absolute URL. Not checked where a runtime does not tell it. */
  readonly url?: string | undefined;
  /** `1.1`, as Node writes it. Not checked where a runtime does not tell it, as with a web `Request`. */
  readonly httpVersion?: string | undefined;
  readonly rawHeaders?: readonly string[] | undefined;
  readonly headers?: HeaderSource | undefined;
}

/** What a request that keeps every rule asks for; nothing has been agreed yet. */
export interface UpgradeOffer {
  readonly ok: true;
  readonly key: string;
  /** The `Host` field. */
  readonly host: string;
  /** The request target as received, without a fragment. */
  readonly url: string | undefined;
  /** The `Origin` field; browsers always send one, others may (§4.1). */
  readonly origin: string | undefined;
  /** In the client's order of preference, each once. */
  readonly subprotocols: readonly string[];
  /** In the client's order of preference; one name may stand several times. */
  readonly extensions: readonly ExtensionElement[];
}

/** What a server agrees to, and adds to its answer (§4.2.2). */
export interface AcceptOptions<Config = never> {
  /** The server's subprotocols, best first, or a function that chooses one of the offered. None is used when none fits. */
  readonly subprotocols?: SubprotocolChoice | undefined;
  /** The extensions that may be used; offers of others are passed over. */
  readonly extensions?: readonly Extension<Config>[] | undefined;
  /** Refuses with 403 where it says `false` (§4.2.2, §10.2). Unset: every origin is let in. */
  readonly origin?: OriginCheck | undefined;
  /** Further fields of the response: cookies and the like. */
  readonly headers?: HeaderSource | undefined;
  /**
   * The runtime's own SHA-1 of an ASCII text, as base64. Unset: `@noble/hashes`, on every runtime. On Node
   * `(text) => crypto.hash('sha1', text, 'base64')` saves a quarter of an upgrade.
   */
  readonly sha1?: Sha1 | undefined;
}

/** What a server goes by when it reads a request (§4.2.1). */
export interface ReadOptions {
  readonly limits?: Partial<HandshakeLimits> | undefined;
}

/** The connection is open once {@link Acceptance.head} is written: every byte after the request's head is a frame. */
export interface Acceptance<Config = never> {
  readonly ok: true;
  readonly status: 101;
  readonly offer: UpgradeOffer;
  readonly subprotocol: string | undefined;
  /** In the order of the response. */
  readonly extensions: readonly NegotiatedExtension<Config>[];
  /** All fields of the response: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  /** Status line, fields, empty line: one character a byte (write it as latin1). */
  readonly head: string;
}

/**
 * A path, or an absolute http or https URI, of visible ASCII (§4.2.1).
 * Looser than §3: it may have a fragment, which some clients send; nothing of it is read.
 */
const TARGET = /^(?:\/|https?:\/\/[^/?#\s])[\x21-\x7e]*$/i;

/** nginx, in the versions of many years, speaks HTTP/1.0 to the server behind it unless it is told otherwise. */
const PROXY_ADVICE = 'behind nginx, set "proxy_http_version 1.1"';

/** How every 101 begins: the first six texts of its `rawHeaders`, but for the accept value. */
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ';

/** What the extra fields of a 101 may not be: the handshake's own, and those that announce a body (RFC 9110 §8.6, RFC 9112 §6.1). */
const RESERVED: ReadonlySet<string> = new Set([
  'upgrade',
  'connection',
  'sec-websocket-accept',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'sec-websocket-version',
  'sec-websocket-key',
  'content-length',
  'transfer-encoding',
]);

/**
 * Reads a request and checks all that §4.2.1 demands, agreeing on nothing yet: for servers that ask somebody else
 * (a session store, a user's hook) before they go on with {@link acceptOffer}. Never throws for what the peer sent.
 *
 * @throws TypeError, RangeError when a limit is unknown, or not a positive integer
 */
export function readRequest(request: UpgradeRequest, options: ReadOptions = {}): UpgradeOffer | Refusal {
  checkOptions(options, ACCEPT_OPTIONS);
  const limits = resolveLimits(options.limits);
  if (request.method !== 'GET') return refuseViolation('method-not-get');
  const { httpVersion } = request;
  if (httpVersion !== undefined && !isHttp11(httpVersion)) {
    return refuseViolation('http-version', httpVersion === '1.0' ? PROXY_ADVICE : undefined);
  }
  if (request.url !== undefined && !TARGET.test(request.url)) return refuseViolation('request-target');
  const url = request.url?.split('#', 1)[0];

  const fields = new HandshakeFields(flattenFields(request.rawHeaders ?? request.headers));
  const host = fields.get(FIELD.host);
  if (host === undefined) return refuseViolation('host-missing');
  if (fields.isRepeated(FIELD.host)) return refuseViolation('host-repeated');
  if (!isAuthority(host)) return refuseViolation('host-malformed', quoted(host));
  if (!listHas(fields.get(FIELD.upgrade) ?? '', 'websocket')) return refuseViolation('upgrade-not-websocket');
  if (!listHas(fields.get(FIELD.connection) ?? '', 'upgrade'))
    return refuseViolation('connection-not-upgrade');
  if (announcesBody(fields)) return refuseViolation('body-announced');

  const version = fields.get(FIELD.version);
  if (version === undefined) return refuseViolation('version-missing');
  if (fields.isRepeated(FIELD.version)) return refuseViolation('version-repeated');
  if (version !== '13') return refuseViolation('version-unsupported', quoted(version));

  const key = fields.get(FIELD.key);
  if (key === undefined) return refuseViolation('key-missing');
  if (fields.isRepeated(FIELD.key)) return refuseViolation('key-repeated');
  if (!isKey(key)) return refuseViolation('key-malformed');
  if (fields.isRepeated(FIELD.origin)) return refuseViolation('origin-repeated');

  const offers = readOffers(fields, limits);
  if (!offers.ok) return offers;
  const origin = fields.get(FIELD.origin);
  const { subprotocols, extensions } = offers;
  return { ok: true, key, host, url, origin, subprotocols, extensions };
}

/** The lists of a request: §4.3, §9.1. The same over HTTP/1.1 and HTTP/2. */
export function readOffers(
  fields: HandshakeFields,
  limits: HandshakeLimits,
): Pick<UpgradeOffer, 'ok' | 'subprotocols' | 'extensions'> | Refusal {
  const protocol = fields.get(FIELD.protocol);
  // Looser than §9.1: an empty field is no offer, as some proxies leave one behind.
  const extensions = fields.get(FIELD.extensions) || undefined;
  try {
    return {
      ok: true,
      subprotocols: protocol === undefined ? [] : parseSubprotocols(protocol, limits.listElements),
      extensions: extensions === undefined ? [] : parseExtensions(extensions, limits.listElements),
    };
  } catch (error) {
    if (error instanceof HandshakeError) return refuseFor(error);
    throw error;
  }
}

/**
 * Stricter than §4.2.1: a handshake with a body is refused. Its bytes would be read as frames here and as a body by a
 * proxy in front, which is how requests are smuggled.
 */
export function announcesBody(fields: HandshakeFields): boolean {
  const length = fields.get(FIELD.contentLength);
  return fields.get(FIELD.transferEncoding) !== undefined || (length !== undefined && length !== '0');
}

/** What the two sides use. */
interface Agreed<Config> {
  readonly ok: true;
  readonly subprotocol: string | undefined;
  readonly extensions: readonly NegotiatedExtension<Config>[];
}

/**
 * The part of §4.2.2 that HTTP/1.1 and HTTP/2 share: the origin is let in or not, subprotocol and extensions are chosen.
 * Appends the fields that say so, and the caller's own, to `rawHeaders`.
 */
export function agree<Config>(
  offer: Pick<UpgradeOffer, 'host' | 'origin' | 'subprotocols' | 'extensions'>,
  options: AcceptOptions<Config>,
  rawHeaders: string[],
): Agreed<Config> | Refusal {
  const own = flattenFields(options.headers);
  checkOwnFields(own, RESERVED);
  const refusal = options.origin && checkOrigin(offer, options.origin);
  if (refusal !== undefined) return refusal;
  const subprotocol = chooseSubprotocol(offer.subprotocols, options.subprotocols);
  if (subprotocol !== undefined) rawHeaders.push('Sec-WebSocket-Protocol', subprotocol);
  const extensions = negotiateExtensions(offer.extensions, options.extensions ?? []);
  if (extensions.length > 0) rawHeaders.push('Sec-WebSocket-Extensions', formatExtensions(extensions));
  for (const text of own) rawHeaders.push(text);
  return { ok: true, subprotocol, extensions };
}

/**
 * The refusal of an origin that `check` does not let in (§10.2): for servers that ask before they ask somebody else, as a
 * session store or a user's hook may act on the cookies that a foreign page has the browser send along.
 *
 * @throws TypeError when `check` gives a promise
 */
export function checkOrigin(
  { origin, host }: Pick<UpgradeOffer, 'origin' | 'host'>,
  check: OriginCheck,
): Refusal | undefined {
  if (isYes(check(origin, { host }))) return undefined;
  return refuseViolation('origin-not-allowed', origin === undefined ? 'none was sent' : quoted(origin));
}

/** A promise, as an async check gives one, would be taken for yes. */
function isYes(answer: unknown): boolean {
  if (isObject(answer)) throw new TypeError('the origin check must answer at once, with a boolean');
  return Boolean(answer);
}

/**
 * Agrees on subprotocol and extensions and makes the response (§4.2.2).
 *
 * @param offer as {@link readRequest} gave it, unchanged: nothing of it is checked again
 * @throws TypeError when an option is of the wrong kind, when `headers` holds what may not be sent, `subprotocols` chooses what
 *   was not offered, or `origin` gives a promise
 */
export function acceptOffer<Config = never>(
  offer: UpgradeOffer,
  options: AcceptOptions<Config> = {},
): Acceptance<Config> | Refusal {
  checkOptions(options, ACCEPT_OPTIONS);
  const accept = acceptValueOf(offer.key, options.sha1);
  const rawHeaders = ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', accept];
  const agreed = agree(offer, options, rawHeaders);
  if (!agreed.ok) return agreed;
  const { subprotocol, extensions } = agreed;
  const head = formatHead(SWITCHING + accept, rawHeaders, 6);
  return { ok: true, status: 101, offer, subprotocol, extensions, rawHeaders, head };
}

/**
 * The server's opening handshake in one call: a request in, the 101 or a refusal out. Never throws for what the peer sent.
 *
 * @throws TypeError, RangeError for mistakes in the options, as {@link readRequest} and {@link acceptOffer}
 *
 * @example
 * ```ts
 * server.on('upgrade', (request, socket) => {
 *   const answer = acceptRequest(request, { extensions: [permessageDeflate()] });
 *   if (answer.ok) socket.write(answer.head, 'latin1');
 *   else socket.end(answer.head + answer.body, 'latin1');
 * });
 * ```
 */
export function acceptRequest<Config = never>(
  request: UpgradeRequest,
  options: AcceptOptions<Config> & ReadOptions = {},
): Acceptance<Config> | Refusal {
  const offer = readRequest(request, options);
  return offer.ok ? acceptOffer(offer, options) : offer;
}
