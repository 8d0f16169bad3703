import {
  ClientHandshake,
  createRequest,
  originPolicy,
  type PermessageDeflateOptions,
  permessageDeflate,
  ServerHandshake,
} from '@x/handshake';
import fc from 'fast-check';
import { NONCE } from './handshake.js';
import { saw } from './meter.js';
import type { Property } from './property.js';

/** Interim responses that a client passes over, as its README says. */
const MOST_INTERIM = 10;

/** Two peers that both keep the rules. */
export interface AgreeInput {
  readonly client: PermessageDeflateOptions;
  readonly server: PermessageDeflateOptions;
  readonly offered: readonly string[];
  readonly spoken: readonly string[];
  readonly piece: number;
  /** whether the server chooses the subprotocol by a function */
  readonly byFunction: boolean;
  /** what the client says of its origin, and whom the server lets in */
  readonly origin: string | undefined;
  readonly letsIn: readonly string[] | undefined;
  /** responses that come before the last (RFC 9110 §15.2) */
  readonly interim: number;
  readonly cookie: string | undefined;
}

const bits = fc.oneof(fc.constant(undefined), fc.constant(false as const), fc.integer({ min: 8, max: 15 }));

const flag = fc.constantFrom(undefined, false, true);
const options = fc.record({
  serverNoContextTakeover: flag,
  clientNoContextTakeover: flag,
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
  fallback: fc.boolean(),
});
const names = fc.subarray(['chat', 'superchat', 'mqtt', 'v1.a']);

export const handshakeAgree: Property<AgreeInput> = {
  name: 'handshake-agree',
  claim:
    'a client and a server that keep the rules agree, on one thing, and lose no byte behind the head (§4, §9.1)',
  part: 'handshake',
  arbitrary: fc.record({
    client: options,
    server: options,
    offered: names,
    spoken: names,
    piece: fc.integer({ min: 1, max: 300 }),
    byFunction: fc.boolean(),
    origin: fc.constantFrom(undefined, undefined, 'https://a.example', 'null'),
    letsIn: fc.constantFrom(undefined, undefined, ['https://a.example'], ['null'], []),
    interim: fc.oneof(fc.nat(2), fc.nat(12)),
    cookie: fc.constantFrom(undefined, 'a=b'),
  }),
  check: (input) => {
    const { client, server, offered, spoken, piece, byFunction, origin, letsIn, interim, cookie } = input;
    const headers = cookie === undefined ? {} : { Cookie: cookie };
    const request = createRequest('ws://user:pass@server.example.com:8080/chat?a=1', {
      nonce: NONCE,
      subprotocols: offered,
      extensions: [permessageDeflate(client)],
      origin,
      headers,
    });
    const upgrade = new ServerHandshake({
      subprotocols: byFunction ? (names) => spoken.find((name) => names.includes(name)) : spoken,
      extensions: [permessageDeflate(server)],
      headers: cookie === undefined ? undefined : { 'Set-Cookie': [cookie, cookie] },
      ...(letsIn === undefined ? {} : { origin: originPolicy({ origins: letsIn }) }),
    });
    const acceptance = feed(upgrade, `${request.head}\x81`, piece);
    // §4.2.2, §10.2
    if (letsIn !== undefined && !letsIn.includes(origin ?? '')) {
      if (acceptance?.ok !== false || acceptance.status !== 403)
        throw new Error(`origin ${origin} is let in`);
      saw(`handshake:${acceptance.violation}`);
      return;
    }
    if (acceptance?.ok !== true) throw new Error(`refused: ${acceptance?.message}`);
    if (!acceptance.head.includes('Set-Cookie') !== (cookie === undefined)) throw new Error('the cookie');
    const hints = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(interim);
    const answered = new ClientHandshake(request);
    const establishment = feed(answered, `${hints}${acceptance.head}\x82`, piece, interim > MOST_INTERIM);
    if (interim > MOST_INTERIM) {
      if (establishment?.ok !== false || establishment.violation !== 'too-many-interim-responses')
        throw new Error(`${interim} interim responses pass`);
      saw(`handshake:${establishment.violation}`);
      return;
    }
    // The server cannot know that this client will not have what it demands (RFC 7692 §7.1.1.2).
    const demands = server.clientNoContextTakeover === true && client.clientNoContextTakeover === false;
    if (demands && establishment?.ok === false && establishment.violation === 'extension-answer-invalid')
      return;
    if (establishment?.ok !== true) throw new Error(`failed: ${establishment?.message}`);
    const best = spoken.find((name) => offered.includes(name));
    if (acceptance.subprotocol !== best || establishment.subprotocol !== best)
      throw new Error('the wrong subprotocol');
    const [ours, ...more] = acceptance.extensions;
    const [theirs] = establishment.extensions;
    if (more.length > 0 || (ours === undefined) !== (theirs === undefined))
      throw new Error('not the same extensions');
    if (ours === undefined || theirs === undefined) return;
    const a = ours.config;
    const b = theirs.config;
    const alike =
      a.serverNoContextTakeover === b.serverNoContextTakeover &&
      a.clientNoContextTakeover === b.clientNoContextTakeover &&
      a.serverMaxWindowBits === b.serverMaxWindowBits &&
      // A client may know of itself that it uses less.
      b.clientMaxWindowBits <= a.clientMaxWindowBits;
    if (!alike) throw new Error(`${JSON.stringify(a)} here, ${JSON.stringify(b)} there`);
  },
};

/** Feeds a head and one byte behind it; what is behind the head must come out again. */
function feed<Answer>(
  handshake: { receive(chunk: Uint8Array): Answer | undefined; rest: Uint8Array },
  text: string,
  piece: number,
  refused = false,
): Answer | undefined {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += piece) {
    const answer = handshake.receive(bytes.subarray(at, at + piece));
    if (answer === undefined) continue;
    if (refused) return answer;
    const behind = bytes.length - Math.min(bytes.length, at + piece) + handshake.rest.length;
    if (behind !== 1) throw new Error(`${behind} bytes are left behind the head, not 1`);
    return answer;
  }
  return undefined;
}
