import {
  type Agreement,
  acceptRequest,
  ClientHandshake,
  createRequest,
  type Extension,
  type ExtensionElement,
  formatExtensions,
  type RsvClaims,
} from '@x/handshake';
import fc from 'fast-check';
import { ACCEPT } from '../arbitraries/handshake.js';
import { NONCE } from './handshake.js';
import { saw } from './meter.js';
import type { Property } from './property.js';

/** An extension of a test: what it claims, and which value of its one parameter each side takes. */
export interface Claimant {
  readonly name: string;
  /** bit 0 stands for RSV1 */
  readonly claims: number;
  readonly takes: string;
}

/** What a client offers, what a server has, and what a server that may not keep the rules answers. */
export interface ExtensionsInput {
  readonly offered: readonly Claimant[];
  readonly spoken: readonly Claimant[];
  readonly answers: readonly { readonly name: string; readonly value: string }[];
}

const name = fc.constantFrom('x-a', 'x-b', 'x-c');
const value = fc.constantFrom('1', '2');
const claimants: fc.Arbitrary<Claimant[]> = fc.uniqueArray(
  fc.record({ name, claims: fc.constantFrom(0, 1, 2, 4, 3), takes: value }),
  { selector: (each) => each.name },
);

function claimsOf(bits: number): RsvClaims {
  return { rsv1: (bits & 1) !== 0, rsv2: (bits & 2) !== 0, rsv3: (bits & 4) !== 0 };
}

function extensionOf({ name: own, claims, takes }: Claimant): Extension<string> {
  const take = (params: ExtensionElement['params']): Agreement<string> | undefined =>
    params.length === 1 && params[0]?.[0] === 'v' && params[0][1] === takes
      ? { params, config: own }
      : undefined;
  // The second offer is a fallback.
  const offer = (): ExtensionElement['params'][] => [[['v', takes]], [['v', takes === '1' ? '2' : '1']]];
  return { name: own, claims: claimsOf(claims), offer, accept: take, verify: take };
}

/** §9.1: which of the offers a server takes. */
function taken(offers: readonly [name: string, value: string][], spoken: readonly Claimant[]): string[] {
  const names: string[] = [];
  let bits = 0;
  for (const [each, offer] of offers) {
    const own = spoken.find((other) => other.name === each);
    if (own === undefined || names.includes(each) || (own.claims & bits) !== 0 || own.takes !== offer)
      continue;
    names.push(each);
    bits |= own.claims;
  }
  return names;
}

/** §9.1: every rule that the answers break. */
function faultsOf({ offered, answers }: ExtensionsInput): Set<string> {
  const faults = new Set<string>();
  const seen: Claimant[] = [];
  for (const { name: each, value: answer } of answers) {
    const own = offered.find((other) => other.name === each);
    if (own === undefined) faults.add('extension-not-offered');
    else {
      if (seen.includes(own)) faults.add('extension-answered-twice');
      if (seen.some((other) => other !== own && (other.claims & own.claims) !== 0))
        faults.add('extension-rsv-conflict');
      if (own.takes !== answer) faults.add('extension-answer-invalid');
      seen.push(own);
    }
  }
  return faults;
}

export const extensionsAgree: Property<ExtensionsInput> = {
  name: 'extensions-agree',
  claim:
    'of many extensions those are used that both sides have and whose bits are free, in the order offered (§9.1)',
  part: 'handshake',
  arbitrary: fc.record({
    offered: claimants,
    spoken: claimants,
    answers: fc.array(fc.record({ name, value }), { maxLength: 3 }),
  }),
  check: (input) => {
    const { offered, spoken, answers } = input;
    const request = createRequest('ws://server.example.com/', {
      nonce: NONCE,
      extensions: offered.map(extensionOf),
    });
    const acceptance = acceptRequest(
      { method: 'GET', rawHeaders: request.rawHeaders },
      { extensions: spoken.map(extensionOf) },
    );
    if (!acceptance.ok) throw new Error(`refused: ${acceptance.message}`);
    const offers = offered.flatMap(({ name: own, takes }): [string, string][] => [
      [own, takes],
      [own, takes === '1' ? '2' : '1'],
    ]);
    const used = acceptance.extensions.map((each) => each.name).join();
    if (used !== taken(offers, spoken).join())
      throw new Error(`${used} are used, not ${taken(offers, spoken)}`);
    const lines = answers.map(({ name: own, value: answer }) => ({
      name: own,
      params: [['v', answer]] as const,
    }));
    const field = answers.length === 0 ? '' : `Sec-WebSocket-Extensions: ${formatExtensions(lines)}\r\n`;
    const head = `HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`;
    const result = new ClientHandshake(request).receive(Buffer.from(`${head}${field}\r\n`));
    const faults = faultsOf(input);
    if (result === undefined || result.ok !== (faults.size === 0))
      throw new Error(`ok is ${result?.ok}, and it breaks ${[...faults].join(', ') || 'nothing'}`);
    if (result.ok) return;
    saw(`handshake:${result.violation}`);
    if (!faults.has(result.violation))
      throw new Error(`${result.violation}, and not ${[...faults].join(', ')}`);
  },
};
