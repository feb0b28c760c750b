/**
 * The words by which threads agree, in shared memory. In {@link WORD} stand, from the lowest bit on: the part that is
 * to be taken next, the number of parts, and the number of the call. A thread takes a part by counting the first up,
 * which fails where any has changed. What a call is about is written before, and does not change until all its parts
 * are done.
 */
export const WORD = 0;
export const PROGRAM = 1;
export const JOB = 2;
/** How many parts of the call are done. */
export const DONE = 32;
/** How many workers sleep, or are about to. */
export const SLEEPERS = 48;
/** Whether a worker failed in its part. */
export const FAILED = 64;
/** How many parts workers have taken. */
export const TAKEN = 65;
/** From here on, for each worker: how many messages were posted to it. Who has read fewer goes back to read them. */
export const POSTED = 80;

/** Bits of a part's number, and of the number of parts. */
export const partBits = 6;
/** The most threads that share a call. */
export const mostThreads: number = 2 ** partBits - 1;
export const controlBytes: number = 4 * (POSTED + mostThreads);
