import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import type { DeflateParameters } from '../../src/index.js';
import { deflateOf, PRESET } from '../support/deflate.js';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Recorded, record } from '../support/recorder.js';

/*
 * permessage-deflate against that of npm ws, which uses the zlib of the runtime. Its Sender, Receiver and
 * PerMessageDeflate are exported, and missing from its types.
 */

interface WsDeflate {
  offer(): Record<string, unknown>;
  accept(configurations: readonly Record<string, readonly unknown[]>[]): unknown;
  cleanup(): void;
}

interface WsReceiver {
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): void;
  on(event: 'ping', listener: (data: Uint8Array) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  write(chunk: Uint8Array, done: () => void): void;
}

interface WsSender {
  send(
    data: string | Uint8Array,
    options: { binary: boolean; compress: boolean; fin: boolean; mask: boolean },
    done: () => void,
  ): void;
  ping(data: Uint8Array, mask: boolean, done: () => void): void;
}

interface WsParts {
  PerMessageDeflate: new (options: { threshold: number; isServer: boolean }) => WsDeflate;
  Receiver: new (options: { extensions: Record<string, WsDeflate>; isServer: boolean }) => WsReceiver;
  Sender: new (socket: Duplex, extensions: Record<string, WsDeflate>) => WsSender;
}

const { PerMessageDeflate, Receiver, Sender } = ws as unknown as WsParts;

/** A side of ws, joined to a recorded connection of the other role. */
class WsSide {
  readonly received: string[] = [];
  readonly #deflate: WsDeflate;
  readonly #receiver: WsReceiver;
  readonly #sender: WsSender;
  readonly #written: Uint8Array[] = [];
  readonly #masks: boolean;

  constructor(isServer: boolean, parameters: DeflateParameters) {
    this.#masks = !isServer;
    this.#deflate = new PerMessageDeflate({ threshold: 0, isServer });
    if (!isServer) this.#deflate.offer();
    this.#deflate.accept([fields(parameters)]);
    const extensions = { 'permessage-deflate': this.#deflate };
    this.#receiver = new Receiver({ extensions, isServer });
    this.#receiver.on('message', (data, isBinary) => {
      this.received.push(isBinary ? `binary ${toHex(data)}` : `text ${new TextDecoder().decode(data)}`);
    });
    this.#receiver.on('ping', (data) => this.received.push(`ping ${toHex(data)}`));
    this.#receiver.on('error', (error) => this.received.push(String(error)));
    const written = this.#written;
    const socket = new Duplex({
      read: () => {},
      write: (chunk: Uint8Array, _, done) => {
        written.push(Uint8Array.from(chunk));
        done();
      },
    });
    this.#sender = new Sender(socket, extensions);
  }

  /** Decodes what the other side wrote, in pieces. */
  async receive(bytes: Uint8Array, size: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise<void>((done) => this.#receiver.write(bytes.slice(at, at + size), done));
    }
    // What was written last may be inflating: the next write is taken when it is done.
    await new Promise<void>((done) => this.#receiver.write(Uint8Array.of(), done));
  }

  send(data: string | Uint8Array, compress: boolean, fin = true): Promise<void> {
    const options = { binary: typeof data !== 'string', compress, fin, mask: this.#masks };
    return new Promise((done) => this.#sender.send(data, options, done));
  }

  ping(data: Uint8Array): Promise<void> {
    return new Promise((done) => this.#sender.ping(data, this.#masks, done));
  }

  /** All that was sent so far. */
  wire(): Uint8Array {
    return concat(...this.#written);
  }

  close(): void {
    this.#deflate.cleanup();
  }
}

/** The parameters as fields of the handshake, as ws takes them. */
function fields(parameters: DeflateParameters): Record<string, readonly unknown[]> {
  return {
    ...(parameters.serverNoContextTakeover ? { server_no_context_takeover: [true] } : {}),
    ...(parameters.clientNoContextTakeover ? { client_no_context_takeover: [true] } : {}),
    ...(parameters.serverMaxWindowBits < 15
      ? { server_max_window_bits: [String(parameters.serverMaxWindowBits)] }
      : {}),
    ...(parameters.clientMaxWindowBits < 15
      ? { client_max_window_bits: [String(parameters.clientMaxWindowBits)] }
      : {}),
  };
}

const AGREEMENTS: readonly [string, Partial<DeflateParameters>][] = [
  ['no parameters', {}],
  ['server without takeover', { serverNoContextTakeover: true }],
  ['client without takeover', { clientNoContextTakeover: true }],
  ['both without takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }],
  ['windows of 9 and 10 bits', { serverMaxWindowBits: 9, clientMaxWindowBits: 10 }],
];

const LONG = concat(pattern(3000), pattern(3000, 5), pattern(3000));

describe.each(CODECS.filter(({ codec }) => !codec().poison))(
  'permessage-deflate with ws ($name)',
  ({ codec }) => {
    describe.each(['client', 'server'] as const)('as %s', (role) => {
      describe.each(AGREEMENTS)('%s', (_, agreed) => {
        const parameters = { ...PRESET, ...agreed };
        const open = (): { own: Recorded; peer: WsSide } => ({
          own: record({ role, codec: codec() }, {}, [deflateOf(role, new PakoEngine(500), parameters)]),
          peer: new WsSide(role === 'client', parameters),
        });

        it('is understood by ws', async () => {
          const { own, peer } = open();
          const { connection } = own;
          connection.sendText('Hello');
          connection.sendText('Hello');
          connection.sendBinary(LONG);
          connection.sendBinary(LONG);
          connection.sendText('plain', { compress: false });
          const writer = connection.startMessage('text');
          for (const part of ['Hel', 'lo, \ud83d', '\ude00']) writer.write(part);
          connection.ping(hex('01'));
          writer.end();
          connection.sendText('');
          connection.sendText('Hello');
          await peer.receive(own.wire(), 700);
          expect(peer.received).toEqual([
            'text Hello',
            'text Hello',
            `binary ${toHex(LONG)}`,
            `binary ${toHex(LONG)}`,
            'text plain',
            'ping 01',
            'text Hello, 😀',
            'text ',
            'text Hello',
          ]);
          peer.close();
        });

        it('understands ws', async () => {
          const { own, peer } = open();
          await peer.send('Hello', true);
          await peer.send('Hello', true);
          await peer.send(LONG, true);
          await peer.send(LONG, true);
          await peer.send('plain', false);
          await peer.send('Hel', true, false);
          await peer.ping(hex('01'));
          await peer.send('lo, ', true, false);
          await peer.send('€', true, true);
          await peer.send('', true);
          await peer.send('Hello', true);
          const bytes = peer.wire();
          for (let at = 0; at < bytes.length; at += 700) own.connection.receive(bytes.subarray(at, at + 700));
          expect(own.events).toEqual([
            'text Hello',
            'text Hello',
            `binary ${toHex(LONG)}`,
            `binary ${toHex(LONG)}`,
            'text plain',
            'ping 01',
            'text Hello, €',
            'text ',
            'text Hello',
          ]);
          peer.close();
        });
      });
    });
  },
);
