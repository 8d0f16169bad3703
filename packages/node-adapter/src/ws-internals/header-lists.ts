import {
  type ExtensionElement,
  type ExtensionParameter,
  formatExtensions,
  HandshakeError,
  parseExtensions,
  parseSubprotocols,
} from '@x/handshake';

/** The parameters of one offer or answer as npm `ws` has them: name to values, `true` where there is none. */
export type ParameterMap = { [name: string]: (string | number | true)[] };
/** Extensions by name, each with its offers. */
export type ExtensionMap = { [name: string]: ParameterMap[] };

type Loose = string | number | boolean;
/** What `extension.format` takes: values and offers may stand alone or in arrays. */
export type LooseExtensionMap = {
  readonly [name: string]: LooseParameters | readonly LooseParameters[];
};
type LooseParameters = { readonly [name: string]: Loose | readonly Loose[] | undefined };

/** `Sec-WebSocket-Extensions` (§9.1) to and from the objects of npm `ws`. */
export const extension: {
  /** @throws {SyntaxError} when the header is no list of extensions */
  parse(header: string): ExtensionMap;
  /** The value of `Sec-WebSocket-Extensions` (RFC 6455 §9.1) that lists them. */
  format(extensions: LooseExtensionMap): string;
} = {
  parse(header) {
    const map: ExtensionMap = Object.create(null);
    for (const { name, params } of parsed(header, parseExtensions)) {
      map[name] ??= [];
      map[name].push(toParameterMap(params));
    }
    return map;
  },
  format(extensions) {
    const elements: ExtensionElement[] = [];
    for (const [name, offers] of Object.entries(extensions)) {
      for (const offer of isList(offers) ? offers : [offers]) elements.push({ name, params: fromMap(offer) });
    }
    return formatExtensions(elements);
  },
};

/** `Sec-WebSocket-Protocol` (§4.3) to a set. */
export const subprotocol: {
  /** @throws {SyntaxError} when the header is no list of tokens, or one stands twice */
  parse(header: string): Set<string>;
} = {
  parse(header) {
    return new Set(parsed(header, parseSubprotocols));
  },
};

/** Parameters as npm `ws` has them. */
export function toParameterMap(params: readonly ExtensionParameter[]): ParameterMap {
  const map: ParameterMap = Object.create(null);
  for (const [name, value] of params) {
    map[name] ??= [];
    map[name].push(value);
  }
  return map;
}

/** Parameters as the handshake has them; `false` and `undefined` stand for absent ones. */
export function fromMap(map: LooseParameters): ExtensionParameter[] {
  const params: ExtensionParameter[] = [];
  for (const [name, values] of Object.entries(map)) {
    for (const value of isList(values) ? values : [values]) {
      if (value === true) params.push([name, true]);
      else if (value !== undefined && value !== false) params.push([name, String(value)]);
    }
  }
  return params;
}

function isList<Item>(value: unknown | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

/** Where npm `ws` is stricter than the grammar: empty elements, and spaces at the ends and around `=`. */
const LOOSE = /^[\t ]|[\t ]$|^,|,$|,[\t ]*,|[\t ]=|=[\t ]/;

function parsed<Result>(header: string, parse: (header: string) => Result): Result {
  if (LOOSE.test(header)) throw new SyntaxError(`Unexpected character in ${JSON.stringify(header)}`);
  try {
    return parse(header);
  } catch (error) {
    if (error instanceof HandshakeError) throw new SyntaxError(error.message, { cause: error });
    throw error;
  }
}
