import { encodeBase64 } from './base64.js';
import { parseUrl } from './platform.js';

/** What a client needs of a URL to connect and to write its request (§3). */
export interface WebSocketUrl {
  /** The whole URL as normalized, with `ws:` or `wss:` for `http:` or `https:`. */
  readonly href: string;
  /** Whether the connection is made over TLS. */
  readonly secure: boolean;
  /** The name or address to connect to, an IPv6 address without brackets; empty when there is a {@link socketPath}. */
  readonly host: string;
  readonly port: number;
  /** What stands in the `Host` field: the port only where it is not the scheme's own, IPv6 in brackets (§4.1). */
  readonly authority: string;
  /** Path and query, never empty: the request target (§3). */
  readonly resourceName: string;
  /** The `Authorization` field that the userinfo stands for: RFC 7617. */
  readonly authorization: string | undefined;
  /** `ws+unix:` only: the path of the socket. */
  readonly socketPath: string | undefined;
}

const SCHEMES: { readonly [protocol: string]: { readonly protocol: string; readonly port: number } } = {
  'ws:': { protocol: 'ws:', port: 80 },
  'wss:': { protocol: 'wss:', port: 443 },
  // WHATWG: http and https stand for ws and wss.
  'http:': { protocol: 'ws:', port: 80 },
  'https:': { protocol: 'wss:', port: 443 },
  // As npm ws has it: ws+unix:/path/of/socket:/resource?query
  'ws+unix:': { protocol: 'ws+unix:', port: 0 },
};

/** Visible ASCII: what a request line may hold. */
const VISIBLE = /^[\x21-\x7e]*$/;

/**
 * Parses a `ws:`, `wss:`, `http:`, `https:` or `ws+unix:` URL by the WHATWG rules.
 *
 * @param url the text, or a `URL`
 * @param base what a relative `url` is resolved against, such as the `Location` of a redirect
 * @throws SyntaxError when it cannot be parsed, has another scheme, a fragment (§3), no host, no socket path, or a blank in its resource name
 */
export function parseWebSocketUrl(url: string | { readonly href: string }, base?: string): WebSocketUrl {
  const text = typeof url === 'string' ? url : url.href;
  const parsed = parseUrl(text, base);
  if (parsed === undefined) throw new SyntaxError(`Invalid URL: ${text}`);
  const scheme = Object.hasOwn(SCHEMES, parsed.protocol) ? SCHEMES[parsed.protocol] : undefined;
  if (scheme === undefined) {
    throw new SyntaxError('the scheme of a WebSocket URL is ws:, wss:, http:, https: or ws+unix:');
  }
  // §3: "Fragment identifiers … MUST NOT be used on these URIs"; `#` alone is one too.
  if (parsed.href.includes('#')) throw new SyntaxError('a WebSocket URL has no fragment');
  const authorization = basicCredentials(parsed.username, parsed.password);
  const target = parsed.pathname + parsed.search;

  if (scheme.protocol === 'ws+unix:') {
    const colon = target.indexOf(':');
    const socketPath = colon === -1 ? target : target.slice(0, colon);
    if (socketPath === '') throw new SyntaxError('a ws+unix: URL has the path of a socket');
    const resourceName = colon === -1 ? '/' : rooted(target.slice(colon + 1));
    // The parser of URLs leaves a path without a root as it is, and no request line may hold a blank.
    if (!VISIBLE.test(resourceName)) throw new SyntaxError('the resource name holds what no request may');
    return {
      ...{ href: parsed.href, secure: false, host: '', port: scheme.port, authority: 'localhost' },
      ...{ resourceName, authorization, socketPath },
    };
  }
  if (parsed.hostname === '') throw new SyntaxError('a WebSocket URL has a host');
  const { hostname } = parsed;
  return {
    href: scheme.protocol + parsed.href.slice(parsed.protocol.length),
    secure: scheme.protocol === 'wss:',
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: parsed.port === '' ? scheme.port : Number(parsed.port),
    authority: parsed.host,
    resourceName: rooted(target),
    authorization,
    socketPath: undefined,
  };
}

function rooted(target: string): string {
  return target.startsWith('/') ? target : `/${target}`;
}

function basicCredentials(username: string, password: string): string | undefined {
  if (username === '' && password === '') return undefined;
  const name = percentDecode(username);
  // RFC 7617 §2: "a user-id containing a colon character is invalid"; it would move the border to the password.
  if (name.includes(0x3a)) throw new SyntaxError('the user name of a WebSocket URL has no colon');
  return `Basic ${encodeBase64(Uint8Array.from([...name, 0x3a, ...percentDecode(password)]))}`;
}

/** The bytes that percent-encoded ASCII stands for; a `%` that begins no escape stands for itself, as WHATWG has it. */
function percentDecode(text: string): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text.slice(i + 1, i + 3);
    if (text.charCodeAt(i) === 0x25 && /^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else bytes.push(text.charCodeAt(i));
  }
  return bytes;
}
