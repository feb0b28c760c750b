/** The workers, and how a call is shared with them. */

import { KindlingError } from '../../errors.ts';
import { type SharedMemory, scratchLimit } from '../wasm/index.ts';
import {
  controlBytes,
  DONE,
  FAILED,
  JOB,
  mostThreads,
  POSTED,
  PROGRAM,
  partBits,
  SLEEPERS,
  TAKEN,
  WORD,
} from './control.ts';
import { threadsWanted } from './number.ts';
import { type Helper, startWorker } from './start-worker.ts';

/** Does one of so many parts, with the address of a megabyte that no other thread uses. */
export type PartOf = (part: number, parts: number, scratch: number) => void;

/** Each worker's scratch; they lie one behind the other, after that of calls. */
const scratchBytes = 2 ** 20;
/** How often this thread looks whether the others are done before it sleeps. */
const spins = 20_000;
const napMilliseconds = 20;
/** For how many milliseconds a part that a worker took is waited for, beside what it may take. */
export const patience = { milliseconds: 10_000 };

/** The words that threads agree by; made with the first call that is shared. */
let control: Int32Array<SharedArrayBuffer> | null = null;
let helpers: readonly Member[] = [];
/** No worker is started any more after one ended by itself: who knows why. */
let failed = false;
let calls = 0;

/** A worker, and how many messages were posted to it. */
interface Member {
  readonly helper: Helper;
  /** Which of the words counts them. */
  readonly word: number;
  posted: number;
}

/** What workers have to know of each program. */
const programs = new Map<number, object>();
let programCount = 0;

/**
 * Lets workers leave their loop: what they wait for changes. Of those that sleep no more are woken than parts want
 * beside those that are awake: each would take time from the others, on a machine with fewer cores, only to find
 * nothing.
 */
function nextCall(words: Int32Array<SharedArrayBuffer>, parts: number, wanted: number): void {
  calls = (calls + 1) & 0xfffff;
  Atomics.store(words, WORD, (calls << (2 * partBits)) | (parts << partBits));
  const asleep = Atomics.load(words, SLEEPERS);
  const awake = helpers.length - asleep;
  if (asleep > 0 && wanted > awake) Atomics.notify(words, WORD, wanted - awake);
}

function post(words: Int32Array<SharedArrayBuffer>, to: Member, message: object): void {
  // The number first: a worker that had the message before it would take it for one of several, and wait for the next.
  to.posted++;
  Atomics.store(words, to.word, to.posted);
  to.helper.post(message);
  nextCall(words, 0, mostThreads);
}

function postToAll(message: object): void {
  if (control === null) return;
  for (const member of helpers) post(control, member, message);
}

/** How many threads there are for a call, workers being started where some are missing. */
export function threadsFor(memory: SharedMemory): number {
  const wanted = Math.min(threadsWanted(), mostThreads);
  if (wanted > helpers.length + 1 && !failed) startUpTo(wanted - 1, memory);
  return Math.min(wanted, helpers.length + 1);
}

function startUpTo(count: number, memory: SharedMemory): void {
  control ??= new Int32Array(new SharedArrayBuffer(controlBytes));
  const words = control;
  try {
    while (helpers.length < count) {
      const number = helpers.length + 1;
      const helper = startWorker(() => {
        failed ||= helpers.includes(member);
        helpers = helpers.filter((other) => other !== member);
      });
      const member: Member = { helper, word: POSTED + number, posted: 0 };
      helpers = [...helpers, member];
      const scratch = scratchLimit + number * scratchBytes;
      post(words, member, { kind: 'begin', control: words, memory, scratch, posted: member.word });
      for (const message of programs.values()) post(words, member, message);
    }
  } catch {
    // Where a page's policy forbids workers, or an engine cannot send what they need, one thread does everything.
    disband();
  }
}

/** Tells workers of a program; gives its number. */
export function announce(message: object): number {
  const id = programCount++;
  const known = { ...message, kind: 'program', id };
  programs.set(id, known);
  postToAll(known);
  return id;
}

/** Has workers forget a program. */
export function forget(id: number): void {
  programs.delete(id);
  postToAll({ kind: 'forget', id });
}

/** What is going on, for tests. */
export const team = {
  /** How many workers there are. */
  workers: (): number => helpers.length,
  /** How many parts workers have taken. */
  taken: (): number => (control === null ? 0 : Atomics.load(control, TAKEN)),
  /** How many workers sleep. */
  asleep: (): number => (control === null ? 0 : Atomics.load(control, SLEEPERS)),
};

/** Ends all workers. They are not started again. */
export function stopWorkers(): void {
  for (const { helper } of helpers) helper.end();
  failed = true;
}

/**
 * Runs all parts of a job, this thread taking those that no worker takes: one that is not up yet, or not any more,
 * costs nothing.
 * @throws KindlingError where a worker took a part and does not finish it
 */
export function runParts(id: number, job: number, run: PartOf, parts: number, milliseconds: number): void {
  const words = control;
  if (words === null || parts < 2) {
    run(0, 1, 0);
    return;
  }
  Atomics.store(words, DONE, 0);
  Atomics.store(words, PROGRAM, id);
  Atomics.store(words, JOB, job);
  nextCall(words, parts, parts - 1);
  let own = 0;
  for (;;) {
    const word = Atomics.load(words, WORD);
    const next = word & mostThreads;
    if (next >= parts) break;
    if (Atomics.compareExchange(words, WORD, word, word + 1) !== word) continue;
    try {
      run(next, parts, 0);
    } catch (error) {
      disband();
      throw error;
    }
    own++;
  }
  Atomics.add(words, DONE, own);
  if (own < parts) awaitOthers(words, parts, milliseconds);
}

function awaitOthers(words: Int32Array<SharedArrayBuffer>, parts: number, milliseconds: number): void {
  for (let i = 0; i < spins; i++) if (Atomics.load(words, DONE) === parts) break;
  let patient = patience.milliseconds + milliseconds;
  let last = performance.now();
  for (let done = Atomics.load(words, DONE); done < parts; done = Atomics.load(words, DONE)) {
    nap(words, done);
    const now = performance.now();
    // Where the process was stopped meanwhile, or the machine slept, that is no matter of the worker's.
    patient -= Math.min(now - last, napMilliseconds);
    last = now;
    if (patient < 0) abandon('a worker thread does not finish its part of a kernel, which stays half done');
  }
  if (Atomics.load(words, FAILED) !== 0) abandon('a worker thread failed in its part of a kernel');
}

/** Sleeps until something is done, where that is allowed: not in the main thread of a page. */
function nap(words: Int32Array<SharedArrayBuffer>, done: number): void {
  if (!mayNap) return;
  try {
    Atomics.wait(words, DONE, done, napMilliseconds);
  } catch {
    mayNap = false;
  }
}

let mayNap = true;

/** Goes on without workers, whatever they are at. */
function disband(): void {
  stopWorkers();
  helpers = [];
}

function abandon(what: string): never {
  disband();
  throw new KindlingError(`${what}; from now on this thread works alone`);
}
