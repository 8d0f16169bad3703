import { acceptValue } from './accept.js';
import { type Extension, type NegotiatedExtension, offerExtensions, verifyExtensions } from './extension.js';
import { formatExtensions, parseExtensions } from './extension-list.js';
import {
  checkOwnFields,
  FIELD,
  fieldValue,
  flattenFields,
  formatHead,
  HandshakeFields,
  type HeaderSource,
} from './fields.js';
import { isOwnAuthority } from './host.js';
import { isHttp11 } from './http-version.js';
import { encodeKey } from './key.js';
import { type HandshakeLimits, resolveLimits } from './limits.js';
import { checkOptions, REQUEST_OPTIONS, VERIFY_OPTIONS } from './options.js';
import { formatSubprotocols } from './subprotocol.js';
import { equalsIgnoringCase, listHas, trimWhitespace } from './token.js';
import { parseWebSocketUrl, type WebSocketUrl } from './url.js';
import { HandshakeError, quoted, type Violation } from './violations.js';

/** What a client asks for with its request (§4.1). */
export interface RequestOptions<Config = never> {
  /** 16 bytes from a strong random source, chosen anew for each connection (§4.1, §10.3). */
  readonly nonce: Uint8Array;
  /** Subprotocols to offer, best first. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Fails the connection when subprotocols are offered and the server chooses none, as browsers and npm ws do. Default `false` (§4.1). */
  readonly subprotocolRequired?: boolean | undefined;
  /** Extensions to offer, best first. */
  readonly extensions?: readonly Extension<Config>[] | undefined;
  /** The `Origin` field; browsers send one, others may (§4.1). */
  readonly origin?: string | undefined;
  /** The `Host` field, where it is not the URL's. */
  readonly host?: string | undefined;
  /** Further fields: `Cookie`, `Authorization` (which goes before the URL's userinfo), `User-Agent` … */
  readonly headers?: HeaderSource | undefined;
}

/** A request to send, and what its response is held against. */
export interface ClientRequest<Config = never> {
  readonly url: WebSocketUrl;
  readonly method: 'GET';
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly subprotocolRequired: boolean;
  readonly extensions: readonly Extension<Config>[];
  /** All fields: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  /** Request line, fields, empty line: one character a byte (write it as latin1). */
  readonly head: string;
}

/** A response head: Node's `IncomingMessage`, a web `Response`, what {@link ResponseHeadParser} gives, or made by hand. */
export interface UpgradeResponse {
  /** Node's name for the status. */
  readonly statusCode?: number | undefined;
  /** The web's name for the status. */
  readonly status?: number | undefined;
  readonly httpVersion?: string | undefined;
  readonly rawHeaders?: readonly string[] | undefined;
  readonly headers?: HeaderSource | undefined;
}

/** What a client goes by when it reads the response (§4.1). */
export interface VerifyOptions {
  readonly limits?: Partial<HandshakeLimits> | undefined;
}

