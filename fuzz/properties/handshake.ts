import {
  acceptRequest,
  ClientHandshake,
  type ClientRequest,
  createRequest,
  formatExtensions,
  HandshakeError,
  type PermessageDeflateConfig,
  type PermessageDeflateOptions,
  parseExtensions,
  permessageDeflate,
  RequestHeadParser,
  ResponseHeadParser,
  ServerHandshake,
  type UpgradeRequest,
  verifyResponse,
} from '@x/handshake';
import fc from 'fast-check';
import { extensionHeaders, headBytes, KEY, requests, responses } from '../arbitraries/handshake.js';
import { chunksOf } from '../arbitraries/stream.js';
import {
  type ModelRequest,
  type ModelResponse,
  readExtensions,
  requestFaults,
  responseFaults,
} from '../models/handshake.js';
import { readHead } from '../models/head.js';
import { saw } from './meter.js';
import type { Property } from './property.js';

export const NONCE: Buffer = Buffer.from(KEY, 'base64');

/**
 * The fields in one of the shapes they come in, another for each: Node's `rawHeaders`, pairs, and a list a name. An
 * object tells no order of fields with different names, which does not matter here, nor names apart by their case.
 */
function shaped(fields: ModelRequest['fields']): Pick<UpgradeRequest, 'rawHeaders' | 'headers'> {
  const length = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (length % 3 === 0) return { rawHeaders: fields.flat() };
  if (length % 3 === 1) return { headers: { [Symbol.iterator]: () => fields.values() } };
  const object: Record<string, string[]> = Object.create(null);
  for (const [name, value] of fields) object[name] = [...(object[name] ?? []), value];
  const single = Object.entries(object).map(([name, values]) => [
    name,
    values.length > 1 ? values : values[0],
  ]);
  return { headers: Object.fromEntries(single) };
}

function named(violation: string | undefined, faults: Set<string>): void {
  if (violation === undefined) {
    if (faults.size > 0) throw new Error(`taken, though it breaks ${[...faults].join(', ')}`);
    return;
  }
  saw(`handshake:${violation}`);
  if (!faults.has(violation))
    throw new Error(`refused for ${violation}, and the model says ${[...faults].join(', ') || 'nothing'}`);
}

/** §4.2.2, RFC 9110 §15: the statuses of refusals, written down a second time. */
const STATUSES: Readonly<Record<string, number>> = {
  'method-not-get': 405,
  'upgrade-not-websocket': 426,
  'version-unsupported': 426,
  'origin-not-allowed': 403,
  'list-too-long': 431,
};

export const requestModel: Property<ModelRequest> = {
  name: 'request-model',
  claim:
    'a server takes exactly the requests that break no rule, and names a rule that the others break (§4.2.1)',
  part: 'handshake',
  arbitrary: requests,
  check: (request) => {
    const { method, target, version, fields } = request;
    const result = acceptRequest(
      { method, url: target, httpVersion: version, ...shaped(fields) },
      { extensions: [permessageDeflate()], subprotocols: ['chat', 'mqtt'] },
    );
    const faults = requestFaults(request);
    named(result.ok ? undefined : (result.violation ?? 'unnamed'), faults);
    if (!result.ok && result.status !== (STATUSES[result.violation ?? ''] ?? 400))
      throw new Error(`${result.violation} is answered with ${result.status}`);
  },
};

/** A response, and what it answers. */
export interface ResponseInput {
  readonly response: ModelResponse;
  readonly offer: number;
}

interface Offer {
  readonly options: PermessageDeflateOptions | undefined;
  readonly subprotocols: readonly string[];
  readonly subprotocolRequired: boolean;
  readonly params: Map<string, string | true>;
}

