import type { Borrowed, Memory, ProtocolError } from '@x/frame-codec';
import { setImmediate } from '../runtime/clock.js';
import type { SocketConnection, SocketHandler } from '../transport/socket-connection.js';
import { ownCopy, ownMessage } from '../values/payload.js';
import { toWsError } from '../values/protocol-error.js';
import { READY_STATES, type ReadyState } from '../values/ready-state.js';
import type { Outgoing, Sending } from './outgoing.js';

/** What a connection tells the `WebSocket` that it belongs to. */
export interface Owner extends Sending {
  _readyState: ReadyState;
  readonly _terms: { readonly settings: { readonly allowSynchronousEvents?: boolean | undefined } };
  readonly _outgoing: Outgoing | undefined;
  receiveMessage(data: Buffer<ArrayBuffer>, isBinary: boolean): void;
  receiveControl(type: 'ping' | 'pong', data: Buffer): void;
  receiveClose(code: number, reason: string): void;
  fail(error: Error): void;
  ended(): void;
  startCloseTimer(): void;
  overflow(): void;
  failSending(error: Error): void;
  finish(clean: boolean): void;
}

type Of = SocketConnection<Owner>;

/** Has connections tell their owners; one object for all of them. */
export const webSocketHandler: SocketHandler<Owner> = {
  message(connection: Of, memory: Memory, start: number, length: number, isBinary: boolean): void {
    const { context, endpoint } = connection;
    context.receiveMessage(ownMessage(endpoint.codec, memory, start, length), isBinary);
    if (connection.isDecoded) connection.handled(length);
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
    // What still waits for a peer that does not read must not wait for ever.
    context.startCloseTimer();
  },
  overflow({ context }: Of): void {
    context.overflow();
  },
  sendingFailed({ context }: Of, error: Error): void {
    context.failSending(error);
  },
  drain({ context }: Of): void {
    context._outgoing?.drained();
  },
  close({ context }: Of, _code: number, _reason: string, clean: boolean): void {
    if (context._terms.settings.allowSynchronousEvents !== false) context.finish(clean);
    // Behind the last event, which may wait for its task.
    else setImmediate(() => context.finish(clean));
  },
};