/** The connection is open: every byte after the response's head is a frame. */
export interface Establishment<Config = never> {
  readonly ok: true;
  readonly status: number;
  readonly subprotocol: string | undefined;
  /** In the order of the response. */
  readonly extensions: readonly NegotiatedExtension<Config>[];
  /** All fields of the response: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
}

/** The connection failed (§7.1.7): the client closes it, and may look at status and fields to follow a redirect or to authenticate. */
export interface Failure {
  readonly ok: false;
  readonly status: number;
  readonly violation: Violation;
  /** Of RFC 6455 unless another document is named. */
  readonly section: string;
  readonly message: string;
  /** All fields of the response: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  /** The `Location` field of a redirect, not resolved. */
  readonly location: string | undefined;
}

/** What the extra fields of a request may not be: the handshake's own, and those that announce a body. */
const RESERVED_IN_REQUEST: ReadonlySet<string> = new Set([
  'host',
  'upgrade',
  'connection',
  'sec-websocket-key',
  'sec-websocket-accept',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'content-length',
  'transfer-encoding',
]);

/**
 * Makes the client's request (§4.1).
 *
 * @throws SyntaxError for a bad URL; RangeError when the nonce is not 16 bytes; TypeError when it is no Uint8Array, when
 *   another option is of the wrong kind, when a subprotocol is no token or stands twice, when an extension is named twice, when a field may not be sent, or when there
 *   are two Origins
 */
export function createRequest<Config = never>(
  url: string | { readonly href: string },
  options: RequestOptions<Config>,
): ClientRequest<Config> {
  checkOptions(options, REQUEST_OPTIONS);
  const parsed = parseWebSocketUrl(url);
  const key = encodeKey(options.nonce);
  const { subprotocols = [], extensions = [], host = parsed.authority } = options;
  if (!isOwnAuthority(host)) throw new TypeError(`${quoted(host)} is not host or host:port`);
  const flat = ['Host', host, 'Upgrade', 'websocket', 'Connection', 'Upgrade'];
  flat.push('Sec-WebSocket-Key', key, 'Sec-WebSocket-Version', '13');
  flat.push(...offeredFields(subprotocols, extensions), ...applicationFields(options, parsed));
  return {
    url: parsed,
    method: 'GET',
    key,
    subprotocols,
    subprotocolRequired: options.subprotocolRequired ?? false,
    extensions,
    rawHeaders: flat,
    head: formatHead(`GET ${parsed.resourceName} HTTP/1.1`, flat),
  };
}

/** The fields that carry the offers; the same over HTTP/1.1 and HTTP/2. */
export function offeredFields(
  subprotocols: readonly string[],
  extensions: readonly Extension<unknown>[],
): string[] {
  const names = new Set(extensions.map((extension) => extension.name));
  if (names.size !== extensions.length) throw new TypeError('an extension stands twice');
  const flat: string[] = [];
  if (subprotocols.length > 0) flat.push('Sec-WebSocket-Protocol', formatSubprotocols(subprotocols));
  if (extensions.length > 0)
    flat.push('Sec-WebSocket-Extensions', formatExtensions(offerExtensions(extensions)));
  return flat;
}

/** `Origin`, `Authorization` and the caller's own; the same over HTTP/1.1 and HTTP/2. */
export function applicationFields(
  options: Pick<RequestOptions<unknown>, 'origin' | 'headers'>,
  url: WebSocketUrl,
): string[] {
  const flat: string[] = options.origin === undefined ? [] : ['Origin', options.origin];
  flat.push(...flattenFields(options.headers));
  if (url.authorization !== undefined && fieldValue(flat, 'authorization') === undefined)
    flat.push('Authorization', url.authorization);
  checkOwnFields(flat, RESERVED_IN_REQUEST);
  // RFC 6454 §7.3: a request has one Origin at most, whether it is the option's or the caller's own field.
  if (new HandshakeFields(flat).isRepeated(FIELD.origin)) throw new TypeError('the Origin stands twice');
  return flat;
}

/**
 * Holds a response against the request (§4.1). Never throws for what the peer sent.
 *
 * @throws RangeError when a limit is not a positive integer
 *
 * @example
 * ```ts
 * const request = createRequest('ws://example.com/chat', { nonce: crypto.getRandomValues(new Uint8Array(16)) });
 * socket.write(request.head, 'latin1');
 * // later, with a parsed response head:
 * const result = verifyResponse(request, response);
 * if (!result.ok) throw new Error(result.message);
 * ```
 */
export function verifyResponse<Config = never>(
  request: ClientRequest<Config>,
  response: UpgradeResponse,
  options: VerifyOptions = {},
): Establishment<Config> | Failure {
  checkOptions(options, VERIFY_OPTIONS);
  const limits = resolveLimits(options.limits);
  const flat = flattenFields(response.rawHeaders ?? response.headers);
  const status = response.statusCode ?? response.status ?? 0;
  try {
    const fields = new HandshakeFields(flat);
    verifySwitch(request, status, response.httpVersion, fields);
    return { ok: true, status, ...verifyAnswers(request, fields, limits), rawHeaders: flat };
  } catch (error) {
    if (error instanceof HandshakeError) return failureFor(error, status, flat);
    throw error;
  }
}

/** A violation as the result of a handshake. */
export function failureFor(error: HandshakeError, status: number, flat: readonly string[]): Failure {
  const { violation, section, message } = error;
  const location = fieldValue(flat, 'location');
  return { ok: false, status, violation, section, message, rawHeaders: flat, location };
}

function verifySwitch(
  request: ClientRequest<unknown>,
  status: number,
  httpVersion: string | undefined,
  fields: HandshakeFields,
): void {
  if (status === 401) throw new HandshakeError('status-unauthorized');
  if (status >= 300 && status < 400) throw new HandshakeError('status-redirect', String(status));
  if (status !== 101) throw new HandshakeError('status-not-101', String(status));
  if (httpVersion !== undefined && !isHttp11(httpVersion)) throw new HandshakeError('response-http-version');
  if (!equalsIgnoringCase(fields.get(FIELD.upgrade) ?? '', 'websocket'))
    throw new HandshakeError('response-upgrade');
  if (!listHas(fields.get(FIELD.connection) ?? '', 'upgrade'))
    throw new HandshakeError('response-connection');
  const accept = fields.get(FIELD.accept);
  if (accept === undefined) throw new HandshakeError('accept-missing');
  if (fields.isRepeated(FIELD.accept)) throw new HandshakeError('accept-repeated');
  // §4.1: "ignoring any leading and trailing whitespace".
  if (trimWhitespace(accept) !== acceptValue(request.key)) throw new HandshakeError('accept-wrong');
}

/** Checks what the server chose of the offers; the same over HTTP/1.1 and HTTP/2. */
export function verifyAnswers<Config>(
  request: Pick<ClientRequest<Config>, 'subprotocols' | 'subprotocolRequired' | 'extensions'>,
  fields: HandshakeFields,
  limits: HandshakeLimits,
): Pick<Establishment<Config>, 'subprotocol' | 'extensions'> {
  const subprotocol = fields.get(FIELD.protocol);
  if (fields.isRepeated(FIELD.protocol)) throw new HandshakeError('subprotocol-repeated');
  if (subprotocol !== undefined && !request.subprotocols.includes(subprotocol)) {
    throw new HandshakeError('subprotocol-not-offered', quoted(subprotocol));
  }
  if (subprotocol === undefined && request.subprotocolRequired && request.subprotocols.length > 0) {
    throw new HandshakeError('subprotocol-missing');
  }
  const answers = fields.get(FIELD.extensions);
  if (fields.isRepeated(FIELD.extensions)) throw new HandshakeError('extensions-repeated');
  const extensions =
    answers === undefined
      ? []
      : verifyExtensions(parseExtensions(answers, limits.listElements), request.extensions);
  return { subprotocol, extensions };
}
