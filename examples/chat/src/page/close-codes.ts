import type { Closed } from './connection.js';

/** What each close code says, in a few words (RFC 6455 §7.4.1 and the registry of IANA that it opens). */
const CLOSE_CODES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no code received',
  1006: 'connection lost',
  1007: 'invalid payload',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension missing',
  1011: 'server error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
  1015: 'TLS handshake failed',
};

/** The meaning of `code`; of an unlisted one, at least whose it is (§7.4.2). */
export function describeCloseCode(code: number): string {
  return (
    CLOSE_CODES[code] ??
    (code >= 4000 ? 'application code' : code >= 3000 ? 'registered code' : 'unknown code')
  );
}

/** How a connection ended: what its code means, and what the peer gave for a reason, if anything. */
export function describeClosed({ code, reason }: Closed): string {
  return `${describeCloseCode(code)}${reason && `: ${reason}`}`;
}
