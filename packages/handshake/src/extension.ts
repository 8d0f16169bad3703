import { type ExtensionElement, type ExtensionParameter, formatExtensions } from './extension-list.js';
import { HandshakeError, quoted, type Violation } from './violations.js';

/** Which reserved bits of a frame an extension gives a meaning to (§5.2, §9.2). */
export interface RsvClaims {
  readonly rsv1?: boolean;
  readonly rsv2?: boolean;
  readonly rsv3?: boolean;
}

/** What one side found acceptable: the parameters as they stand in the response, and what they mean to the codec. */
export interface Agreement<Config> {
  readonly params: readonly ExtensionParameter[];
  readonly config: Config;
}

/**
 * An extension as the handshake sees it (§9.1). `Config` is what the negotiation ends in and the codec begins with.
 * Values are immutable and may serve any number of handshakes.
 *
 * @example
 * ```ts
 * const reverse: Extension<{ reversed: true }> = {
 *   name: 'x-reverse',
 *   claims: { rsv2: true },
 *   offer: () => [[]],
 *   accept: (params) => (params.length === 0 ? { params: [], config: { reversed: true } } : undefined),
 *   verify: (params) => (params.length === 0 ? { params: [], config: { reversed: true } } : undefined),
 * };
 * ```
 */
export interface Extension<Config> {
  /** A token, compared case-sensitively, as registered with IANA or agreed between the parties. */
  readonly name: string;
  readonly claims: RsvClaims;
  /** Client: the offers, best first; each is one element of the header, the later ones are fallbacks. */
  offer(): readonly (readonly ExtensionParameter[])[];
  /** Server: the agreement on one offer, or `undefined` to decline it; the next offer may still suit. Must not throw. */
  accept(offer: readonly ExtensionParameter[]): Agreement<Config> | undefined;
  /** Client: what the server's answer means, or `undefined` when no offer allows it, which fails the connection. Must not throw. */
  verify(answer: readonly ExtensionParameter[]): Agreement<Config> | undefined;
}

/** An extension in use, in the order of the response: data passes the first one first when sent (§9.1). */
export interface NegotiatedExtension<Config> extends Agreement<Config> {
  readonly name: string;
  readonly claims: RsvClaims;
}

/** Whether two extensions give a meaning to the same bit; §9.1 leaves only one of them in use. */
function claimsConflict(a: RsvClaims, b: RsvClaims): boolean {
  return (
    (a.rsv1 === true && b.rsv1 === true) ||
    (a.rsv2 === true && b.rsv2 === true) ||
    (a.rsv3 === true && b.rsv3 === true)
  );
}

/**
 * The server's side of §9.1: walks the offers in the client's order of preference, takes for each extension the first
 * offer it accepts, and passes over unknown names and those whose RSV bits are already claimed.
 */
export function negotiateExtensions<Config>(
  offers: readonly ExtensionElement[],
  extensions: readonly Extension<Config>[],
): NegotiatedExtension<Config>[] {
  const negotiated: NegotiatedExtension<Config>[] = [];
  for (const { name, params } of offers) {
    const extension = extensions.find((candidate) => candidate.name === name);
    if (extension === undefined) continue;
    const { claims } = extension;
    if (negotiated.some((other) => other.name === name || claimsConflict(other.claims, claims))) continue;
    const agreement = extension.accept(params);
    if (agreement !== undefined) {
      negotiated.push({ name, claims, params: agreement.params, config: agreement.config });
    }
  }
  return negotiated;
}

/** The client's offers, one element for each fallback of each extension (§9.1). */
export function offerExtensions(extensions: readonly Extension<unknown>[]): ExtensionElement[] {
  return extensions.flatMap((extension) =>
    extension.offer().map((params) => ({ name: extension.name, params })),
  );
}

/**
 * The client's side of §9.1: every element of the answer must be an extension that was offered, once, in a way it allows.
 *
 * @throws HandshakeError `extension-not-offered`, `extension-answered-twice`, `extension-answer-invalid`, `extension-rsv-conflict`
 */
export function verifyExtensions<Config>(
  answers: readonly ExtensionElement[],
  extensions: readonly Extension<Config>[],
): NegotiatedExtension<Config>[] {
  const negotiated: NegotiatedExtension<Config>[] = [];
  for (const answer of answers) {
    const fail = (violation: Violation) => new HandshakeError(violation, quoted(formatExtensions([answer])));
    const extension = extensions.find((candidate) => candidate.name === answer.name);
    if (extension === undefined) throw fail('extension-not-offered');
    const { name, claims } = extension;
    if (negotiated.some((other) => other.name === name)) throw fail('extension-answered-twice');
    if (negotiated.some((other) => claimsConflict(other.claims, claims)))
      throw fail('extension-rsv-conflict');
    const agreement = extension.verify(answer.params);
    if (agreement === undefined) throw fail('extension-answer-invalid');
    negotiated.push({ name, claims, params: agreement.params, config: agreement.config });
  }
  return negotiated;
}
