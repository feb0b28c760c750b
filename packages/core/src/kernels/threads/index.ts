/** Threads that work on parts of a kernel side by side. */

export * from './calls.ts';
export * from './jobs.ts';
export { threadsWanted, timesWanted, wantThreads, worthThreads } from './number.ts';
export { patience, stopWorkers, team } from './team.ts';
