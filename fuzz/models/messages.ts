import type { FrameModel } from './frames.js';
import { isUtf8 } from './utf8.js';

/** What the application is told, in order. */
export type ModelEvent =
  | { readonly kind: 'text' | 'binary' | 'ping' | 'pong'; readonly payload: readonly number[] }
  | { readonly kind: 'closing'; readonly code: number; readonly reason: readonly number[] }
  | { readonly kind: 'error'; readonly violation: string; readonly position: number | undefined };

/** A control frame that is to be sent. */
export interface ModelReply {
  readonly opcode: 8 | 10;
  /** the whole payload of a pong; of a close frame the two bytes of its code, or none, and the reason where it is echoed */
  readonly payload: readonly number[];
  /** whether a reason of this side's choice may follow */
  readonly anyReason: boolean;
}

/** What a connection makes of frames, when it sends nothing by itself (§5.4, §5.5, §7). */
export interface Outcome {
  readonly events: ModelEvent[];
  readonly replies: ModelReply[];
  /** of `close`: the peer's code, 1005 where it sent none, 1006 where no close frame came (§7.1.5) */
  closeCode: number;
}

/** §7.4.1 and the IANA registry: 1007 for text that is not UTF-8, 1009 for what is too big, 1008 for policy, 1013 for
 * what all connections lack, 1002 for all other faults. */
function closeCodeFor(violation: string): number {
  if (violation.endsWith('not-utf8') || violation === 'extension-data-invalid') return 1007;
  if (violation === 'frame-too-long' || violation === 'message-too-long') return 1009;
  if (violation === 'fragments-too-many' || violation === 'retained-too-much') return 1008;
  if (violation === 'memory-exhausted') return 1013;
  return 1002;
}

/** §7.4.1, §7.4.2 and the IANA registry: codes that may stand in a close frame. */
function maySend(code: number): boolean {
  const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  return registered.includes(code) || (code >= 3000 && code < 5000);
}

function codeBytes(code: number): number[] {
  return [Math.floor(code / 256), code % 256];
}

/** Walks the frames that a {@link FrameModel} read. */
export function outcomeOf(model: FrameModel): Outcome {
  const outcome: Outcome = { events: [], replies: [], closeCode: 1006 };
  const fail = (violation: string, position?: number): Outcome => {
    outcome.events.push({ kind: 'error', violation, position });
    outcome.replies.push({ opcode: 8, payload: codeBytes(closeCodeFor(violation)), anyReason: true });
    return outcome;
  };
  let kind: 'text' | 'binary' = 'text';
  let message: number[] = [];
  for (const { first, payload, whole } of model.frames) {
    if (!whole) break;
    const opcode = first & 0x0f;
    if (opcode === 9) {
      outcome.events.push({ kind: 'ping', payload });
      // §5.5.3: "identical 'Application data' as found in the message body of the Ping frame".
      outcome.replies.push({ opcode: 10, payload, anyReason: false });
    } else if (opcode === 10) {
      outcome.events.push({ kind: 'pong', payload });
    } else if (opcode === 8) {
      if (payload.length === 1) return fail('close-code-truncated');
      const code = payload.length === 0 ? 1005 : (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
      if (payload.length > 0 && !maySend(code)) return fail('close-code-invalid');
      if (!isUtf8(payload.slice(2))) return fail('close-reason-not-utf8');
      outcome.events.push({ kind: 'closing', code, reason: payload.slice(2) });
      outcome.replies.push({ opcode: 8, payload, anyReason: false });
      outcome.closeCode = code;
      // §1.4: "discards any further data received".
      return outcome;
    } else {
      if (opcode !== 0) {
        kind = opcode === 1 ? 'text' : 'binary';
        message = [];
      }
      for (const byte of payload) message.push(byte);
      if (first >= 0x80) outcome.events.push({ kind, payload: message });
    }
  }
  return model.fault === undefined ? outcome : fail(model.fault.violation, model.fault.position);
}
