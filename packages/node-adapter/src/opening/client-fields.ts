import type { ClientRequest as Handshake, WebSocketUrl } from '@x/handshake';
import type { ClientOptionsOf } from '../options/options.js';

/** Fields of the caller that a redirect to another origin must not carry along. */
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];

type Value = string | number | readonly string[] | undefined;

/** Fields by their name in lower case, each with its name as it is to be written: many servers know one spelling only. */
type Fields = Map<string, readonly [name: string, value: Value]>;

/** The fields of the caller for the requests of a client, and its credentials, as long as they lead to where these belong. */
export class ClientFields {
  readonly #fields: Fields = new Map();
  readonly #secret: readonly string[];
  #auth: string | undefined;

  constructor({ headers, auth, secretHeaders = [] }: ClientOptionsOf<never>) {
    for (const [name, value] of Object.entries<Value>(headers ?? {})) set(this.#fields, name, value);
    this.#secret = [...CREDENTIALS, ...secretHeaders.map((name) => name.toLowerCase())];
    this.#auth = auth ?? undefined;
  }

  /** The next request is for this URL; `from` is what redirects to it. */
  lead(to: WebSocketUrl, from: WebSocketUrl | undefined): void {
    if (from !== undefined) this.#forgetCredentials(from, to);
    if (fieldOf(this.#fields, 'authorization') === undefined) {
      set(this.#fields, 'Authorization', to.authorization);
    }
  }

  /**
   * Credentials meant for one origin (scheme, host and port: RFC 6454 §4) go to no other; nor do they come back on a further
   * redirect. Stricter than npm `ws`, which lets them go along from `ws:` to `wss:` on one host.
   */
  #forgetCredentials(from: WebSocketUrl, to: WebSocketUrl): void {
    // Without the port where it is that of the scheme.
    const sameHost = from.authority === to.authority && from.socketPath === to.socketPath;
    if (sameHost && from.secure === to.secure) return;
    for (const name of this.#secret) this.#fields.delete(name);
    if (!sameHost) this.#fields.delete('host');
    this.#auth = undefined;
  }

  /** What `http.request` is given, with the fields of the handshake. */
  forRequest(
    { rawHeaders }: Pick<Handshake, 'rawHeaders'>,
    protocolVersion: number | undefined,
  ): { auth: string | undefined; headers: Readonly<Record<string, Value>> } {
    const fields: Fields = new Map(this.#fields);
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? '';
      // Node writes the Host field itself; the userinfo of the URL goes through `auth`.
      if (name !== 'Host' && name !== 'Authorization') set(fields, name, rawHeaders[at + 1]);
    }
    if (protocolVersion === 8) {
      // The last draft before the RFC, which differs in these two names.
      set(fields, 'Sec-WebSocket-Version', '8');
      const origin = fieldOf(fields, 'origin');
      if (origin !== undefined) set(fields, 'Sec-WebSocket-Origin', origin);
      fields.delete('origin');
    }
    return {
      auth: fieldOf(fields, 'authorization') === undefined ? this.#auth : undefined,
      headers: Object.fromEntries([...fields.values()].filter(([, value]) => value !== undefined)),
    };
  }
}

function set(fields: Fields, name: string, value: Value): void {
  fields.set(name.toLowerCase(), [name, value]);
}

function fieldOf(fields: Fields, lower: string): Value {
  return fields.get(lower)?.[1];
}
