import { checkOptions, ORIGIN_OPTIONS } from './options.js';
import { quoted } from './violations.js';

/** What an origin check is given beside the origin. */
export interface OriginContext {
  /** The `Host` field, or `:authority`. */
  readonly host: string;
}

/** Whether a request with this origin may open a connection; `undefined` when it carries none, as non-browsers may (§4.1). */
export type OriginCheck = (origin: string | undefined, context: OriginContext) => boolean;

/** Which origins a server takes (§10.2); what is not taken is refused with 403. */
export interface OriginPolicy {
  /**
   * Origins let in: exact ones (`https://example.org`, `http://localhost:3000`), any subdomain of a domain
   * (`https://*.example.org`, which is not `https://example.org` itself), either with the scheme left out, which stands
   * for http and https, and `null` for documents without an origin.
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * Lets in the origin whose host and port are the request's own. Default `false`.
   * Looser than RFC 6454 §5: the scheme is not compared, because a server behind a TLS proxy does not know its own.
   */
  readonly sameOrigin?: boolean | undefined;
  /** Lets in requests without the field. No browser leaves it out; other clients can write what they like. Default `false`. */
  readonly missing?: boolean | undefined;
}

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
]);

/** scheme, wildcard, host, port: RFC 6454 §6.2, and the patterns of {@link OriginPolicy.origins}. */
const PATTERN = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/;
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/;
const AUTHORITY = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/;

/**
 * An origin check for the `origin` option of a server (§4.2.2, §10.2). It keeps web pages of other sites out; it does not
 * authenticate anybody, because other clients than browsers send what they like.
 *
 * @throws TypeError when an option is of the wrong kind, or an origin is no pattern
 *
 * @example
 * ```ts
 * acceptRequest(request, { origin: originPolicy({ origins: ['https://*.example.org'], sameOrigin: true }) });
 * ```
 */
export function originPolicy(policy: OriginPolicy): OriginCheck {
  checkOptions(policy, ORIGIN_OPTIONS);
  const patterns = (policy.origins ?? []).map(readPattern);
  return (origin, { host }) => {
    if (origin === undefined) return policy.missing === true;
    const text = origin.toLowerCase();
    return patterns.some((matches) => matches(text)) || (policy.sameOrigin === true && isSame(text, host));
  };
}

function readPattern(pattern: string): (origin: string) => boolean {
  const text = pattern.toLowerCase();
  if (text === 'null') return (origin) => origin === 'null';
  const parts = PATTERN.exec(text);
  if (parts === null) throw new TypeError(`${quoted(pattern)} is not an origin or a pattern of one`);
  const [, scheme, wildcard, host = '', port] = parts;
  return (origin) => {
    const [, givenScheme = '', givenHost = '', givenPort] = ORIGIN.exec(origin) ?? [];
    if (scheme === undefined ? DEFAULT_PORTS.get(givenScheme) === undefined : givenScheme !== scheme)
      return false;
    if ((port ?? DEFAULT_PORTS.get(givenScheme)) !== (givenPort ?? DEFAULT_PORTS.get(givenScheme)))
      return false;
    return wildcard === undefined
      ? givenHost === host
      : givenHost.length > host.length + 1 && givenHost.endsWith(`.${host}`);
  };
}

function isSame(origin: string, authority: string): boolean {
  const [, scheme = '', host, port] = ORIGIN.exec(origin) ?? [];
  const [, ownHost, ownPort] = AUTHORITY.exec(authority.toLowerCase()) ?? [];
  const usual = DEFAULT_PORTS.get(scheme);
  return host !== undefined && host === ownHost && (port ?? usual) === (ownPort ?? usual);
}
