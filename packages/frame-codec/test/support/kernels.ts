import { Codec, type KernelKind } from '../../src/index.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { loadKernel } from '../../src/kernel/load-kernel.js';

const KINDS: readonly KernelKind[] = ['wasm', 'script'];

/** Every kernel, each also with released memory poisoned: the suites run over all of them. */
export const CODECS: readonly { name: string; codec: () => Codec }[] = KINDS.flatMap((kernel) => [
  { name: kernel, codec: () => new Codec({ kernel }) },
  { name: `${kernel}, poisoned`, codec: () => new Codec({ kernel, poison: true }) },
]);

/** Those that poison. */
export const POISONED: typeof CODECS = CODECS.filter(({ name }) => name.endsWith('poisoned'));

/** The bare kernels. */
export const KERNELS: readonly { kind: KernelKind; kernel: () => Kernel }[] = KINDS.map((kind) => ({
  kind,
  kernel: () => loadKernel(kind),
}));
