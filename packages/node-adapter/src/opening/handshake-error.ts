import { HandshakeError, type Violation } from '@x/handshake';

/**
 * What is emitted when a peer broke a rule of the opening handshake: the words of npm `ws` where it has some. The
 * handshake's own error, which names the rule and its section, is the `cause`.
 */
export function toHandshakeError(text: string, violation: Violation | undefined, message: string): Error {
  if (violation === undefined) return new Error(text);
  return new Error(text, { cause: Object.assign(new HandshakeError(violation), { message }) });
}
