import { createRequire } from 'node:module';
import type { StreamInput } from '../arbitraries/stream-input.js';
import { TAG, type Transcript } from '../properties/transcript.js';

/** The half of npm ws that reads; its types leave it out. */
interface WsReceiver {
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): void;
  on(event: 'ping' | 'pong', listener: (data: Uint8Array) => void): void;
  on(event: 'conclude', listener: (code: number, reason: Uint8Array) => void): void;
  on(event: 'error', listener: () => void): void;
  _write(chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void): void;
}

interface WsParts {
  readonly Receiver: new (options: {
    isServer: boolean;
    maxPayload: number;
    maxFragments: number;
    allowSynchronousEvents: boolean;
  }) => WsReceiver;
}

const { Receiver }: WsParts = createRequire(import.meta.url)('ws');

/** The close code that ws would send for an error of its receiver. */
function statusOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  const status: unknown = symbol === undefined ? undefined : Reflect.get(error, symbol);
  return typeof status === 'number' ? status : 1006;
}

/** Lets ws read the chunks, and write down what it makes of them; returns the close code of its error, if it has one. */
export function readWithWs(
  input: StreamInput,
  chunks: readonly Uint8Array[],
  to: Transcript,
): number | undefined {
  const { role, limits } = input;
  let status: number | undefined;
  let over = false;
  const receiver = new Receiver({
    isServer: role === 'server',
    maxPayload: limits.maxMessageLength,
    maxFragments: limits.maxFragments,
    allowSynchronousEvents: true,
  });
  const note = (tag: (typeof TAG)['text' | 'binary' | 'ping' | 'pong'], data: Uint8Array): void => {
    to.begin(tag);
    to.put(data);
  };
  to.clear();
  receiver.on('message', (data, isBinary) => note(isBinary ? TAG.binary : TAG.text, data));
  receiver.on('ping', (data) => note(TAG.ping, data));
  receiver.on('pong', (data) => note(TAG.pong, data));
  receiver.on('conclude', (code, reason) => {
    over = true;
    to.begin(TAG.closing);
    to.put([code >> 8, code & 255]);
    to.put(reason);
  });
  for (const chunk of chunks) {
    if (over || status !== undefined) break;
    // It unmasks in place.
    receiver._write(Buffer.from(chunk), 'buffer', (error) => {
      if (error) status ??= statusOf(error);
    });
  }
  return status;
}
