import { describe, expect, it } from 'vitest';
import {
  acceptRequest,
  createRequest,
  formatExtensions,
  type PermessageDeflateConfig,
  type PermessageDeflateOptions,
  permessageDeflate,
  verifyResponse,
} from '../src/index.js';
import { broken, NONCE, request, response } from './example.js';

/** What a server with these options answers; `undefined` when it declines. */
function answer(offer: string, options?: PermessageDeflateOptions): string | undefined {
  return accept(offer, options)?.[0];
}

function accept(
  offer: string,
  options?: PermessageDeflateOptions,
): [string, PermessageDeflateConfig] | undefined {
  const result = acceptRequest(request({ 'Sec-WebSocket-Extensions': offer }), {
    extensions: [permessageDeflate(options)],
  });
  if (!result.ok) throw new Error(result.message);
  const [used] = result.extensions;
  return used && [formatExtensions([used]), used.config];
}

/** What a client with these options offers. */
function offer(options?: PermessageDeflateOptions): string {
  const { head } = createRequest('ws://a/', { nonce: NONCE, extensions: [permessageDeflate(options)] });
  return /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(head)?.[1] ?? '';
}

/** What an answer means to a client with these options; the broken rule when it is not allowed. */
function verify(
  text: string,
  options?: PermessageDeflateOptions,
): PermessageDeflateConfig | string | undefined {
  const sent = createRequest('ws://a/', { nonce: NONCE, extensions: [permessageDeflate(options)] });
  const result = verifyResponse(sent, response({ 'Sec-WebSocket-Extensions': text }));
  return result.ok ? result.extensions[0]?.config : broken(result);
}

const P = 'permessage-deflate';
const FULL: PermessageDeflateConfig = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

