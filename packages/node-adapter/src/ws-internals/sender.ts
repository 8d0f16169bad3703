import type { Duplex } from 'node:stream';
import { type DataPart, Endpoint, FrameEncoder, OPCODES, type Opcode } from '@x/frame-codec';
import { PERMESSAGE_DEFLATE } from '@x/handshake';
import { maskingKeyOf } from '../options/masking-key.js';
import type { Sent } from '../transport/send-callback.js';
import { checkClose } from '../values/close-argument.js';
import { type Bytes, toBytes } from '../values/payload.js';
import type { PerMessageDeflate } from './per-message-deflate.js';

/** How {@link Sender.frame} makes a frame. */
export interface FrameOptions {
  opcode: number;
  fin?: boolean;
  rsv1?: boolean;
  mask?: boolean;
  /** fills in the 4 bytes of the masking key */
  generateMask?: (mask: Buffer) => void;
  /** accepted for the sake of `ws`: data is never changed */
  readOnly?: boolean;
  maskBuffer?: Buffer;
}

/** Made when they are first used: an endpoint loads the kernel. */
let plain: FrameEncoder | undefined;
let masked: FrameEncoder | undefined;

/** Frames onto a stream, as npm `ws` exports it, for software that frames by itself. */
export class Sender {
  readonly #socket: Duplex;
  readonly #extension: PerMessageDeflate | undefined;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;
  #first = true;
  #rsv1 = false;

  constructor(
    socket: Duplex,
    extensions: { readonly [PERMESSAGE_DEFLATE]?: PerMessageDeflate } = {},
    generateMask?: (mask: Buffer) => void,
  ) {
    this.#socket = socket;
    this.#extension = extensions[PERMESSAGE_DEFLATE];
    this.#generateMask = generateMask;
  }

  /**
   * A frame (§5.2), in one piece. `data` is copied.
   *
   * @throws {TypeError} when the opcode is reserved
   * @throws {RangeError} when a control frame is fragmented or longer than 125 bytes
   */
  static frame(data: Uint8Array | string, options: FrameOptions): Buffer[] {
    const payload = bytesOf(data);
    const bits = { fin: options.fin === true, rsv1: options.rsv1 === true };
    const frame = encoderFor(options).encode(options.opcode as Opcode, payload, bits);
    return [Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)];
  }

  /** Writes a close frame (§5.5.1). */
  close(code?: number, reason?: string | Bytes, mask?: boolean, sent?: Sent): void {
    const text = Buffer.from(checkClose(code, reason));
    const head = code === undefined ? [] : [code >> 8, code & 0xff];
    this.#frame(OPCODES.close, Buffer.concat([Buffer.from(head), text]), mask, sent);
  }

  /** Writes a ping (§5.5.2). */
  ping(data: unknown, mask?: boolean, sent?: Sent): void {
    this.#frame(OPCODES.ping, bytesOf(data), mask, sent);
  }

  /** Writes a pong (§5.5.3). */
  pong(data: unknown, mask?: boolean, sent?: Sent): void {
    this.#frame(OPCODES.pong, bytesOf(data), mask, sent);
  }

  /** Writes a message, or with `fin: false` a part of one (§5.4). */
  send(
    data: unknown,
    options: { binary?: boolean; compress?: boolean; fin?: boolean; mask?: boolean },
    sent?: Sent,
  ): void {
    const first = this.#first;
    const fin = options.fin === true;
    this.#first = fin;
    let payload = bytesOf(data);
    if (first) this.#rsv1 = options.compress === true && this.#extension !== undefined;
    if (this.#rsv1 && this.#extension !== undefined) {
      const part: DataPart = {
        text: options.binary !== true,
        rsv: 0,
        firstOfMessage: first,
        firstOfFrame: true,
        lastOfFrame: true,
        lastOfMessage: fin,
      };
      payload = this.#extension.extension.encode(payload, part, true);
      if (first) this.#rsv1 = part.rsv !== 0;
    }
    const opcode = !first ? OPCODES.continuation : options.binary ? OPCODES.binary : OPCODES.text;
    this.#frame(opcode, payload, options.mask, sent, fin, first && this.#rsv1);
  }

  /** Writes frames that were made before, such as {@link Sender.frame} makes. */
  sendFrame(list: readonly Uint8Array[], sent?: Sent): void {
    this.#socket.cork();
    for (const [index, bytes] of list.entries()) {
      if (index === list.length - 1 && sent !== undefined) this.#socket.write(bytes, sent);
      else this.#socket.write(bytes);
    }
    this.#socket.uncork();
  }

  #frame(
    opcode: number,
    payload: Uint8Array,
    mask: boolean | undefined,
    sent: Sent | undefined,
    fin = true,
    rsv1 = false,
  ): void {
    const generateMask = this.#generateMask;
    const options: FrameOptions = { opcode, fin, rsv1, mask: mask === true };
    if (generateMask !== undefined) options.generateMask = generateMask;
    this.sendFrame(Sender.frame(payload, options), sent);
  }
}

function bytesOf(data: unknown): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : toBytes(data);
}

function encoderFor({ mask, generateMask }: FrameOptions): FrameEncoder {
  if (mask !== true) {
    plain ??= new FrameEncoder(new Endpoint({ role: 'server' }));
    return plain;
  }
  if (generateMask === undefined) {
    masked ??= new FrameEncoder(new Endpoint({ role: 'client' }));
    return masked;
  }
  return new FrameEncoder(new Endpoint({ role: 'client', maskingKey: maskingKeyOf(generateMask) }));
}
