import { createHash } from 'node:crypto';

/*
 * The opening handshake as RFC 6455 §4 tells it, without a thought of speed. Instead of the first rule that is broken,
 * these give all of them: in which order they are looked at is not written anywhere.
 */

/** Fields in the order in which they came. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A request line and its fields. */
export interface ModelRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: Fields;
}

/** A status and its fields. */
export interface ModelResponse {
  readonly status: number;
  readonly version: string;
  readonly fields: Fields;
}

/** What a client asked for, as far as a response is held against it. */
export interface ModelOffer {
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly subprotocolRequired: boolean;
  /** parameters of its one offer of permessage-deflate, and whether it can do without context; absent where it made none */
  readonly deflate:
    | { readonly params: Map<string, string | true>; readonly mayLoseContext: boolean }
    | undefined;
}

/** Elements and parameters that one list may have. */
const LIST_LIMIT = 1000;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([other]) => asciiLower(other) === name).map(([, value]) => trim(value));
}

export function trim(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}

function elementsOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).map(trim);
}

function lists(values: readonly string[], wanted: string): boolean {
  return elementsOf(values).some((element) => asciiLower(element) === wanted);
}

/** RFC 9112 §3.2, RFC 3986 §3.2.2, but for the comma; a name or an address, and a port. */
function isHost(text: string): boolean {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)((?::.*)?)$/s.exec(text) ?? [];
  if (!/^(:[0-9]{0,5})?$/.test(port) || text.length > 512) return false;
  if (name.startsWith('[')) {
    const [address = '', ...zone] = name.slice(1, -1).split('%');
    return (
      /^[0-9a-fA-F:.]+$/.test(address) && (zone.length === 0 || /^[A-Za-z0-9\-._~%]+$/.test(zone.join('%')))
    );
  }
  return name !== '' && [...name].every((char) => /[A-Za-z0-9\-._~%!$&'()*+;=]/.test(char));
}

/** An extension of a list, and its parameters, or nothing where the grammar of §9.1 is broken. */
export interface ModelExtension {
  readonly name: string;
  readonly params: readonly (readonly [name: string, value: string | true])[];
}

/** §9.1. What a quoted string may hold is a token, so no comma, semicolon or quote hides in one. */
export function readExtensions(values: readonly string[]): {
  extensions: ModelExtension[] | undefined;
  tooLong: boolean;
} {
  let count = 0;
  const extensions: ModelExtension[] = [];
  let sound = true;
  for (const element of elementsOf(values)) {
    if (element === '') continue;
    const [name = '', ...rest] = element.split(';').map(trim);
    count += 1 + rest.length;
    const params = rest.map(readParameter);
    if (!TOKEN.test(name) || params.includes(undefined)) sound = false;
    else extensions.push({ name, params: params.filter((param) => param !== undefined) });
  }
  return { extensions: sound && extensions.length > 0 ? extensions : undefined, tooLong: count > LIST_LIMIT };
}

function readParameter(text: string): readonly [name: string, value: string | true] | undefined {
  const at = text.indexOf('=');
  if (at < 0) return TOKEN.test(text) ? [text, true] : undefined;
  const name = trim(text.slice(0, at));
  const value = trim(text.slice(at + 1));
  const quoted = /^"(.*)"$/s.exec(value)?.[1];
  // Each backslash takes the next character as it is.
  const plain = quoted === undefined ? value : quoted.replace(/\\(.)/gs, '$1');
  return TOKEN.test(name) && TOKEN.test(plain) ? [name, plain] : undefined;
}

function checkOffers(fields: Fields, faults: Set<string>): void {
  const protocols = valuesOf(fields, 'sec-websocket-protocol');
  if (protocols.length > 0) {
    const names = elementsOf(protocols).filter((name) => name !== '');
    if (names.length === 0 || !names.every((name) => TOKEN.test(name))) faults.add('subprotocols-malformed');
    if (new Set(names).size < names.length) faults.add('subprotocol-offered-twice');
    if (names.length > LIST_LIMIT) faults.add('list-too-long');
  }
  const extensions = valuesOf(fields, 'sec-websocket-extensions');
  if (extensions.join() !== '') {
    const read = readExtensions(extensions);
    if (read.extensions === undefined) faults.add('extensions-malformed');
    if (read.tooLong) faults.add('list-too-long');
  }
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 1 || (major === 1 && minor < 1);
}

/** Every rule of §4.2.1 that a request breaks. */
export function requestFaults({ method, target, version, fields }: ModelRequest): Set<string> {
  const faults = new Set<string>();
  const need = (holds: boolean, fault: string): void => {
    if (!holds) faults.add(fault);
  };
  const once = (name: string, prefix: string, isSound: (value: string) => boolean, fault: string): void => {
    const [value, ...more] = valuesOf(fields, name);
    if (value === undefined) faults.add(`${prefix}-missing`);
    else if (more.length > 0) faults.add(`${prefix}-repeated`);
    else need(isSound(value), fault);
  };
  need(method === 'GET', 'method-not-get');
  need(!isOld(version), 'http-version');
  const path = target.startsWith('/') || /^https?:\/\/[^/?#]/i.test(target);
  need(path && /^[!-~]+$/.test(target), 'request-target');
  once('host', 'host', isHost, 'host-malformed');
  need(lists(valuesOf(fields, 'upgrade'), 'websocket'), 'upgrade-not-websocket');
  need(lists(valuesOf(fields, 'connection'), 'upgrade'), 'connection-not-upgrade');
  const lengths = valuesOf(fields, 'content-length');
  const body =
    valuesOf(fields, 'transfer-encoding').length > 0 || (lengths.length > 0 && lengths.join() !== '0');
  need(!body, 'body-announced');
  once('sec-websocket-version', 'version', (value) => value === '13', 'version-unsupported');
  // 16 bytes are 22 characters of base64 and two of padding.
  once('sec-websocket-key', 'key', (value) => /^[A-Za-z0-9+/]{22}==$/.test(value), 'key-malformed');
  need(valuesOf(fields, 'origin').length < 2, 'origin-repeated');
  checkOffers(fields, faults);
  return faults;
}

/** §4.2.2: base64 of SHA-1 of the key and the GUID. */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Every rule of §4.1 that a response breaks. */
export function responseFaults({ status, version, fields }: ModelResponse, offer: ModelOffer): Set<string> {
  const faults = new Set<string>();
  const need = (holds: boolean, fault: string): void => {
    if (!holds) faults.add(fault);
  };
  need(status !== 401, 'status-unauthorized');
  need(status < 300 || status > 399, 'status-redirect');
  need(status === 101, 'status-not-101');
  need(!isOld(version), 'response-http-version');
  need(asciiLower(valuesOf(fields, 'upgrade').join(', ')) === 'websocket', 'response-upgrade');
  need(lists(valuesOf(fields, 'connection'), 'upgrade'), 'response-connection');
  const accepts = valuesOf(fields, 'sec-websocket-accept');
  need(accepts.length > 0, 'accept-missing');
  need(accepts.length < 2, 'accept-repeated');
  need(accepts.length !== 1 || trim(accepts[0] ?? '') === acceptFor(offer.key), 'accept-wrong');
  const protocols = valuesOf(fields, 'sec-websocket-protocol');
  need(protocols.length < 2, 'subprotocol-repeated');
  need(protocols.length !== 1 || offer.subprotocols.includes(protocols[0] ?? ''), 'subprotocol-not-offered');
  const asked = offer.subprotocolRequired && offer.subprotocols.length > 0;
  need(!asked || protocols.length > 0, 'subprotocol-missing');
  const extensions = valuesOf(fields, 'sec-websocket-extensions');
  need(extensions.length < 2, 'extensions-repeated');
  if (extensions.length === 1) checkAnswers(extensions, offer, need);
  return faults;
}

function checkAnswers(
  values: readonly string[],
  { deflate }: ModelOffer,
  need: (holds: boolean, fault: string) => void,
): void {
  const { extensions, tooLong } = readExtensions(values);
  need(!tooLong, 'list-too-long');
  need(extensions !== undefined, 'extensions-malformed');
  const names = (extensions ?? []).map(({ name }) => name);
  need(
    names.every((name) => name === 'permessage-deflate' && deflate !== undefined),
    'extension-not-offered',
  );
  need(new Set(names).size === names.length, 'extension-answered-twice');
  for (const { params } of extensions ?? []) {
    need(deflate === undefined || answers(params, deflate), 'extension-answer-invalid');
  }
}

/** RFC 7692 §7.1: whether these parameters answer the offer. */
function answers(
  params: ModelExtension['params'],
  { params: asked, mayLoseContext }: NonNullable<ModelOffer['deflate']>,
): boolean {
  const given = new Map(params);
  if (given.size < params.length) return false;
  for (const [name, value] of params) {
    if (name === 'server_no_context_takeover' || name === 'client_no_context_takeover') {
      if (value !== true) return false;
    } else if (name === 'server_max_window_bits' || name === 'client_max_window_bits') {
      if (value === true || !['8', '9', '10', '11', '12', '13', '14', '15'].includes(value)) return false;
    } else return false;
  }
  if (asked.has('server_no_context_takeover') && !given.has('server_no_context_takeover')) return false;
  if (given.has('client_no_context_takeover') && !mayLoseContext) return false;
  const serverLimit = asked.get('server_max_window_bits');
  if (serverLimit !== undefined && !(Number(given.get('server_max_window_bits')) <= Number(serverLimit)))
    return false;
  const clientBits = given.get('client_max_window_bits');
  if (clientBits === undefined) return true;
  const clientLimit = asked.get('client_max_window_bits');
  return clientLimit !== undefined && (clientLimit === true || Number(clientBits) <= Number(clientLimit));
}
