import type { PerMessageDeflateOptions } from '../src/index.js';

/** One aspect in which heads vary: its heads are valid but for this. Where `ws` answers otherwise, the clause says why. */
export interface Aspect {
  readonly what: string;
  /** Why this package answers otherwise than `ws`; empty where it must not. */
  readonly clause: string;
  readonly heads: readonly string[];
  /** What the client has offered where responses vary. */
  readonly offer?: PerMessageDeflateOptions;
}

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const REQUEST: readonly (readonly [name: string, value: string])[] = [
  ['Host', '127.0.0.1'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', KEY],
  ['Sec-WebSocket-Version', '13'],
];

function request(lines: readonly string[], start = 'GET / HTTP/1.1'): string {
  return [start, ...lines, '\r\n'].join('\r\n');
}

/** The lines of a request with the lines given in place of a field. */
function replacing(name: string, ...lines: string[]): string[] {
  return REQUEST.flatMap(([each, value]) => (each === name ? lines : [`${each}: ${value}`]));
}

const LINES = replacing('');

/** A request for each start line. */
export function starting(...starts: string[]): string[] {
  return starts.map((start) => request(LINES, start));
}

/** A request for each value of one of its five fields. */
export function valued(name: string, ...values: string[]): string[] {
  return values.map((value) => request(replacing(name, `${name}:${value}`)));
}

/** A request in which a field stands with each of the values, or not at all. */
export function repeated(name: string, ...values: string[]): string {
  return request(replacing(name, ...values.map((value) => `${name}: ${value}`)));
}

/** A request for each set of further lines. */
export function adding(...sets: (string | readonly string[])[]): string[] {
  return sets.map((set) => request([...LINES, ...(typeof set === 'string' ? [set] : set)]));
}

/** A line for each value of a field. */
export function lines(name: string, ...values: string[]): string[] {
  return values.map((value) => `${name}:${value}`);
}

/** A value with spaces and tabs around it, as RFC 9110 §5.5 lets it have. */
export function padded(value: string): string[] {
  return ['', ' ', '  ', '\t', ' \t '].flatMap((before) =>
    ['', ' ', '\t', '\t \t'].map((behind) => `${before}${value}${behind}`),
  );
}

/** An answer of a server that opens the connection, with lines put in place of a field, or added behind. */
export function answer(
  name = '',
  instead: readonly string[] = [],
  start = 'HTTP/1.1 101 Switching Protocols',
): string {
  const fields = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', '%'],
  ] as const;
  const kept = fields.filter(([each]) => each !== name).map(([each, value]) => `${each}: ${value}`);
  return [start, ...kept, ...instead, '\r\n'].join('\r\n');
}