describe('permessage-deflate on a server (RFC 7692 §5.1, §7.1)', () => {
  it('accepts an offer without parameters (§7.1)', () => {
    expect(accept(P)).toEqual([P, FULL]);
  });

  it.each([
    'x',
    'x=1',
    'server_no_context_takeover; x',
    'constructor',
    '__proto__',
    'SERVER_NO_CONTEXT_TAKEOVER',
  ])('declines an offer with the undefined parameter %j (§7.1)', (params) => {
    expect(answer(`${P}; ${params}`)).toBeUndefined();
  });

  it.each([
    'server_no_context_takeover=1',
    'client_no_context_takeover=true',
    'server_no_context_takeover="0"',
  ])('declines an offer with %j: the parameter has no value (§7.1.1.1, §7.1.1.2)', (params) => {
    expect(answer(`${P}; ${params}`)).toBeUndefined();
  });

  it.each([
    '',
    '=0',
    '=7',
    '=16',
    '=1000',
    '=08',
    '=015',
    '=+9',
    '=9.0',
    '=9e0',
    '=0x9',
    '=-9',
    '=x',
    '="016"',
    '=1_0',
    '=15x',
  ])('declines an offer with server_max_window_bits%s: a decimal from 8 to 15 (§7.1.2.1)', (value) => {
    expect(answer(`${P}; server_max_window_bits${value}`)).toBeUndefined();
  });

  it.each(['=0', '=7', '=16', '=1000', '=08', '=+9', '=x', '="7"'])(
    'declines an offer with client_max_window_bits%s: no value or a decimal from 8 to 15 (§7.1.2.2)',
    (value) => {
      expect(answer(`${P}; client_max_window_bits${value}`)).toBeUndefined();
    },
  );

  it.each([
    'server_no_context_takeover; server_no_context_takeover',
    'client_no_context_takeover; client_no_context_takeover',
    'server_max_window_bits=9; server_max_window_bits=9',
    'client_max_window_bits; client_max_window_bits',
    'client_max_window_bits; client_max_window_bits=9',
  ])('declines an offer with a parameter twice: %s (§7.1)', (params) => {
    expect(answer(`${P}; ${params}`)).toBeUndefined();
  });

  it('accepts server_no_context_takeover by answering it, and may answer it unasked (§7.1.1.1)', () => {
    expect(accept(`${P}; server_no_context_takeover`)).toEqual([
      `${P}; server_no_context_takeover`,
      { ...FULL, serverNoContextTakeover: true },
    ]);
    expect(answer(P, { serverNoContextTakeover: true })).toBe(`${P}; server_no_context_takeover`);
  });

  it('declines server_no_context_takeover when it is configured not to do it (§7.1.1.1)', () => {
    expect(answer(`${P}; server_no_context_takeover`, { serverNoContextTakeover: false })).toBeUndefined();
    expect(answer(P, { serverNoContextTakeover: false })).toBe(P);
  });

  it('answers the hint client_no_context_takeover, and may demand it unasked (§7.1.1.2)', () => {
    expect(accept(`${P}; client_no_context_takeover`)).toEqual([
      `${P}; client_no_context_takeover`,
      { ...FULL, clientNoContextTakeover: true },
    ]);
    expect(answer(P, { clientNoContextTakeover: true })).toBe(`${P}; client_no_context_takeover`);
  });

  it.each([8, 9, 10, 11, 12, 13, 14, 15])(
    'accepts server_max_window_bits=%d with the same value (§7.1.2.1)',
    (bits) => {
      expect(accept(`${P}; server_max_window_bits=${bits}`)).toEqual([
        `${P}; server_max_window_bits=${bits}`,
        { ...FULL, serverMaxWindowBits: bits },
      ]);
    },
  );

  it('answers its own limit when that is smaller, and may tell it unasked (§7.1.2.1)', () => {
    expect(answer(`${P}; server_max_window_bits=12`, { serverMaxWindowBits: 10 })).toBe(
      `${P}; server_max_window_bits=10`,
    );
    expect(answer(`${P}; server_max_window_bits=9`, { serverMaxWindowBits: 10 })).toBe(
      `${P}; server_max_window_bits=9`,
    );
    expect(answer(P, { serverMaxWindowBits: 10 })).toBe(`${P}; server_max_window_bits=10`);
  });

  it('declines server_max_window_bits when it cannot limit its window (§7.1.2.1)', () => {
    expect(answer(`${P}; server_max_window_bits=12`, { serverMaxWindowBits: false })).toBeUndefined();
    expect(answer(P, { serverMaxWindowBits: false })).toBe(P);
  });

  it('does not answer client_max_window_bits unless it limits the window (§7.1.2.2)', () => {
    expect(accept(`${P}; client_max_window_bits`)).toEqual([P, FULL]);
    expect(accept(`${P}; client_max_window_bits=9`)).toEqual([P, FULL]);
    expect(answer(`${P}; client_max_window_bits=9`, { clientMaxWindowBits: false })).toBe(P);
  });

  it('limits a client that offers client_max_window_bits, to no more than it offers (§7.1.2.2)', () => {
    const options = { clientMaxWindowBits: 11 };
    const limited = `${P}; client_max_window_bits=11`;
    expect(accept(`${P}; client_max_window_bits`, options)).toEqual([
      limited,
      { ...FULL, clientMaxWindowBits: 11 },
    ]);
    expect(answer(`${P}; client_max_window_bits=15`, options)).toBe(limited);
    expect(answer(`${P}; client_max_window_bits=9`, options)).toBe(`${P}; client_max_window_bits=9`);
  });

  it('must not limit a client that does not offer it, so declines (§7.1.2.2)', () => {
    expect(answer(P, { clientMaxWindowBits: 11 })).toBeUndefined();
    expect(answer(P, { clientMaxWindowBits: 15 })).toBe(P);
  });

  it('takes the first of several fallback offers that suits (§5.1, §7.1)', () => {
    const offers = `${P}; server_max_window_bits=77, ${P}; x, ${P}; client_max_window_bits; server_max_window_bits=10, ${P}`;
    expect(answer(offers)).toBe(`${P}; server_max_window_bits=10`);
    expect(answer(offers, { serverMaxWindowBits: false })).toBe(P);
  });

  it('reads a quoted value as the same without quotes (§7.1, RFC 6455 §9.1)', () => {
    expect(answer(`${P}; server_max_window_bits="1\\0"`)).toBe(`${P}; server_max_window_bits=10`);
  });

  it('opens the connection without compression when it declines (§5.1)', () => {
    const result = acceptRequest(request({ 'Sec-WebSocket-Extensions': `${P}; x` }), {
      extensions: [permessageDeflate()],
    });
    expect(result).toMatchObject({ ok: true, extensions: [] });
    expect(result.ok && result.head).not.toContain('Sec-WebSocket-Extensions');
  });

  it('claims RSV1 (§6)', () => {
    expect(permessageDeflate()).toMatchObject({ name: P, claims: { rsv1: true } });
  });

  it.each([7, 16, 9.5, Number.NaN, 0])('throws RangeError for a window of %d bits', (bits) => {
    expect(() => permessageDeflate({ serverMaxWindowBits: bits })).toThrow(RangeError);
    expect(() => permessageDeflate({ clientMaxWindowBits: bits })).toThrow(RangeError);
  });

  it.each(['10', '', null, true, {}, 10n])(
    'throws RangeError for a window of %s, which is no number',
    (bits: unknown) => {
      for (const name of ['serverMaxWindowBits', 'clientMaxWindowBits']) {
        expect(() => permessageDeflate({ [name]: bits })).toThrow(RangeError);
      }
      expect(() => permessageDeflate({ serverMaxWindowBits: '10' as never })).toThrow(
        'serverMaxWindowBits must be a whole number from 8 to 15, not a string',
      );
    },
  );
});

