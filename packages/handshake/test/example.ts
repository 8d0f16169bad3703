import type { UpgradeRequest, UpgradeResponse, Violation } from '../src/index.js';
import { HandshakeError } from '../src/index.js';

/** Key and accept of the example in §1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
/** The bytes of that key: "the sample nonce". */
export const NONCE: Uint8Array = new TextEncoder().encode('the sample nonce');

/** Fields to set, to repeat (several values) or to leave out (`undefined`). */
export type Changes = { readonly [name: string]: string | readonly string[] | undefined };

const REQUEST: Changes = {
  Host: 'server.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
};

const RESPONSE: Changes = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Accept': ACCEPT,
};

function flat(fields: Changes): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((each) => [name, each]),
  );
}

/** A request that keeps every rule, as Node has it, but for the changes. */
export function request(changes: Changes = {}, more: Partial<UpgradeRequest> = {}): UpgradeRequest {
  return {
    method: 'GET',
    url: '/chat',
    httpVersion: '1.1',
    rawHeaders: flat({ ...REQUEST, ...changes }),
    ...more,
  };
}

/** A response to {@link NONCE} that keeps every rule, as Node has it, but for the changes. */
export function response(changes: Changes = {}, more: Partial<UpgradeResponse> = {}): UpgradeResponse {
  return { statusCode: 101, httpVersion: '1.1', rawHeaders: flat({ ...RESPONSE, ...changes }), ...more };
}

/** The pseudo-header and other fields of a good extended CONNECT, but for the changes. */
export function connect(changes: Changes = {}): Changes {
  return {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/chat',
    ':authority': 'server.example.com',
    'sec-websocket-version': '13',
    ...changes,
  };
}

/** The rule that a result says was broken; `undefined` when all went well. */
export function broken(
  result: { ok: true } | { ok: false; violation: Violation | undefined },
): Violation | undefined {
  return result.ok ? undefined : result.violation;
}

/** The rule that a call throws about. */
export function thrown(call: () => unknown): Violation | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof HandshakeError) return error.violation;
    throw error;
  }
  return undefined;
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
