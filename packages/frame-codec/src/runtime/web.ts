/*
 * The few globals of the web platform that this package uses, declared as narrowly as it uses them. The package is
 * compiled without the types of any runtime, so that the compiler proves that it leans on nothing else.
 */

/** An instance of the frame kernel, as far as this package calls it. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Decodes the bytes between the two places in place; returns how many frame records it wrote. */
  scan(position: number, end: number): number;
  /** Masks in place (§5.3); a key of 0 changes nothing. */
  mask(position: number, length: number, maskingKey: number): void;
  /** Masks in place; returns nonzero when a byte is 0x80 or above after it. */
  maskText(position: number, length: number, maskingKey: number): number;
  /** Checks UTF-8 (§8.1); returns the state behind it, or −1. */
  validate(position: number, end: number, state: number): number;
}

/** A compiled `WebAssembly.Module`; opaque here. */
export type WebAssemblyModule = object;

interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => WebAssemblyModule;
  Instance: new (module: WebAssemblyModule) => { readonly exports: object };
}

interface TextDecoderLike {
  decode(bytes: Uint8Array): string;
}

interface TextEncoderLike {
  encode(text: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number };
}

/** Node and what follows it: methods of `Buffer.prototype` that work on any `Uint8Array`. */
interface BufferMethods {
  latin1Slice?(this: Uint8Array, start: number, end: number): string;
  utf8Slice?(this: Uint8Array, start: number, end: number): string;
  utf8Write?(this: Uint8Array, text: string, offset: number, length: number): number;
}

interface Web {
  readonly WebAssembly?: WebAssemblyApi;
  readonly TextDecoder?: new (
    label: string,
    options: { fatal?: boolean; ignoreBOM?: boolean },
  ) => TextDecoderLike;
  readonly TextEncoder?: new () => TextEncoderLike;
  readonly crypto?: { getRandomValues<T extends Uint8Array | Uint32Array>(target: T): T };
  readonly atob?: (base64: string) => string;
  readonly Buffer?: {
    readonly prototype: BufferMethods;
    /** memory of its own, whose content is not defined */
    allocUnsafeSlow?(length: number): Uint8Array<ArrayBuffer>;
  };
}

/** The globals of the runtime. */
export const web: Web = globalThis as unknown as Web;
