import {
  acceptConnect,
  connectProtocolSetting,
  createConnect,
  HandshakeError,
  headerPairs,
  originPolicy,
  parseWebSocketUrl,
  permessageDeflate,
  refuse,
  verifyConnect,
} from '@x/handshake';
import fc from 'fast-check';
import { extensionHeaders } from '../arbitraries/handshake.js';
import { type Fields, readExtensions, trim } from '../models/handshake.js';
import { saw } from './meter.js';
import type { Property } from './property.js';

/** The fields of an extended CONNECT, in the shape they come in. */
export interface ConnectInput {
  readonly fields: Fields;
  readonly shape: 'flat' | 'pairs' | 'object';
}

const SOUND: Fields = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':path', '/chat?a=1'],
  [':authority', 'a:443'],
  ['sec-websocket-version', '13'],
];

const oddField: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(fc.constant(':method'), fc.constantFrom('GET', 'CONNECT')),
  fc.tuple(fc.constant(':protocol'), fc.constantFrom('websocket', 'WebSocket', 'h3')),
  fc.tuple(fc.constant(':scheme'), fc.constantFrom('http', 'wss', '')),
  fc.tuple(fc.constant(':path'), fc.constantFrom('/', 'chat', '/#', '/é', '')),
  fc.tuple(fc.constant(':authority'), fc.constantFrom('a', 'a,b', '', '[::1]:8')),
  fc.tuple(fc.constantFrom(':status', ':other'), fc.constant('200')),
  fc.tuple(
    fc.constantFrom('connection', 'Upgrade', 'keep-alive', 'transfer-encoding', 'te'),
    fc.constantFrom('trailers', 'x'),
  ),
  fc.tuple(fc.constant('sec-websocket-version'), fc.constantFrom('13', '8')),
  fc.tuple(fc.constant('origin'), fc.constantFrom('https://a', 'https://a', 'https://b', 'null')),
  fc.tuple(fc.constant('content-length'), fc.constantFrom('0', '4')),
  fc.tuple(fc.constant('sec-websocket-protocol'), fc.constantFrom('chat', 'chat, chat', '', 'mqtt')),
  fc.tuple(fc.constant('sec-websocket-extensions'), extensionHeaders),
);

const connectInput: fc.Arbitrary<ConnectInput> = fc
  .record({
    odd: fc.array(fc.tuple(oddField, fc.boolean(), fc.boolean()), { maxLength: 3 }),
    shape: fc.constantFrom('flat' as const, 'pairs' as const, 'object' as const),
  })
  .map(({ odd, shape }) => {
    let fields = [...SOUND];
    for (const [field, replaces, removes] of odd) {
      if (replaces || removes) fields = fields.filter(([name]) => name !== field[0]);
      // Both is neither: it comes twice.
      if (replaces && removes) fields.push(field, field);
      else if (!removes) fields.push(field);
    }
    return { fields, shape };
  });

