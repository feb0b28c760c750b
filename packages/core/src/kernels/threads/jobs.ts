/** Programs whose kernels are done in parts. */

import { SETTLE, type SharedMemory, type SharedModule, sharedMemory } from '../wasm/index.ts';
import { mostThreads } from './control.ts';
import { threadsWanted } from './number.ts';
import { hasWorkers } from './start-worker.ts';
import { announce, forget, type PartOf, runParts, threadsFor } from './team.ts';

/** Multiply-adds of a part, or what takes as long: below that a thread costs more than it does. */
const leastPart = 50_000;
/** Multiply-adds a millisecond, at the very least. */
export const slowest = 50_000;

/** A kernel that a module exports under this name as a {@link PartOf}. */
export interface Job {
  readonly name: string;
  /** Into how many parts it can be cut. */
  readonly units: number;
  /** How long it takes, in multiply-adds. */
  readonly work: number;
}

/** A function that a module imports under the name `as`. */
export interface Callee {
  readonly as: string;
  readonly from: SharedModule;
  readonly name: string;
}

/** Into how many parts a job is worth being cut. */
export const mostParts = ({ units, work }: Omit<Job, 'name'>): number =>
  Math.min(units, Math.floor(work / leastPart), mostThreads);

/** The memory for programs: one that threads share, where there are any and more than one is wanted; else `null`. */
export const memoryOfPrograms = (): SharedMemory | null =>
  threadsWanted() > 1 && hasWorkers() ? sharedMemory() : null;

const isOfMath = ([name, f]: readonly [string, unknown]): boolean =>
  name === SETTLE || f === (Math as unknown as Record<string, unknown>)[name];

/** Whether workers can have a module too: it imports nothing but functions of `Math`, and what comes before those. */
export const canBeSent = ({ env }: SharedModule): boolean => Object.entries(env).every(isOfMath);

const unused = typeof FinalizationRegistry === 'undefined' ? null : new FinalizationRegistry<number>(forget);

/**
 * Tells workers of the jobs of a module, which imports callees and functions of `Math`; gives the number by which they
 * know it.
 */
export function announceJobs(
  { module }: SharedModule,
  callees: readonly Callee[],
  jobs: readonly string[],
  math: readonly string[] = [],
): number {
  const modules = [...new Set(callees.map(({ from }) => from))];
  return announce({
    module,
    math,
    modules: modules.map((from) => ({ module: from.module, math: Object.keys(from.env) })),
    callees: callees.map(({ as, from, name }) => ({ as, from: modules.indexOf(from), name })),
    jobs,
  });
}

/** Gives what runs a job of a module on as many threads as there are for it; it returns when all is done. */
export function forkOf(
  memory: SharedMemory,
  module: SharedModule,
  callees: readonly Callee[],
  jobs: readonly Job[],
  math: readonly string[] = [],
): (job: number) => void {
  const id = announceJobs(
    module,
    callees,
    jobs.map(({ name }) => name),
    math,
  );
  const known = jobs.map((job) => ({
    run: module.exports[job.name] as PartOf,
    parts: mostParts(job),
    milliseconds: job.work / slowest,
  }));
  const fork = (number: number): void => {
    const job = known[number];
    if (job === undefined) return;
    runParts(id, number, job.run, Math.min(job.parts, threadsFor(memory)), job.milliseconds);
  };
  unused?.register(fork, id, fork);
  ids.set(fork, id);
  return fork;
}

const ids = new WeakMap<object, number>();

/** Has workers forget the jobs of what {@link forkOf} gave, which is not called any more. */
export function forgetJobs(fork: (job: number) => void): void {
  const id = ids.get(fork);
  if (id === undefined) return;
  ids.delete(fork);
  unused?.unregister(fork);
  forget(id);
}
