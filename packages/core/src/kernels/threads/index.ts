/** Threads that work on parts of a kernel side by side. */

export { mostThreads } from './control.ts';
export * from './jobs.ts';
export { threadsWanted, wantThreads } from './number.ts';
export { patience, stopWorkers, team } from './team.ts';