/** What clients may ask for, and the parameters that it comes to (RFC 7692 §7.1). */
const OFFERS: readonly Offer[] = [
  {
    options: {},
    subprotocols: ['chat', 'v1.a'],
    subprotocolRequired: false,
    params: new Map([['client_max_window_bits', true]]),
  },
  { options: undefined, subprotocols: [], subprotocolRequired: true, params: new Map() },
  {
    options: { serverNoContextTakeover: true, serverMaxWindowBits: 10, clientMaxWindowBits: 12 },
    subprotocols: ['chat'],
    subprotocolRequired: true,
    params: new Map<string, string | true>([
      ['server_no_context_takeover', true],
      ['server_max_window_bits', '10'],
      ['client_max_window_bits', '12'],
    ]),
  },
  {
    options: { clientNoContextTakeover: false, clientMaxWindowBits: false },
    subprotocols: [],
    subprotocolRequired: false,
    params: new Map(),
  },
  {
    options: { clientNoContextTakeover: true },
    subprotocols: [],
    subprotocolRequired: false,
    params: new Map<string, string | true>([
      ['client_no_context_takeover', true],
      ['client_max_window_bits', true],
    ]),
  },
];

const REQUESTS: readonly ClientRequest<PermessageDeflateConfig>[] = OFFERS.map(
  ({ options, subprotocols, subprotocolRequired }) =>
    createRequest<PermessageDeflateConfig>('ws://server.example.com/', {
      nonce: NONCE,
      subprotocols,
      subprotocolRequired,
      extensions: options === undefined ? [] : [permessageDeflate(options)],
    }),
);

export const responseModel: Property<ResponseInput> = {
  name: 'response-model',
  claim:
    'a client takes exactly the responses that break no rule, and names a rule that the others break (§4.1)',
  part: 'handshake',
  arbitrary: fc.record({ response: responses, offer: fc.nat(OFFERS.length - 1) }),
  check: ({ response, offer: index }) => {
    const { status, version, fields } = response;
    const offer = OFFERS[index];
    const request = REQUESTS[index];
    if (offer === undefined || request === undefined) return;
    const { options, subprotocols, subprotocolRequired, params } = offer;
    // The web calls the status by another name.
    const named101 = index % 2 === 0 ? { statusCode: status } : { status };
    const result = verifyResponse(request, { ...named101, httpVersion: version, ...shaped(fields) });
    const mayLoseContext = options?.clientNoContextTakeover !== false;
    const deflate = options === undefined ? undefined : { params, mayLoseContext };
    const faults = responseFaults(response, { key: KEY, subprotocols, subprotocolRequired, deflate });
    named(result.ok ? undefined : result.violation, faults);
  },
};

export const extensionHeader: Property<string> = {
  name: 'extension-header',
  claim:
    'a list of extensions is read as a plain splitter reads it, and what is formatted is read again (§9.1)',
  part: 'handshake',
  arbitrary: extensionHeaders,
  check: (text) => {
    const model = readExtensions([text]);
    let parsed: ReturnType<typeof parseExtensions>;
    try {
      parsed = parseExtensions(text);
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      const faults = new Set<string>();
      if (model.extensions === undefined) faults.add('extensions-malformed');
      if (model.tooLong) faults.add('list-too-long');
      named(error.violation, faults);
      return;
    }
    const wanted = JSON.stringify(model.extensions);
    if (model.tooLong || JSON.stringify(parsed) !== wanted)
      throw new Error(`${JSON.stringify(parsed)}, and not ${wanted}`);
    const again = parseExtensions(formatExtensions(parsed));
    if (JSON.stringify(again) !== wanted)
      throw new Error(`formatted and read again: ${JSON.stringify(again)}`);
  },
};

/** The bytes of a head, with faults, in pieces. */
export interface HeadInput {
  readonly kind: 'request' | 'response';
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly cuts: readonly number[];
  readonly headLength: number;
  readonly fieldCount: number;
}

const spoils = fc.array(
  fc.tuple(fc.nat(4000), fc.constantFrom(0, 9, 10, 13, 32, 58, 0x7f, 0x80, 0xff, 65), fc.boolean()),
  { maxLength: 3 },
);

