import { describe, expect, it } from 'vitest';
import {
  acceptConnect,
  acceptOffer,
  acceptRequest,
  ClientHandshake,
  createConnect,
  createRequest,
  originPolicy,
  permessageDeflate,
  RequestHeadParser,
  readConnect,
  readRequest,
  ServerHandshake,
  verifyConnect,
  verifyResponse,
} from '../src/index.js';
import { connect, NONCE, request, response } from './example.js';

/** Calls with what no compiler would let pass. */
function call(run: (...given: never[]) => unknown, ...given: unknown[]): () => unknown {
  return () => Reflect.apply(run, undefined, given);
}

const offer = readRequest(request({}));
const sent = createRequest('ws://a/', { nonce: NONCE });

describe('a caller who gives an option of the wrong kind', () => {
  const SERVER: [object, string][] = [
    [{ subprotocols: 'a' }, 'option subprotocols must be an array of strings or a function, not a string'],
    [
      { subprotocols: ['a', 5] },
      'option subprotocols must be an array of strings or a function, not an array',
    ],
    [{ subprotocols: null }, 'option subprotocols must be an array of strings or a function, not null'],
    [{ extensions: permessageDeflate() }, 'option extensions must be an array of extensions, not an object'],
    [
      { extensions: ['permessage-deflate'] },
      'option extensions must be an array of extensions, not an array',
    ],
    [{ origin: 'https://a.example' }, 'option origin must be a function, not a string'],
    [{ headers: 'X-A: b' }, 'option headers must be an object, not a string'],
    [{ sha1: true }, 'option sha1 must be a function, not a boolean'],
  ];

  it.each(SERVER)('is told so as a server, whatever the request is: %j', (options, message) => {
    const error = new TypeError(message);
    expect(call(acceptRequest, request({}), options)).toThrow(error);
    expect(call(acceptRequest, request({ Host: undefined }), options)).toThrow(error);
    expect(call(acceptOffer, offer, options)).toThrow(error);
    expect(call(acceptConnect, connect({}), options)).toThrow(error);
    expect(() => Reflect.construct(ServerHandshake, [options])).toThrow(error);
  });

  const CLIENT: [object, string][] = [
    [{ subprotocols: 'ab' }, 'option subprotocols must be an array of strings, not a string'],
    [{ subprotocols: () => 'a' }, 'option subprotocols must be an array of strings, not a function'],
    [{ subprotocolRequired: 'yes' }, 'option subprotocolRequired must be a boolean, not a string'],
    [{ extensions: {} }, 'option extensions must be an array of extensions, not an object'],
    [{ origin: ['https://a.example'] }, 'option origin must be a string, not an array'],
    [{ host: 8080 }, 'option host must be a string, not a number'],
    [{ headers: 5 }, 'option headers must be an object, not a number'],
  ];

  it.each(CLIENT)('is told so as a client: %j', (options, message) => {
    const error = new TypeError(message);
    expect(call(createRequest, 'ws://a/', { nonce: NONCE, ...options })).toThrow(error);
    expect(call(createConnect, 'ws://a/', { connectProtocol: true, ...options })).toThrow(error);
  });

  it.each([
    [null, 'null'],
    ['chat', 'a string'],
    [5, 'a number'],
  ])('is told so for options %j', (options, kind) => {
    const error = new TypeError(`options must be an object, not ${kind}`);
    expect(call(acceptRequest, request({}), options)).toThrow(error);
    expect(call(acceptOffer, offer, options)).toThrow(error);
    expect(call(acceptConnect, connect({}), options)).toThrow(error);
    expect(call(createRequest, 'ws://a/', options)).toThrow(error);
    expect(call(createConnect, 'ws://a/', options)).toThrow(error);
    expect(call(originPolicy, options)).toThrow(error);
    expect(() => Reflect.construct(ServerHandshake, [options])).toThrow(error);
  });

  it('is told so for an origin policy', () => {
    expect(call(originPolicy, { origins: 'https://a.example' })).toThrow(
      new TypeError('option origins must be an array of strings, not a string'),
    );
    expect(call(originPolicy, { sameOrigin: 1 })).toThrow(
      new TypeError('option sameOrigin must be a boolean, not a number'),
    );
  });

  it.each([
    ['orgin', call(acceptRequest, request({}), { orgin: () => true })],
    ['orgin', call(acceptRequest, request({ Host: undefined }), { orgin: () => true })],
    ['limit', call(readRequest, request({}), { limit: {} })],
    ['protocols', call(acceptOffer, offer, { protocols: ['a'] })],
    ['orgin', call(acceptConnect, connect({}), { orgin: () => true })],
    ['limit', call(readConnect, connect({}), { limit: {} })],
    ['Extensions', () => Reflect.construct(ServerHandshake, [{ Extensions: [] }])],
    ['header', call(createRequest, 'ws://a/', { nonce: NONCE, header: {} })],
    ['protocol', call(createConnect, 'ws://a/', { connectProtocol: true, protocol: 'a' })],
    ['nonse', call(createRequest, 'ws://a/', { nonce: NONCE, nonse: NONCE })],
    ['limit', call(verifyResponse, sent, response({}), { limit: {} })],
    ['origin', call(originPolicy, { origin: ['https://a.example'] })],
    ['noContextTakeover', call(permessageDeflate, { noContextTakeover: true })],
    ['toString', call(permessageDeflate, { toString: true })],
  ])('is told that there is no option %s', (name, run) => {
    expect(run).toThrow(TypeError);
    expect(run).toThrow(`there is no option ${name}; there are `);
  });

  it('may leave each out, or give undefined', () => {
    const nothing = { subprotocols: undefined, extensions: undefined, origin: undefined, headers: undefined };
    expect(acceptRequest(request({}), { ...nothing, sha1: undefined }).ok).toBe(true);
    expect(createRequest('ws://a/', { nonce: NONCE, ...nothing, host: undefined }).subprotocols).toEqual([]);
  });
});

