import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal, UpgradeRequest, Violation } from '@x/handshake';
import { clearTimeout, setTimeout } from './clock.js';
import { DEFAULTS } from './options.js';
import type { Verified } from './server-options.js';
import { isAttached } from './transport.js';

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
 * Writes an answer that is no 101, and closes the stream: as soon as it is written, and when that takes too long. Where
 * an answer was written before, that one stays.
 *
 * @throws {TypeError} when a field holds a line break; the stream is dropped then
 */
export function writeRefusal(
  socket: Duplex,
  status: number,
  message: string = STATUS_CODES[status] ?? 'Refused',
  headers: OutgoingHttpHeaders = {},
  timeout: number = DEFAULTS.closeTimeout,
): void {
  if (socket.destroyed) return;
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
  const destroy = (): unknown => socket.destroy();
  const timer = setTimeout(destroy, timeout);
  socket.once('close', () => clearTimeout(timer));
  if (socket.writableFinished) destroy();
  else socket.once('finish', destroy);
  if (!socket.writableEnded) socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`);
}

/** How a server answers those that it does not let in, or not yet. */
export class Refusals {
  readonly #timeout: number | undefined;
  /** Refuses those whose `verifyClient` has not answered. */
  readonly #waiting: Set<() => void> = new Set();

  /** @param timeout how long an answer may take to be written, in milliseconds */
  constructor(timeout: number | undefined) {
    this.#timeout = timeout;
  }

  /** See {@link writeRefusal}. */
  refuse(socket: Duplex, status: number, message?: string, headers?: OutgoingHttpHeaders): void {
    writeRefusal(socket, status, message, headers, this.#timeout);
  }

  /** Runs hooks of the application: what they throw surfaces, and leaves no client without an answer. */
  run(socket: Duplex, hooks: () => void): void {
    try {
      hooks();
    } catch (error) {
      if (!isAttached(socket)) this.refuse(socket, 500);
      throw error;
    }
  }

  /** What `verifyClient` is given for one client: only its first answer counts, and none when the client has gone. */
  verified(socket: Duplex, answer: Verified): Verified {
    const refuse = (): void => this.refuse(socket, 503);
    const forget = (): boolean => this.#waiting.delete(refuse);
    this.#waiting.add(refuse);
    socket.once('close', forget);
    return (...values) => {
      if (!forget()) return;
      socket.off('close', forget);
      // Behind a hook that threw there is an answer.
      if (!socket.writableEnded) this.run(socket, () => answer(...values));
    };
  }

  /** Nobody waits any longer: RFC 9110 §15.6.4. */
  refuseWaiting(): void {
    for (const refuse of this.#waiting) refuse();
    this.#waiting.clear();
  }
}

/** A plain request where only WebSocket is spoken: RFC 9110 §15.5.22. */
export function answerUpgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  const body = STATUS_CODES[426] ?? '';
  response.writeHead(426, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Content-Type': 'text/plain',
    'Content-Length': body.length,
  });
  response.end(body);
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