const headInput: fc.Arbitrary<HeadInput> = fc
  .record({
    kind: fc.constantFrom('request' as const, 'response' as const),
    request: requests,
    response: responses,
    spoilt: spoils,
    reason: fc.constantFrom(' Switching Protocols', '', ' ', ' é'),
    cuts: fc.oneof(
      fc.array(fc.nat(400), { maxLength: 6 }),
      fc.constant(Array.from({ length: 400 }, (_, at) => at)),
    ),
    headLength: fc.oneof(
      { weight: 3, arbitrary: fc.constant(16_384) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }) },
    ),
    fieldCount: fc.oneof(
      { weight: 3, arbitrary: fc.constant(100) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
    ),
  })
  .map(({ kind, request, response, spoilt, reason, cuts, headLength, fieldCount }) => {
    const bytes =
      kind === 'request'
        ? headBytes(`${request.method} ${request.target} HTTP/${request.version}`, request.fields, 'rest')
        : headBytes(`HTTP/${response.version} ${response.status}${reason}`, response.fields, 'rest');
    let spoiled = [...bytes];
    for (const [place, byte, insert] of spoilt) spoiled.splice(place % spoiled.length, insert ? 0 : 1, byte);
    spoiled = spoiled.slice(0, 6000);
    return {
      kind,
      bytes: Uint8Array.from(spoiled),
      cuts: cuts.filter((cut) => cut < spoiled.length).sort((a, b) => a - b),
      headLength,
      fieldCount,
    };
  });

export const handshakeAnySplit: Property<HeadInput> = {
  name: 'handshake-any-split',
  claim:
    'a head is read as a slow model reads it, however it is cut, and nothing but typed errors comes out (RFC 9112 §2–§5)',
  part: 'handshake',
  arbitrary: headInput,
  check: ({ kind, bytes, cuts, headLength, fieldCount }) => {
    const limits = { headLength, fieldCount };
    const parser = kind === 'request' ? new RequestHeadParser(limits) : new ResponseHeadParser(limits);
    const model = readHead(bytes, kind, headLength, fieldCount);
    const wanted = JSON.stringify(model);
    checkAnswer(kind, chunksOf({ bytes, cuts }), limits, model);
    let seen = 0;
    try {
      for (const chunk of chunksOf({ bytes, cuts })) {
        const parsed = parser.push(chunk);
        seen += chunk.length;
        if (parsed === undefined) continue;
        const { head, rest } = parsed;
        const start =
          'method' in head
            ? [head.method, head.url, head.httpVersion]
            : [head.httpVersion, String(head.statusCode), head.statusMessage];
        const got = JSON.stringify({ start, fields: head.rawHeaders, length: seen - rest.length });
        if (got !== wanted) throw new Error(`read ${got}, and not ${wanted}`);
        return;
      }
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      saw(`handshake:${error.violation}`);
      const got = JSON.stringify({ violation: error.violation });
      if (got !== wanted) throw new Error(`refused for ${got}, and not ${wanted}`);
      checkStuck(parser, error);
      return;
    }
    if (model !== undefined) throw new Error(`nothing yet, and not ${wanted}`);
  },
};

/** What is refused once stays so. */
function checkStuck(parser: RequestHeadParser | ResponseHeadParser, before: HandshakeError): void {
  try {
    parser.push(new Uint8Array(1));
  } catch (error) {
    if (error !== before) throw error;
    return;
  }
  throw new Error('a head that was refused goes on');
}

/** The whole handshake answers as its parser reads: nothing is thrown, and a broken head is a refusal. */
function checkAnswer(
  kind: HeadInput['kind'],
  chunks: readonly Uint8Array[],
  limits: { readonly headLength: number; readonly fieldCount: number },
  model: ReturnType<typeof readHead>,
): void {
  const [request] = REQUESTS;
  if (request === undefined) return;
  const handshake =
    kind === 'request' ? new ServerHandshake({ limits }) : new ClientHandshake(request, limits);
  for (const chunk of chunks) {
    const answer = handshake.receive(chunk);
    if (answer === undefined) continue;
    const broken = model !== undefined && 'violation' in model ? model.violation : undefined;
    if (broken !== undefined && (answer.ok || answer.violation !== broken))
      throw new Error(`answered ${answer.ok ? 'with success' : answer.violation} to ${broken}`);
    if (model === undefined) throw new Error('answered before the head has ended');
    return;
  }
  if (model !== undefined) throw new Error('a head that has ended is not answered');
}
