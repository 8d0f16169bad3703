import { constants, inflateRawSync } from 'node:zlib';
import { type DeflateParameters, DeflatePool, PermessageDeflate } from '@x/frame-codec';
import {
  type DeflatedInput,
  type DeflatedMessage,
  deflatedInput,
  MAX_MESSAGE_LENGTH,
  TAIL,
  wireOf,
} from '../arbitraries/deflated.js';
import { chunksOf } from '../arbitraries/stream.js';
import { isUtf8 } from '../models/utf8.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

const pool = new DeflatePool({ engine: PAKO, threshold: 0 });

type Verdict = { readonly plain: Uint8Array } | 'refused' | 'unsure';

/** What the zlib of the runtime makes of a message: an independent second opinion. */
function verdictOf({ payload, plain }: DeflatedMessage, window: Uint8Array): Verdict {
  // The limit holds for what is announced and for what comes out.
  if (payload.length > MAX_MESSAGE_LENGTH) return 'refused';
  if (plain !== undefined) return plain.length > MAX_MESSAGE_LENGTH ? 'refused' : { plain };
  const data = Buffer.concat([payload, TAIL]);
  const dictionary = window.length > 0 ? { dictionary: window } : {};
  try {
    const options = {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MAX_MESSAGE_LENGTH,
      ...dictionary,
    };
    const result: unknown = inflateRawSync(data, { ...options, info: true });
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    // Behind a block marked as final a new stream begins, which this does not follow.
    return engine.bytesWritten < data.length ? 'unsure' : { plain: buffer };
  } catch {
    return 'refused';
  }
}

const expected = new Transcript();
const decoded = new Transcript();

const REFUSALS = ['extension-data-invalid', 'message-too-long', 'text-not-utf8'];

export const deflateHostile: Property<DeflatedInput> = {
  name: 'deflate-hostile',
  claim:
    'compressed messages give what zlib gives, and broken or endless ones a typed error (RFC 7692 §7.2.2, §8)',
  part: 'codec',
  arbitrary: deflatedInput,
  check: (input, kernel) => {
    const { role, noContextTakeover, messages } = input;
    const parameters: DeflateParameters = {
      serverNoContextTakeover: noContextTakeover,
      clientNoContextTakeover: noContextTakeover,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 15,
    };
    const limits = { maxMessageLength: MAX_MESSAGE_LENGTH };
    const bytes = wireOf(input);
    const cuts = input.cuts.filter((cut) => cut < bytes.length);
    const chunks = chunksOf({ bytes, cuts });
    expected.clear();
    let window: Uint8Array = new Uint8Array(0);
    let refusals: readonly string[] | undefined;
    let sure = true;
    for (const message of messages) {
      const verdict = verdictOf(message, noContextTakeover ? new Uint8Array(0) : window);
      if (verdict === 'unsure') sure = false;
      else if (verdict === 'refused') refusals = REFUSALS;
      else if (message.kind === 'text' && !isUtf8(verdict.plain)) refusals = ['text-not-utf8'];
      else {
        expected.begin(TAG[message.kind]);
        expected.put(verdict.plain);
        window = Buffer.concat([window, verdict.plain]).subarray(-32_768);
        continue;
      }
      break;
    }
    for (const manner of ['bytes', 'parts'] as const) {
      const extension = new PermessageDeflate(role, parameters, pool);
      const subject = new Subject(kernel, { role, limits }, manner, [extension]);
      const { error } = subject.messages(chunks, decoded);
      subject.connection.receiveEnd();
      if (!expected.begins(decoded)) same(`connection (${manner})`, decoded, 'zlib', expected);
      if (!sure) continue;
      same(`connection (${manner})`, decoded, 'zlib', expected);
      if (refusals === undefined ? error !== undefined : !refusals.includes(error?.violation ?? ''))
        throw new Error(
          `${error?.violation} where ${refusals?.join(' or ') ?? 'no error'} is right (${manner})`,
        );
    }
  },
};