/** Every rule of RFC 8441 §4, §5 and RFC 9113 §8 that the fields break. */
function connectFaults(fields: Fields): Set<string> {
  const faults = new Set<string>();
  const need = (holds: boolean, fault: string): void => {
    if (!holds) faults.add(fault);
  };
  const all = (name: string): string[] =>
    fields.filter(([other]) => other === name).map(([, value]) => value);
  const pseudo = fields.map(([name]) => name).filter((name) => name.startsWith(':'));
  const known = [':method', ':protocol', ':scheme', ':path', ':authority'];
  need(
    pseudo.every((name) => known.includes(name)) && new Set(pseudo).size === pseudo.length,
    'connect-pseudo-field',
  );
  const forbidden = ['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'transfer-encoding'];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    need(!forbidden.includes(lower) && (lower !== 'te' || value === 'trailers'), 'connect-forbidden-field');
  }
  need(all(':method')[0] === 'CONNECT', 'connect-method');
  need(all(':protocol')[0] === 'websocket', 'connect-protocol');
  need(['http', 'https'].includes(all(':scheme')[0] ?? ''), 'connect-scheme');
  need(/^\/[!-"$-~]*$/.test(all(':path')[0] ?? ''), 'connect-path');
  need(/^(\[[0-9a-f:]+\]|[a-z]+)(:[0-9]+)?$/.test(all(':authority')[0] ?? ''), 'connect-authority');
  const lengths = all('content-length');
  need(lengths.length === 0 || lengths.join() === '0', 'body-announced');
  const versions = all('sec-websocket-version');
  need(versions.length > 0, 'version-missing');
  need(versions.length < 2, 'version-repeated');
  need(versions.length !== 1 || versions[0] === '13', 'version-unsupported');
  const origins = all('origin');
  need(origins.length < 2, 'origin-repeated');
  need(origins[0] === undefined || origins[0] === 'https://a', 'origin-not-allowed');
  const protocols = all('sec-websocket-protocol');
  if (protocols.length > 0) {
    const names = protocols.flatMap((value) => value.split(', ')).filter((name) => name !== '');
    need(names.length > 0, 'subprotocols-malformed');
    need(new Set(names).size === names.length, 'subprotocol-offered-twice');
  }
  const extensions = all('sec-websocket-extensions');
  // An empty field offers none.
  if (extensions.map(trim).join() !== '') {
    const { extensions: read, tooLong } = readExtensions(extensions);
    need(read !== undefined, 'extensions-malformed');
    need(!tooLong, 'list-too-long');
  }
  return faults;
}

const origin = originPolicy({ origins: ['https://a'], missing: true });

/** An object has no repeated fields but as lists. */
function inShape({ fields, shape }: ConnectInput): Parameters<typeof acceptConnect>[0] {
  if (shape === 'flat') return fields.flat();
  if (shape === 'pairs') return fields;
  const object: Record<string, string[]> = {};
  for (const [name, value] of fields) object[name] = [...(object[name] ?? []), value];
  return object;
}

export const connectModel: Property<ConnectInput> = {
  name: 'connect-model',
  claim:
    'over HTTP/2 exactly the requests are taken that break no rule, in any shape of their fields (RFC 8441 §4, §5)',
  part: 'handshake',
  arbitrary: connectInput,
  check: (input) => {
    const result = acceptConnect(inShape(input), {
      origin,
      subprotocols: ['chat'],
      extensions: [permessageDeflate()],
    });
    const faults = connectFaults(input.fields);
    for (const name of headerPairs(result.rawHeaders).map(([each]) => each)) {
      if (name !== name.toLowerCase() || name === 'connection' || name === 'upgrade')
        throw new Error(`a field ${name}`);
    }
    if (result.ok) {
      if (faults.size > 0) throw new Error(`taken, though it breaks ${[...faults].join(', ')}`);
      return;
    }
    saw(`handshake:${result.violation}`);
    if (!faults.has(result.violation ?? ''))
      throw new Error(
        `refused for ${result.violation}, and the model says ${[...faults].join(', ') || 'nothing'}`,
      );
  },
};

/** What a client asks over HTTP/2, and how the answer is spoilt. */
export interface ConnectAgreeInput {
  readonly subprotocols: readonly string[];
  readonly spoken: readonly string[];
  readonly compress: boolean;
  readonly status: number;
  readonly settings: readonly number[];
}

export const connectAgree: Property<ConnectAgreeInput> = {
  name: 'connect-agree',
  claim: 'over HTTP/2 both sides agree on the same, and a client fails what is no answer (RFC 8441 §3, §5)',
  part: 'handshake',
  arbitrary: fc.record({
    subprotocols: fc.subarray(['chat', 'mqtt', 'v1']),
    spoken: fc.subarray(['chat', 'mqtt', 'v1']),
    compress: fc.boolean(),
    status: fc.constantFrom(200, 200, 200, 101, 404, 301, 401, 299),
    settings: fc.array(fc.constantFrom(0, 1, 1, 2), { maxLength: 4 }),
  }),
  check: ({ subprotocols, spoken, compress, status, settings }) => {
    checkSettings(settings);
    const extensions = compress ? [permessageDeflate()] : [];
    const scheme = spoken.length % 2 === 0 ? 'wss' : 'ws';
    const request = createConnect(`${scheme}://user:pass@server.example.com/chat?a=1`, {
      connectProtocol: true,
      subprotocols,
      extensions,
    });
    const answer = acceptConnect(request.rawHeaders, {
      subprotocols: spoken,
      extensions: [permessageDeflate()],
    });
    if (!answer.ok) throw new Error(`refused: ${answer.message}`);
    const fields = [':status', String(status), ...answer.rawHeaders.slice(2)];
    const result =
      spoken.length % 2 === 0
        ? verifyConnect(request, fields)
        : verifyConnect(request, { ...Object.fromEntries(headerPairs(fields)), ':status': status });
    if (result.ok !== (status >= 200 && status < 300))
      throw new Error(`status ${status}: ok is ${result.ok}`);
    if (!result.ok) {
      saw(`handshake:${result.violation}`);
      return;
    }
    const best = spoken.find((name) => subprotocols.includes(name));
    if (result.subprotocol !== best || answer.subprotocol !== best) throw new Error('the wrong subprotocol');
    if (result.extensions.length !== (compress ? 1 : 0)) throw new Error('the wrong extensions');
  },
};

/** RFC 8441 §3: 0 or 1, and never back. */
function checkSettings(settings: readonly number[]): void {
  let enabled = false;
  for (const value of settings) {
    const wrong =
      value > 1 ? 'connect-setting-value' : enabled && value === 0 ? 'connect-setting-withdrawn' : undefined;
    try {
      enabled = connectProtocolSetting(enabled, value);
      if (wrong !== undefined) throw new Error(`a setting of ${value} passes`);
      if (enabled !== (value === 1)) throw new Error('the setting is not taken');
    } catch (error) {
      if (!(error instanceof HandshakeError) || error.violation !== wrong) throw error;
      saw(`handshake:${error.violation}`);
      return;
    }
  }
}

/** An origin, the host that it comes to, and what is let in. */
export interface OriginInput {
  readonly origin: string;
  readonly host: string;
  readonly patterns: readonly string[];
  readonly sameOrigin: boolean;
}

const scheme = fc.constantFrom('http', 'https', 'ftp');
const name = fc.constantFrom('a.example', 'b.a.example', 'xa.example', 'example', '[::1]');
const port = fc.constantFrom('', ':80', ':443', ':8080');

/** RFC 6454 §4: scheme, host and port, the port by its default. */
function tripleOf(text: string): [scheme: string, host: string, port: string] {
  const [before = '', rest = ''] = text.split('://');
  const at = rest.lastIndexOf(':') > rest.lastIndexOf(']') ? rest.lastIndexOf(':') : rest.length;
  const preset = before === 'https' ? '443' : before === 'http' ? '80' : '';
  return [before, rest.slice(0, at), rest.slice(at + 1) || preset];
}

function lets(pattern: string, from: string): boolean {
  if (!pattern.includes('://')) return ['http', 'https'].some((each) => lets(`${each}://${pattern}`, from));
  const wild = pattern.includes('://*.');
  const [a, hostA, portA] = tripleOf(pattern.replace('://*.', '://'));
  const [b, hostB, portB] = tripleOf(from);
  const hosts = wild ? hostB.endsWith(`.${hostA}`) : hostA === hostB;
  return a === b && portA === portB && hosts;
}

export const originModel: Property<OriginInput> = {
  name: 'origin-model',
  claim: 'an origin is let in where scheme, host and port are those of a pattern (§10.2, RFC 6454 §4, §5)',
  part: 'handshake',
  arbitrary: fc.record({
    origin: fc.tuple(scheme, name, port).map(([a, b, c]) => `${a}://${b}${c}`),
    host: fc.tuple(name, port).map(([a, b]) => `${a}${b}`),
    patterns: fc.array(
      fc
        .tuple(fc.oneof(scheme, fc.constant('')), fc.boolean(), name, port)
        .map(([a, wild, b, c]) => `${a && `${a}://`}${wild && !b.startsWith('[') ? '*.' : ''}${b}${c}`),
      { maxLength: 3 },
    ),
    sameOrigin: fc.boolean(),
  }),
  check: ({ origin: from, host, patterns, sameOrigin }) => {
    const [before, hostA, portA] = tripleOf(from);
    const [, hostB, portB] = tripleOf(`${before}://${host}`);
    const same = sameOrigin && hostA === hostB && portA === portB;
    const wanted = same || patterns.some((pattern) => lets(pattern, from));
    const check = originPolicy({ origins: patterns, sameOrigin });
    if (check(from, { host }) !== wanted) throw new Error(`let in is not ${wanted}`);
    if (check(from.toUpperCase(), { host }) !== wanted) throw new Error('capitals matter');
    if (check(undefined, { host }) || check('null', { host }) || check(`${from}/`, { host }))
      throw new Error('no origin is let in');
    const checkNull = originPolicy({ origins: [...patterns, 'null'], missing: true });
    if (!checkNull('null', { host }) || !checkNull(undefined, { host }))
      throw new Error('documents without an origin are not let in');
  },
};

export const urlModel: Property<string> = {
  name: 'url-any',
  claim: 'a URL is parsed as WHATWG has it, or a SyntaxError; what comes out can stand in a request (§3)',
  part: 'handshake',
  arbitrary: fc
    .array(
      fc.constantFrom(
        ...[
          'ws://',
          'wss://',
          'http://',
          'https://',
          'ws+unix:',
          'ws+unix:a:',
          'ftp://',
          'a',
          'b.c',
          '[::1]',
          ':',
          '80',
          '443',
          '/',
          '//',
          '?',
          '#',
        ],
        ...['@', 'user', '%3a', '%zz', ' ', 'é', '\u0000', '\r\n', '..', '\\', '*'],
      ),
      { maxLength: 9 },
    )
    .map((parts) => parts.join('')),
  check: (text) => {
    let url: ReturnType<typeof parseWebSocketUrl>;
    try {
      url = parseWebSocketUrl(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return;
    }
    if (!/^\/[!-"$-~]*$/.test(url.resourceName)) throw new Error(`target ${url.resourceName}`);
    // The path of a socket is not an address of the web: WHATWG lets it have blanks.
    const spaced = url.socketPath === undefined && /\s/.test(url.href);
    if (spaced || url.href.includes('#') || !(url.port >= 0 && url.port <= 65_535))
      throw new Error(`${url.href}, port ${url.port}`);
    if (url.authorization !== undefined && !/^Basic [A-Za-z0-9+/]+=*$/.test(url.authorization))
      throw new Error('authorization');
    if (url.socketPath === undefined) {
      const parsed = new URL(url.href.replace(/^ws/, 'http'));
      if (parsed.host !== url.authority || parsed.pathname + parsed.search !== url.resourceName)
        throw new Error('not as WHATWG has it');
    }
    for (const again of [parseWebSocketUrl({ href: url.href }), parseWebSocketUrl(url.href, 'ws://base/a')]) {
      if (JSON.stringify(again) !== JSON.stringify(url)) throw new Error('not the same when parsed again');
    }
  },
};

/** A refusal of the application's own. */
export interface RefusalInput {
  readonly status: number;
  readonly message: string | undefined;
}

/** Text with halves of surrogate pairs. */
const halves = fc
  .array(fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00'), { maxLength: 10 })
  .map((parts) => parts.join(''));

export const refusalAny: Property<RefusalInput> = {
  name: 'refusal-any',
  claim:
    'a refusal is a response whose length is right, whatever text it carries (RFC 9112 §6, RFC 9110 §8.6)',
  part: 'handshake',
  arbitrary: fc.record({
    status: fc.integer({ min: 400, max: 599 }),
    message: fc.option(fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), halves), { nil: undefined }),
  }),
  check: ({ status, message }) => {
    const { head, body } = refuse(status, message);
    const [line, ...fields] = head.split('\r\n');
    if (!line?.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`line ${line}`);
    const length = fields.find((field) => /^content-length: /i.test(field))?.slice(16);
    if (length !== String(Buffer.from(body, 'latin1').length)) throw new Error(`length ${length}`);
    const text = Buffer.from(body, 'latin1').toString();
    if (message === undefined ? !/^[A-Z]/.test(text) : text !== Buffer.from(message).toString())
      throw new Error('the text is another');
  },
};
