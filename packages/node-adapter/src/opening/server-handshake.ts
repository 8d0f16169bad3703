import { IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal, UpgradeRequest, Violation } from '@x/handshake';
import { DEFAULTS } from '../options/options.js';
import { clearTimeout, setTimeout } from '../runtime/clock.js';

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

/** All that is understood (§4.4): the last draft before the RFC is, too. */
const VERSIONS = '13, 8';

/** What is wrong with a request, in the words of npm `ws` where it has some. */
export function messageOf({ violation, message }: Refusal): string {
  return (violation === undefined ? undefined : MESSAGES[violation]) ?? message;
}

/** The fields of a refusal, without those that speak of its body. */
export function fieldsOf({ rawHeaders }: Refusal): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (/^sec-websocket-version$/i.test(name)) fields[name] = VERSIONS;
    else if (!/^content-/i.test(name)) fields[name] = rawHeaders[at + 1];
  }
  return fields;
}

/**
 * Writes an answer that is no 101, and closes the stream: as soon as it is written, and when that takes too long. Where
 * an answer was written before, that one stays.
 *
 * @throws {RangeError} when the status is none of an answer that ends the request (RFC 9110 §15)
 * @throws {TypeError} when a field holds what none may; nothing is written then
 */
export function writeRefusal(
  socket: Duplex,
  status: number,
  message?: string,
  headers?: OutgoingHttpHeaders,
  timeout: number = DEFAULTS.closeTimeout,
): void {
  if (socket.destroyed) return;
  if (!(status >= 200 && status <= 599 && Number.isInteger(Number(status)))) {
    throw new RangeError(`the status of a refusal is 200 to 599, not ${status}`);
  }
  const body = Buffer.from(String(message || STATUS_CODES[status] || 'Refused'));
  const own = linesOf(headers ?? {});
  const names = new Set(own.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()));
  const lines = linesOf({
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
  }).filter((line) => !names.has(line.slice(0, line.indexOf(':')).toLowerCase()));
  const all = [`HTTP/1.1 ${Number(status)} ${STATUS_CODES[status] ?? ''}`, ...lines, ...own];
  checkLines(all);
  const destroy = (): unknown => socket.destroy();
  const timer = setTimeout(destroy, timeout);
  socket.once('close', () => clearTimeout(timer));
  if (socket.writableFinished) destroy();
  else socket.once('finish', destroy);
  if (!socket.writableEnded) {
    socket.end(Buffer.concat([Buffer.from(`${all.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
  }
}

function linesOf(fields: OutgoingHttpHeaders): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) lines.push(`${name}: ${each}`);
    }
  }
  return lines;
}

/** How a server answers those that it does not let in. */
export class Refusals {
  readonly #timeout: number | undefined;

  /** @param timeout how long an answer may take to be written, in milliseconds */
  constructor(timeout: number | undefined) {
    this.#timeout = timeout;
  }

  /** See {@link writeRefusal}. */
  refuse(socket: Duplex, status: number, message?: string, headers?: OutgoingHttpHeaders): void {
    writeRefusal(socket, status, message, headers, this.#timeout);
  }
}

/** A plain request where only WebSocket is spoken: RFC 9110 §15.5.22. */
export function answerUpgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  const body = STATUS_CODES[426] ?? '';
  response.writeHead(426, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': VERSIONS,
    'Content-Type': 'text/plain',
    'Content-Length': body.length,
  });
  response.end(body);
}

/** A field as one line: RFC 9112 §5, of one character a byte (RFC 9110 §5.5). */
const FIELD_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The head of an answer: the status line, and the lines of the fields.
 *
 * @throws {TypeError} when a line is no field, as with a control character, which may make two lines of it, or one above
 *   U+00FF, of which one byte would be left on the wire
 */
export function checkLines([status, ...fields]: readonly string[]): void {
  if (typeof status !== 'string' || !/^HTTP\/1\.1 \d{3} [\x20-\x7e]*$/.test(status)) {
    throw new TypeError('the head of an answer begins with its status line');
  }
  for (const line of fields) {
    if (typeof line !== 'string' || !FIELD_LINE.test(line)) {
      throw new TypeError(`not a header line of one byte a character: ${JSON.stringify(line)}`);
    }
  }
}

/** The version of the last draft before the RFC, which differs in the name of one field. */
function isDraft8({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return String(headers?.['sec-websocket-version']) === '8';
}

/**
 * A request as the handshake reads it. One of the last draft is told as the RFC has it; in one that the application made
 * by hand, as to open a stream in memory, values may be numbers, and nobody has to say which host it is.
 */
export function readable(request: IncomingMessage): UpgradeRequest {
  const byHand = !(request instanceof IncomingMessage);
  if (!byHand && !isDraft8(request)) return request;
  const { method, url, httpVersion } = request;
  const rawHeaders = byHand ? fieldsByHand(request) : [...request.rawHeaders];
  if (isDraft8(request)) {
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = rawHeaders[at]?.toLowerCase();
      if (name === 'sec-websocket-version') rawHeaders[at + 1] = '13';
      else if (name === 'sec-websocket-origin') rawHeaders[at] = 'Origin';
    }
  }
  return { method, url, httpVersion, rawHeaders };
}

function fieldsByHand({ rawHeaders, headers }: Partial<IncomingMessage>): string[] {
  const fields = [...(rawHeaders ?? [])];
  if (fields.length === 0) {
    for (const [name, value] of Object.entries(headers ?? {})) {
      if (value !== undefined) fields.push(name, String(value));
    }
  }
  const names = fields.filter((_text, at) => at % 2 === 0);
  if (!names.some((name) => name.toLowerCase() === 'host')) fields.push('Host', 'localhost');
  return fields;
}
