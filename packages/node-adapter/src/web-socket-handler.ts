import type { Borrowed, ProtocolError } from '@x/frame-codec';
import { ownCopy } from './payload.js';
import { toWsError } from './protocol-error.js';
import { READY_STATES } from './ready-state.js';
import type { SocketConnection, SocketHandler } from './transport.js';
import type { WebSocket } from './web-socket.js';

type Of = SocketConnection<WebSocket>;

/** What connections tell the `WebSocket` that they belong to; one object for all of them. */
export const webSocketHandler: SocketHandler<WebSocket> = {
  textBytes({ context }: Of, payload: Borrowed): void {
    context.receiveMessage(ownCopy(payload), false);
  },
  binary({ context }: Of, payload: Borrowed): void {
    context.receiveMessage(ownCopy(payload), true);
  },
  ping({ context }: Of, payload: Borrowed): void {
    context.receiveControl('ping', ownCopy(payload));
  },
  pong({ context }: Of, payload: Borrowed): void {
    context.receiveControl('pong', ownCopy(payload));
  },
  closing({ context }: Of, code: number, reason: string): void {
    context.receiveClose(code, reason);
  },
  error({ context }: Of, error: ProtocolError): void {
    context.fail(toWsError(error));
  },
  end({ context }: Of): void {
    context.ended();
  },
  peerEnd({ context }: Of): void {
    context._readyState = READY_STATES.CLOSING;
  },
  drain({ context }: Of): void {
    context.emit('drain');
  },
  close({ context }: Of, _code: number, _reason: string, clean: boolean): void {
    context.finish(clean);
  },
};
