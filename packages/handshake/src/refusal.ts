import { checkOwnFields, fieldValue, flattenFields, formatHead, type HeaderSource } from './fields.js';
import { HandshakeError, type Violation } from './violations.js';

/** Why a server does not open the connection, and the HTTP response that says so. */
export interface Refusal {
  readonly ok: false;
  readonly status: number;
  /** The rule that the request broke; `undefined` when the application refused for a reason of its own. */
  readonly violation: Violation | undefined;
  /** Its section, of RFC 6455 unless another document is named; `undefined` as above. */
  readonly section: string | undefined;
  /** Why, in words; also the body. */
  readonly message: string;
  /** All fields of the response: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  /** Status line and fields, to the empty line: one character a byte (write it as latin1). */
  readonly head: string;
  /** The body, likewise one character a byte. */
  readonly body: string;
}

const REASONS: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** §4.4: "all versions the server understands". RFC 9110 §15.5.22: a 426 names the protocol in Upgrade. */
const UPGRADE_REQUIRED = ['Sec-WebSocket-Version', '13', 'Upgrade', 'websocket'];

/** Fields that a violation's answer must carry. */
const FIELDS: { readonly [violation in Violation]?: readonly string[] } = {
  // RFC 9110 §15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
  'method-not-get': ['Allow', 'GET'],
  'connect-method': ['Allow', 'CONNECT'],
  'upgrade-not-websocket': UPGRADE_REQUIRED,
  'version-unsupported': UPGRADE_REQUIRED,
  'version-missing': ['Sec-WebSocket-Version', '13'],
};

const RESERVED = new Set(['connection', 'content-length', 'content-type', 'transfer-encoding']);

/** The refusal of a request that broke a rule. */
export function refuseFor(error: HandshakeError): Refusal {
  const { violation, section, message } = error;
  const status = error.status === 0 ? 400 : error.status;
  return refusal(status, violation, section, message, FIELDS[violation] ?? []);
}

/** The refusal of a request that broke the named rule. */
export function refuseViolation(violation: Violation, detail?: string): Refusal {
  return refuseFor(new HandshakeError(violation, detail));
}

/**
 * A refusal for the application's own reasons: 401, 404, 503 …
 *
 * @param message becomes the body, in UTF-8; the reason phrase of the status when left out
 * @throws RangeError when the status is not 300 to 599; TypeError when a field may not be sent
 */
export function refuse(status: number, message?: string, headers?: HeaderSource): Refusal {
  if (!Number.isInteger(status) || status < 300 || status > 599)
    throw new RangeError('status is not 300 to 599');
  const fields = flattenFields(headers);
  checkOwnFields(fields, RESERVED);
  return refusal(status, undefined, undefined, message ?? REASONS[status] ?? 'Refused', fields);
}

function refusal(
  status: number,
  violation: Violation | undefined,
  section: string | undefined,
  message: string,
  fields: readonly string[],
): Refusal {
  const body = toUtf8(message);
  // RFC 9110 §7.8: whoever sends Upgrade names it in Connection.
  const connection = fieldValue(fields, 'upgrade') === undefined ? 'close' : 'Upgrade, close';
  const flat = ['Connection', connection, 'Content-Type', 'text/plain; charset=utf-8'];
  flat.push('Content-Length', String(body.length), ...fields);
  return {
    ok: false,
    status,
    violation,
    section,
    message,
    rawHeaders: flat,
    head: formatHead(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}`, flat),
    body,
  };
}

/** The UTF-8 form of a text, one character a byte, so that head and body leave in one latin1 write. */
function toUtf8(text: string): string {
  let bytes = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) bytes += char;
    else if (code < 0x800) bytes += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code >= 0xd800 && code < 0xe000) bytes += '\xef\xbf\xbd';
    else if (code < 0x10000) {
      bytes += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    } else {
      bytes += String.fromCharCode(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      bytes += String.fromCharCode(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return bytes;
}
