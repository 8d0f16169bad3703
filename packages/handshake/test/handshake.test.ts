import { describe, expect, it } from 'vitest';
import { ClientHandshake, createRequest, permessageDeflate, ServerHandshake } from '../src/index.js';
import { ACCEPT, bytes, KEY, NONCE } from './example.js';

const REQUEST =
  'GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
const RESPONSE = `HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

describe('ServerHandshake (§4.2)', () => {
  it('answers a request from bytes and hands back the frames behind it (§4.2.2)', () => {
    const handshake = new ServerHandshake();
    expect(handshake.receive(bytes(`${REQUEST}\x81\x80`))).toMatchObject({ ok: true, status: 101 });
    expect(handshake.rest).toEqual(Uint8Array.of(0x81, 0x80));
  });

  it('answers nothing until the head is whole', () => {
    const handshake = new ServerHandshake();
    expect(handshake.receive(bytes(REQUEST.slice(0, 50)))).toBeUndefined();
    expect(handshake.receive(new Uint8Array(0))).toBeUndefined();
    expect(handshake.receive(bytes(REQUEST.slice(50)))).toMatchObject({ ok: true });
  });

  it('refuses bytes that are no request head, and heads past the limits', () => {
    expect(new ServerHandshake().receive(bytes('\x16\x03\x01\n'))).toMatchObject({ ok: false, status: 400 });
    expect(new ServerHandshake().receive(bytes('x'.repeat(16_385)))).toMatchObject({
      ...{ ok: false, status: 431, violation: 'head-too-long' },
      head: expect.stringContaining('HTTP/1.1 431 Request Header Fields Too Large\r\n'),
    });
    const limited = new ServerHandshake({ limits: { fieldCount: 2 } });
    expect(limited.receive(bytes(REQUEST))).toMatchObject({ status: 431, violation: 'head-too-many-fields' });
  });

  it('refuses what breaks §4.2.1 like acceptRequest', () => {
    const refusal = new ServerHandshake().receive(bytes(REQUEST.replace('GET', 'PUT')));
    expect(refusal).toMatchObject({ ok: false, status: 405 });
  });

  it('is over after the answer: more bytes are for the codec', () => {
    const handshake = new ServerHandshake();
    handshake.receive(bytes(REQUEST));
    expect(() => handshake.receive(bytes('x'))).toThrow(TypeError);
    const refusing = new ServerHandshake();
    refusing.receive(bytes('\n'));
    expect(() => refusing.receive(bytes(REQUEST))).toThrow(TypeError);
  });

  it.each([REQUEST, undefined])(
    'throws TypeError for a chunk that is no bytes, and goes on as if it had not been',
    (chunk) => {
      const handshake = new ServerHandshake();
      const receive = () => Reflect.apply(handshake.receive, handshake, [chunk]);
      expect(receive).toThrow(new TypeError('a chunk of a head is a Uint8Array'));
      expect(handshake.receive(bytes(REQUEST))).toMatchObject({ ok: true });
    },
  );

  it("lets the caller's own mistakes through", () => {
    const handshake = new ServerHandshake({ headers: { Upgrade: 'x' } });
    expect(() => handshake.receive(bytes(REQUEST))).toThrow(TypeError);
  });
});

describe('ClientHandshake (§4.1)', () => {
  const request = createRequest('ws://a/', { nonce: NONCE });

  it('verifies a response from bytes and hands back the frames behind it (§4.1)', () => {
    const handshake = new ClientHandshake(request);
    expect(handshake.receive(bytes(RESPONSE.slice(0, 20)))).toBeUndefined();
    expect(handshake.receive(bytes(`${RESPONSE.slice(20)}\x81\0`))).toMatchObject({ ok: true, status: 101 });
    expect(handshake.rest).toEqual(Uint8Array.of(0x81, 0));
  });

  it('passes over interim responses, wherever they are split (RFC 9110 §15.2)', () => {
    const text = bytes(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${RESPONSE}!`,
    );
    for (let at = 0; at < text.length - 1; at++) {
      const handshake = new ClientHandshake(request);
      expect(handshake.receive(text.subarray(0, at))).toBeUndefined();
      expect(handshake.receive(text.subarray(at))).toMatchObject({ ok: true });
      expect(handshake.rest).toEqual(bytes('!'));
    }
  });

  it('fails after more interim responses than the limit, 10 by default', () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    expect(new ClientHandshake(request).receive(bytes(interim.repeat(10) + RESPONSE))).toMatchObject({
      ok: true,
    });
    expect(new ClientHandshake(request).receive(bytes(interim.repeat(11) + RESPONSE))).toMatchObject({
      ...{ ok: false, status: 0, violation: 'too-many-interim-responses' },
    });
  });

  it('fails for bytes that are no response head, and for heads past the limits', () => {
    expect(new ClientHandshake(request).receive(bytes('SSH-2.0-x\r\n'))).toMatchObject({
      ok: false,
      violation: 'status-line',
    });
    const limited = new ClientHandshake(request, { headLength: 100 });
    expect(limited.receive(bytes(RESPONSE))).toMatchObject({ ok: false, violation: 'head-too-long' });
  });

  it('reports a redirect with its fields, and the beginning of its body', () => {
    const handshake = new ClientHandshake(request);
    const result = handshake.receive(
      bytes('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 2\r\n\r\nhi'),
    );
    expect(result).toMatchObject({ ok: false, status: 302, violation: 'status-redirect', location: '/b' });
    expect(handshake.rest).toEqual(bytes('hi'));
  });

  it('is over after the result: more bytes are for the codec', () => {
    const handshake = new ClientHandshake(request);
    handshake.receive(bytes(RESPONSE));
    expect(() => handshake.receive(bytes('x'))).toThrow(TypeError);
  });

  it.each([RESPONSE, undefined])(
    'throws TypeError for a chunk that is no bytes, and goes on as if it had not been',
    (chunk) => {
      const handshake = new ClientHandshake(request);
      const receive = () => Reflect.apply(handshake.receive, handshake, [chunk]);
      expect(receive).toThrow(new TypeError('a chunk of a head is a Uint8Array'));
      expect(handshake.receive(bytes(RESPONSE))).toMatchObject({ ok: true });
    },
  );

  it('agrees with a ServerHandshake on everything that both know', () => {
    const extensions = [permessageDeflate({ clientMaxWindowBits: 12, serverMaxWindowBits: 10 })];
    const subprotocols = ['b', 'a'];
    const client = createRequest('wss://u:p@a:1/x?y', {
      nonce: NONCE,
      extensions,
      subprotocols,
      origin: 'https://a',
    });
    const answer = new ServerHandshake({ extensions, subprotocols: ['a', 'b'] }).receive(bytes(client.head));
    if (!answer?.ok) throw new Error(answer?.message);
    expect(answer.offer).toMatchObject({ host: 'a:1', url: '/x?y', origin: 'https://a', subprotocols });
    const result = new ClientHandshake(client).receive(bytes(answer.head));
    if (!result?.ok) throw new Error(result?.message);
    expect(result.subprotocol).toBe('a');
    expect(result.extensions[0]?.config).toEqual(answer.extensions[0]?.config);
    expect(result.extensions[0]?.config).toMatchObject({ clientMaxWindowBits: 12, serverMaxWindowBits: 10 });
  });
});