describe('permessage-deflate on a client (RFC 7692 §5.1, §7.1)', () => {
  it.each<[PermessageDeflateOptions, string]>([
    [{}, `${P}; client_max_window_bits`],
    [{ clientMaxWindowBits: false }, P],
    [{ clientMaxWindowBits: 10 }, `${P}; client_max_window_bits=10`],
    [{ serverMaxWindowBits: 9 }, `${P}; server_max_window_bits=9; client_max_window_bits`],
    [
      { serverNoContextTakeover: true, clientNoContextTakeover: true },
      `${P}; server_no_context_takeover; client_no_context_takeover; client_max_window_bits`,
    ],
    [
      { serverMaxWindowBits: 10, fallback: true },
      `${P}; server_max_window_bits=10; client_max_window_bits, ${P}; client_max_window_bits`,
    ],
    [{ fallback: true }, `${P}; client_max_window_bits`],
    [
      { serverNoContextTakeover: false, serverMaxWindowBits: false, clientNoContextTakeover: false },
      `${P}; client_max_window_bits`,
    ],
  ])('offers with %j: %s (§7.1)', (options, text) => {
    expect(offer(options)).toBe(text);
  });

  it('takes an answer without parameters (§7.1)', () => {
    expect(verify(P)).toEqual(FULL);
  });

  it.each([
    'x',
    'x=1',
    'server_no_context_takeover=1',
    'client_no_context_takeover=1',
    'constructor',
    '__proto__=1',
  ])('fails the connection when the answer has the parameter %s (§7.1)', (params) => {
    expect(verify(`${P}; ${params}`)).toBe('extension-answer-invalid');
  });

  it.each(['', '=7', '=16', '=1000', '=08', '=x'])(
    'fails the connection when the answer has server_max_window_bits%s (§7.1.2.1)',
    (value) => {
      expect(verify(`${P}; server_max_window_bits${value}`)).toBe('extension-answer-invalid');
    },
  );

  it.each(['', '=7', '=16', '=08', '=x'])(
    'fails the connection when the answer has client_max_window_bits%s: there it needs a value (§7.1.2.2)',
    (value) => {
      expect(verify(`${P}; client_max_window_bits${value}`)).toBe('extension-answer-invalid');
    },
  );

  it('fails the connection when a parameter of the answer stands twice (§7.1)', () => {
    expect(verify(`${P}; server_no_context_takeover; server_no_context_takeover`)).toBe(
      'extension-answer-invalid',
    );
    expect(verify(`${P}; server_max_window_bits=9; server_max_window_bits=9`)).toBe(
      'extension-answer-invalid',
    );
  });

  it('fails the connection when the answer leaves out a server_no_context_takeover that was asked for (§7.1.1.1)', () => {
    const options = { serverNoContextTakeover: true };
    expect(verify(P, options)).toBe('extension-answer-invalid');
    expect(verify(`${P}; server_no_context_takeover`, options)).toEqual({
      ...FULL,
      serverNoContextTakeover: true,
    });
    expect(verify(P, { ...options, fallback: true })).toEqual(FULL);
  });

  it('takes server_no_context_takeover unasked (§7.1.1.1)', () => {
    expect(verify(`${P}; server_no_context_takeover`)).toEqual({ ...FULL, serverNoContextTakeover: true });
  });

  it('does without its window when the server demands it, unless told not to (§7.1.1.2)', () => {
    expect(verify(`${P}; client_no_context_takeover`)).toEqual({ ...FULL, clientNoContextTakeover: true });
    expect(verify(`${P}; client_no_context_takeover`, { clientNoContextTakeover: false })).toBe(
      'extension-answer-invalid',
    );
  });

  it('keeps to its own hint when the server ignores it (§7.1.1.2)', () => {
    expect(verify(P, { clientNoContextTakeover: true })).toEqual({ ...FULL, clientNoContextTakeover: true });
    expect(verify(P, { clientMaxWindowBits: 10 })).toEqual({ ...FULL, clientMaxWindowBits: 10 });
  });

  it('takes for server_max_window_bits what it asked for or less, never more or nothing (§7.1.2.1)', () => {
    const options = { serverMaxWindowBits: 11 };
    expect(verify(`${P}; server_max_window_bits=11`, options)).toEqual({ ...FULL, serverMaxWindowBits: 11 });
    expect(verify(`${P}; server_max_window_bits=8`, options)).toEqual({ ...FULL, serverMaxWindowBits: 8 });
    expect(verify(`${P}; server_max_window_bits=12`, options)).toBe('extension-answer-invalid');
    expect(verify(P, options)).toBe('extension-answer-invalid');
    expect(verify(P, { ...options, fallback: true })).toEqual(FULL);
  });

  it('takes server_max_window_bits unasked (§7.1.2.1)', () => {
    expect(verify(`${P}; server_max_window_bits=9`)).toEqual({ ...FULL, serverMaxWindowBits: 9 });
  });

  it('takes client_max_window_bits only when it was offered, and no more than was offered (§7.1.2.2)', () => {
    expect(verify(`${P}; client_max_window_bits=9`)).toEqual({ ...FULL, clientMaxWindowBits: 9 });
    expect(verify(`${P}; client_max_window_bits=9`, { clientMaxWindowBits: false })).toBe(
      'extension-answer-invalid',
    );
    expect(verify(`${P}; client_max_window_bits=11`, { clientMaxWindowBits: 10 })).toBe(
      'extension-answer-invalid',
    );
    expect(verify(`${P}; client_max_window_bits=10`, { clientMaxWindowBits: 10 })).toEqual({
      ...FULL,
      clientMaxWindowBits: 10,
    });
  });
});
