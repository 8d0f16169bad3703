// What a connection knows of itself, as bits of one number: a field for each counts where ten thousand wait.

/** Something was received since this was last reset. */
export const HEARD = 1;
/** A write that has ended leaves nothing behind that looks at its bytes. */
export const REUSABLE = 2;
/** The handle of the socket may be written to. */
export const DIRECT = 4;
export const RECEIVING = 8;
export const GATHERING = 16;
/** Too much waits, and that is to be told as soon as nothing is being written. */
export const OVERFLOWS = 32;
/** It was told that too much waits: once and for all. */
export const OVERFLOWED = 64;
/**
 * It has lately sent several frames in one tick, and gathers from the first on: the one flag that decides whether the
 * first frame of a tick leaves at once.
 */
export const SENDS_SEVERAL = 128;
/** It has gathered more than one frame in this tick. */
export const GATHERED_SEVERAL = 256;
/** The end of the stream flushes first. */
export const FLUSHES_AT_END = 512;
/** It reads on behind a turn of others. */
export const READS_LATER = 1024;
/** The stream is closed. */
export const FINISHED = 2048;
/** Above these bits stands the tick in which it sent last. */
export const TICK_SHIFT = 12;
export const FLAGS: number = (1 << TICK_SHIFT) - 1;
