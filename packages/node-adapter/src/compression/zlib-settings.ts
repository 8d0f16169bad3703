import type { ZlibOptions } from 'minizlib';

/** Options of `zlib` that are handed through: `level`, `memLevel`, `strategy` … */
export type ZlibSettings = Omit<ZlibOptions, 'encoding' | 'objectMode' | 'async' | 'flush'>;
