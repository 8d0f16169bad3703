/** The status codes of RFC 6455 §7.4.1 and of its IANA registry. */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never on the wire: the close frame carried no code. */
  noStatus: 1005,
  /** Never on the wire: the connection ended without a close frame. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  /** Never on the wire: the TLS handshake failed. */
  tlsHandshake: 1015,
} as const;

/** Most bytes of UTF-8 that a close reason may have: a control frame carries 125, two of them are the code (§5.5). */
export const MAX_CLOSE_REASON_LENGTH = 123;

/** The codes that {@link isSendableCloseCode} holds for, in words. */
export const SENDABLE = '1000 to 1003, 1007 to 1014 and 3000 to 4999';

/**
 * Whether an endpoint may send `code` in a close frame: 1000–1003 and 1007–1014 of the registry, 3000–3999 for
 * libraries and 4000–4999 for applications (§7.4.1, §7.4.2). 1004, 1005, 1006 and 1015 must never be on the wire.
 */
export function isSendableCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
    (code >= 3000 && code <= 4999)
  );
}