describe('a caller who gives limits', () => {
  const takers: [string, (limits: unknown) => unknown][] = [
    ['readRequest', (limits) => Reflect.apply(readRequest, undefined, [request({}), { limits }])],
    ['acceptRequest', (limits) => Reflect.apply(acceptRequest, undefined, [request({}), { limits }])],
    ['readConnect', (limits) => Reflect.apply(readConnect, undefined, [connect({}), { limits }])],
    [
      'verifyResponse',
      (limits) => Reflect.apply(verifyResponse, undefined, [sent, response({}), { limits }]),
    ],
    [
      'verifyConnect',
      (limits) =>
        Reflect.apply(verifyConnect, undefined, [
          createConnect('ws://a/', { connectProtocol: true }),
          {},
          { limits },
        ]),
    ],
    ['ServerHandshake', (limits) => Reflect.construct(ServerHandshake, [{ limits }])],
    ['ClientHandshake', (limits) => Reflect.construct(ClientHandshake, [sent, limits])],
    ['RequestHeadParser', (limits) => Reflect.construct(RequestHeadParser, [limits])],
  ];

  it.each(takers)(
    'is told by %s of one that there is not, so that no misspelt one is passed over',
    (_, take) => {
      expect(() => take({ headLenght: 8192 })).toThrow(new TypeError('there is no limit headLenght'));
      expect(() => take({ toString: 1 })).toThrow(new TypeError('there is no limit toString'));
      expect(() => take(8192)).toThrow(new TypeError('limits must be an object, not a number'));
      expect(() => take(null)).toThrow(new TypeError('limits must be an object, not null'));
      expect(() => take({ headLength: '8192' })).toThrow(RangeError);
      expect(() => take({ headLength: 8192 })).not.toThrow();
    },
  );
});
