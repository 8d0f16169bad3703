import type { Agent, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { expectTypeOf, it } from 'vitest';
import type * as Theirs from 'ws';
import {
  type ClientOptions,
  type Data,
  type WebSocket as Ours,
  type RawData,
  type SendOptions,
  type ServerOptions,
  WebSocket,
  WebSocketServer,
} from '../src/index.js';

// What is asserted here, the compiler checks; the test runner only finds it well-formed.

it('knows what listeners of a WebSocket get', () => {
  const check = (websocket: WebSocket): void => {
    websocket.on('message', function (data, isBinary) {
      expectTypeOf(this).toEqualTypeOf<WebSocket>();
      expectTypeOf(data).toEqualTypeOf<RawData>();
      expectTypeOf(isBinary).toEqualTypeOf<boolean>();
    });
    websocket.once('close', (code, reason) => {
      expectTypeOf(code).toEqualTypeOf<number>();
      expectTypeOf(reason).toEqualTypeOf<Buffer>();
    });
    websocket.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
    websocket.on('unexpected-response', (_request, response) => {
      expectTypeOf(response).toEqualTypeOf<IncomingMessage>();
    });
    websocket.on('mine', (anything) => expectTypeOf(anything).toBeAny());
    websocket.onmessage = ({ data, target }) => {
      expectTypeOf(data).toEqualTypeOf<string | RawData>();
      expectTypeOf(target).toEqualTypeOf<WebSocket>();
    };
    websocket.addEventListener('close', ({ code, wasClean }) => {
      expectTypeOf(code).toEqualTypeOf<number>();
      expectTypeOf(wasClean).toEqualTypeOf<boolean>();
    });
  };
  expectTypeOf(check).toBeFunction();
});

it('knows what can be sent', () => {
  expectTypeOf<WebSocket['send']>().toBeCallableWith('text');
  expectTypeOf<WebSocket['send']>().toBeCallableWith(new Uint8Array(1), { binary: true, compress: false });
  expectTypeOf<WebSocket['send']>().toBeCallableWith(1, (error) => void error);
  expectTypeOf<WebSocket['send']>().toBeCallableWith(
    Buffer.alloc(1) as RawData,
    { fin: false },
    () => undefined,
  );
  expectTypeOf<SendOptions>().toHaveProperty('mask');
});

it('takes the options of http, net and tls for a client', () => {
  expectTypeOf<{
    agent: Agent;
    ca: string;
    headers: { Cookie: string };
    rejectUnauthorized: false;
  }>().toExtend<ClientOptions>();
  expectTypeOf<Theirs.ClientOptions['perMessageDeflate']>().toExtend<ClientOptions['perMessageDeflate']>();
});

it('hands the class and the request of a server through', () => {
  class Mine extends WebSocket {
    mine = 1;
  }
  const check = (): void => {
    const server = new WebSocketServer({ noServer: true, WebSocket: Mine });
    expectTypeOf(server.clients).toEqualTypeOf<Set<Mine>>();
    server.on('connection', (websocket, request) => {
      expectTypeOf(websocket).toEqualTypeOf<Mine>();
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
    });
    server.on('wsClientError', (_error, socket) => expectTypeOf(socket).toEqualTypeOf<Duplex>());
    server.on('headers', (headers) => expectTypeOf(headers).toEqualTypeOf<string[]>());
  };
  expectTypeOf(check).toBeFunction();
});

it('has the names of @types/ws', () => {
  expectTypeOf<Ours.RawData>().toEqualTypeOf<RawData>();
  expectTypeOf<Ours.Data>().toEqualTypeOf<Data>();
  expectTypeOf<Ours.ClientOptions>().toEqualTypeOf<ClientOptions>();
  expectTypeOf<Ours.ServerOptions>().toEqualTypeOf<ServerOptions>();
  expectTypeOf<Ours.MessageEvent['data']>().toEqualTypeOf<Data>();
  expectTypeOf<Ours.Server>().toEqualTypeOf<WebSocketServer>();
  expectTypeOf<typeof Ours.Server>().toEqualTypeOf<typeof WebSocketServer>();
  expectTypeOf<Ours.VerifyClientCallbackSync>().toExtend<NonNullable<ServerOptions['verifyClient']>>();
  expectTypeOf<Ours.VerifyClientCallbackAsync>().toExtend<NonNullable<ServerOptions['verifyClient']>>();
  expectTypeOf<Ours.FinishRequestCallback>().toEqualTypeOf<NonNullable<ClientOptions['finishRequest']>>();
  expectTypeOf<Ours.CloseEvent['code']>().toBeNumber();
  expectTypeOf<Ours.ErrorEvent['error']>().toEqualTypeOf<Error>();
  expectTypeOf<Ours.Event['target']>().toEqualTypeOf<WebSocket>();
  expectTypeOf<Ours.EventListenerOptions>().toHaveProperty('once');
  expectTypeOf<Ours.AddressInfo['port']>().toBeNumber();
  expectTypeOf<Ours.CertMeta>().not.toBeAny();
  expectTypeOf<Ours.WebSocketEventMap>().toHaveProperty('message');
});

it('has every option of @types/ws', () => {
  expectTypeOf<Exclude<keyof Theirs.ServerOptions, keyof ServerOptions>>().toBeNever();
  expectTypeOf<
    Exclude<keyof Theirs.ClientOptions, keyof ClientOptions | 'protocol' | 'checkServerIdentity'>
  >().toBeNever();
  expectTypeOf<Exclude<keyof Theirs.WebSocket, keyof WebSocket>>().toBeNever();
  expectTypeOf<Exclude<keyof Theirs.Server, keyof WebSocketServer | 'path'>>().toBeNever();
});
