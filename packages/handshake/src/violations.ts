/**
 * Every rule of the opening handshake that a peer can break: the section that states it (of RFC 6455 unless it
 * names another), the HTTP status a server answers with (0 where only a client meets it), and what is said about it.
 */
export const VIOLATIONS = {
  // The head as bytes: RFC 9112 §2–§5.
  'head-too-long': {
    status: 431,
    section: 'RFC 6585 §5',
    message: 'the head is longer than the limit',
  },
  'head-too-many-fields': {
    status: 431,
    section: 'RFC 6585 §5',
    message: 'the head has more fields than the limit',
  },
  'head-bare-lf': { status: 400, section: 'RFC 9112 §2.2', message: 'a line ends in LF without CR' },
  'head-bare-cr': { status: 400, section: 'RFC 9112 §2.2', message: 'CR without LF inside a line' },
  'head-control-character': {
    status: 400,
    section: 'RFC 9110 §5.5',
    message: 'NUL or a control character in the head',
  },
  'head-line-folded': { status: 400, section: 'RFC 9112 §5.2', message: 'obsolete line folding' },
  'head-field-name': {
    status: 400,
    section: 'RFC 9112 §5.1',
    message: 'a field name is empty, not a token, or not followed by a colon',
  },
  'head-space-before-colon': {
    status: 400,
    section: 'RFC 9112 §5.1',
    message: 'whitespace between a field name and its colon',
  },
  'request-line': { status: 400, section: 'RFC 9112 §3', message: 'the request line is malformed' },
  'status-line': { status: 0, section: 'RFC 9112 §4', message: 'the status line is malformed' },
  'too-many-interim-responses': {
    status: 0,
    section: 'RFC 9110 §15.2',
    message: 'more interim responses than the limit',
  },

  // The request, as a server reads it: §4.2.1.
  'method-not-get': { status: 405, section: '4.2.1', message: 'the method is not GET' },
  'http-version': { status: 400, section: '4.2.1', message: 'the HTTP version is below 1.1' },
  'request-target': {
    status: 400,
    section: '4.2.1',
    message: 'the request target is neither a path nor an http or https URI',
  },
  'host-missing': { status: 400, section: '4.2.1', message: 'the Host field is missing' },
  'host-repeated': { status: 400, section: 'RFC 9112 §3.2', message: 'the Host field is repeated' },
  'host-malformed': {
    status: 400,
    section: 'RFC 9112 §3.2',
    message: 'the Host field is not host or host:port',
  },
  'upgrade-not-websocket': {
    status: 426,
    section: '4.2.1',
    message: 'the Upgrade field does not list "websocket"',
  },
  'connection-not-upgrade': {
    status: 400,
    section: '4.2.1',
    message: 'the Connection field does not list "Upgrade"',
  },
  'version-missing': { status: 400, section: '4.2.1', message: 'the Sec-WebSocket-Version field is missing' },
  'version-repeated': {
    status: 400,
    section: '11.3.5',
    message: 'the Sec-WebSocket-Version field is repeated',
  },
  'version-unsupported': { status: 426, section: '4.2.2', message: 'the only version understood is 13' },
  'key-missing': { status: 400, section: '4.2.1', message: 'the Sec-WebSocket-Key field is missing' },
  'key-repeated': { status: 400, section: '11.3.1', message: 'the Sec-WebSocket-Key field is repeated' },
  'key-malformed': {
    status: 400,
    section: '4.2.1',
    message: 'the Sec-WebSocket-Key field is not 16 bytes of base64',
  },
  'origin-repeated': { status: 400, section: 'RFC 6454 §7.3', message: 'the Origin field is repeated' },
  'origin-not-allowed': { status: 403, section: '4.2.2', message: 'the origin is not allowed' },
  'body-announced': { status: 400, section: 'RFC 9112 §11.2', message: 'a handshake request with a body' },
  'subprotocols-malformed': {
    status: 400,
    section: '4.3',
    message: 'the Sec-WebSocket-Protocol field is not a list of tokens',
  },
  'subprotocol-offered-twice': { status: 400, section: '4.1', message: 'a subprotocol is offered twice' },
  'extensions-malformed': {
    status: 400,
    section: '9.1',
    message: 'the Sec-WebSocket-Extensions field does not conform to its grammar',
  },
  'list-too-long': { status: 431, section: '10.4', message: 'a list field has more elements than the limit' },

  // The response, as a client reads it: §4.1.
  'status-redirect': { status: 0, section: '4.1', message: 'the server redirects' },
  'status-unauthorized': { status: 0, section: '4.1', message: 'the server demands authentication' },
  'status-not-101': { status: 0, section: '4.1', message: 'the status is not 101' },
  'response-http-version': {
    status: 0,
    section: '4.2.2',
    message: 'the HTTP version of the response is below 1.1',
  },
  'response-upgrade': {
    status: 0,
    section: '4.1',
    message: 'the Upgrade field of the response is not "websocket"',
  },
  'response-connection': {
    status: 0,
    section: '4.1',
    message: 'the Connection field of the response does not list "Upgrade"',
  },
  'accept-missing': { status: 0, section: '4.1', message: 'the Sec-WebSocket-Accept field is missing' },
  'accept-repeated': { status: 0, section: '11.3.3', message: 'the Sec-WebSocket-Accept field is repeated' },
  'accept-wrong': {
    status: 0,
    section: '4.1',
    message: 'the Sec-WebSocket-Accept field does not prove that the key was read',
  },
  'subprotocol-not-offered': {
    status: 0,
    section: '4.1',
    message: 'the server chose a subprotocol that was not offered',
  },
  'subprotocol-repeated': {
    status: 0,
    section: '11.3.4',
    message: 'the Sec-WebSocket-Protocol field of the response is repeated',
  },
  'subprotocol-missing': {
    status: 0,
    section: 'Fetch, WebSocket opening handshake',
    message: 'the server chose none of the offered subprotocols',
  },
  'extensions-repeated': {
    status: 0,
    section: '11.3.2',
    message: 'the Sec-WebSocket-Extensions field of the response is repeated',
  },
  'extension-not-offered': {
    status: 0,
    section: '4.1',
    message: 'the server uses an extension that was not offered',
  },
  'extension-answered-twice': {
    status: 0,
    section: '9.1',
    message: 'the server answers one extension twice',
  },
  'extension-answer-invalid': {
    status: 0,
    section: '9.1',
    message: 'the server answers an extension in a way the offer does not allow',
  },
  'extension-rsv-conflict': {
    status: 0,
    section: '9.1',
    message: 'two extensions of the answer claim the same RSV bit',
  },

  // HTTP/2: RFC 8441.
  'connect-method': { status: 405, section: 'RFC 8441 §4', message: 'the :method is not CONNECT' },
  'connect-protocol': { status: 501, section: 'RFC 8441 §5', message: 'the :protocol is not "websocket"' },
  'connect-scheme': {
    status: 400,
    section: 'RFC 8441 §4',
    message: 'the :scheme is missing or neither http nor https',
  },
  'connect-path': {
    status: 400,
    section: 'RFC 8441 §4',
    message: 'the :path is missing, does not begin with "/" or has a fragment',
  },
  'connect-authority': {
    status: 400,
    section: 'RFC 8441 §5',
    message: 'the :authority is missing or not host or host:port',
  },
  'connect-pseudo-field': {
    status: 400,
    section: 'RFC 9113 §8.3',
    message: 'a pseudo-header field is unknown or repeated',
  },
  'connect-forbidden-field': {
    status: 400,
    section: 'RFC 9113 §8.2.2',
    message: 'a connection-specific field',
  },
  'connect-status': { status: 0, section: 'RFC 9110 §9.3.6', message: 'the :status is not 2xx' },
  'connect-setting-value': {
    status: 0,
    section: 'RFC 8441 §3',
    message: 'SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1',
  },
  'connect-setting-withdrawn': {
    status: 0,
    section: 'RFC 8441 §3',
    message: 'SETTINGS_ENABLE_CONNECT_PROTOCOL went from 1 to 0',
  },
} as const;

/** The name of a broken rule: a key of {@link VIOLATIONS}. */
export type Violation = keyof typeof VIOLATIONS;

const MAX_QUOTED = 80;

/** Peer-supplied text as it may stand in a message or a log: short, printable ASCII, in double quotes. */
export function quoted(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text;
  return JSON.stringify(cut).replace(/[^\x20-\x7e]/g, '?');
}

/** The peer broke a rule of the opening handshake. Our own caller's mistakes are `TypeError` and `RangeError` instead. */
export class HandshakeError extends Error {
  override readonly name: string = 'HandshakeError';
  /** Which rule. */
  readonly violation: Violation;
  /** Where it is written: a section of RFC 6455 unless another document is named. */
  readonly section: string;
  /** The HTTP status that a server answers with; 0 where only a client meets this violation. */
  readonly status: number;

  /** `detail` is added to the rule's message after a colon; text of the peer goes through `quoted` first. */
  constructor(violation: Violation, detail?: string) {
    const rule = VIOLATIONS[violation];
    super(detail === undefined ? rule.message : `${rule.message}: ${detail}`);
    this.violation = violation;
    this.section = rule.section;
    this.status = rule.status;
  }
}
