import { type IncomingMessage, type OutgoingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal, UpgradeRequest, Violation } from '@x/handshake';

/** What npm `ws` says of a request that is no good; for the others what the handshake says. */
const MESSAGES: { readonly [violation in Violation]?: string } = {
  'method-not-get': 'Invalid HTTP method',
  'upgrade-not-websocket': 'Invalid Upgrade header',
  'key-missing': 'Missing or invalid Sec-WebSocket-Key header',
  'key-malformed': 'Missing or invalid Sec-WebSocket-Key header',
  'version-missing': 'Missing or invalid Sec-WebSocket-Version header',
  'version-unsupported': 'Missing or invalid Sec-WebSocket-Version header',
  'subprotocols-malformed': 'Invalid Sec-WebSocket-Protocol header',
  'subprotocol-offered-twice': 'Invalid Sec-WebSocket-Protocol header',
  'extensions-malformed': 'Invalid or unacceptable Sec-WebSocket-Extensions header',
};

/** What is wrong with a request, in the words of npm `ws` where it has some. */
export function messageOf({ violation, message }: Refusal): string {
  return (violation === undefined ? undefined : MESSAGES[violation]) ?? message;
}

/** The fields of a refusal, without those that speak of its body. */
export function fieldsOf({ rawHeaders }: Refusal): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!/^content-/i.test(name)) fields[name] = rawHeaders[at + 1];
  }
  return fields;
}

/**
 * Writes an answer that is no 101, and closes the stream.
 *
 * @throws {TypeError} when a field holds a line break; the stream is dropped then
 */
export function writeRefusal(
  socket: Duplex,
  status: number,
  message: string = STATUS_CODES[status] ?? 'Refused',
  headers: OutgoingHttpHeaders = {},
): void {
  const fields: OutgoingHttpHeaders = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(message),
    ...headers,
  };
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value]) lines.push(`${name}: ${each}`);
  }
  try {
    checkLines(lines);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`);
}

/**
 * Lines of the head of an answer.
 *
 * @throws {TypeError} when a line holds a line break, which would make two of it
 */
export function checkLines(lines: readonly string[]): void {
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new TypeError('a header line must not hold CR, LF or NUL');
  }
}

/** The version of the last draft before the RFC, which differs in the name of one field. */
export function isDraft8({ headers }: IncomingMessage): boolean {
  return headers['sec-websocket-version'] === '8';
}

/** A request of the last draft, as the RFC has it. */
export function translateDraft8({ method, url, httpVersion, rawHeaders }: IncomingMessage): UpgradeRequest {
  const translated = [...rawHeaders];
  for (let at = 0; at + 1 < translated.length; at += 2) {
    const name = translated[at]?.toLowerCase();
    if (name === 'sec-websocket-version') translated[at + 1] = '13';
    else if (name === 'sec-websocket-origin') translated[at] = 'Origin';
  }
  return { method, url, httpVersion, rawHeaders: translated };
}
