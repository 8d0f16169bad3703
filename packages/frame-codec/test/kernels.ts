import { Codec, type KernelKind } from '../src/index.js';

/** Every kernel, each also with released memory poisoned: the suites run over all of them. */
export const CODECS: readonly { name: string; codec: () => Codec }[] = (
  ['wasm', 'script'] satisfies KernelKind[]
).flatMap((kernel) => [
  { name: kernel, codec: () => new Codec({ kernel }) },
  { name: `${kernel}, poisoned`, codec: () => new Codec({ kernel, poison: true }) },
]);
