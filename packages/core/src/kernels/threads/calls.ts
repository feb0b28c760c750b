/**
 * Eager calls on several threads: what they copy in and out goes to memory that threads share, for as long as a call
 * takes.
 */

import type { Split } from '../recording/index.ts';
import {
  growMemory,
  instantiateShared,
  ModuleBuilder,
  onOtherScratch,
  onSharedMemory,
  type SharedMemory,
  scratchLimit,
  sharedScratchLimit,
  type ValueType,
} from '../wasm/index.ts';
import { mostThreads } from './control.ts';
import { announceJobs, canBeSent, memoryOfPrograms, mostParts, slowest } from './jobs.ts';
import { threadsWanted, worthNoThreads } from './number.ts';
import { type PartOf, runParts, team, threadsFor } from './team.ts';

/** When calls are worth threads, in multiply-adds; to be changed by tests alone. */
export const worth = {
  /**
   * What an element costs that is copied to shared memory or from there, beyond what one thread pays: most of it is
   * that other cores have to be told.
   */
  ofCopying: 40,
  /**
   * Workers are started when calls of so much work came: one product is soon done, and a script of a few needs none.
   */
  ofTeam: 100_000_000,
};
let workSoFar = 0;

/** A function of WebAssembly that works on rows at addresses. */
export interface RowsFunction {
  readonly kernel: (...args: number[]) => unknown;
  readonly types: readonly ValueType[];
  /** What it gives, and nobody looks at. */
  readonly result?: ValueType;
}

/** How a call is cut: by its rows, or where no argument counts these, into calls for each of so many times. */
export type Cut = Split | (Omit<Split, 'count'> & { readonly count: null; readonly times: number });

/** Calls a function on all threads, by rows. */
export type CallByRows = (f: RowsFunction, args: readonly number[], rows: Cut) => void;

/**
 * Runs a call of so many multiply-adds whose scratch is memory that threads share, with so many elements copied in and
 * out: it may call nothing but functions of rows, by what it is given. Where one thread is to do it nothing happens,
 * and the result is `false`.
 */
export function onThreads(work: number, copied: number, call: (byRows: CallByRows) => void): boolean {
  if (work * (1 - 1 / threadsWanted()) < copied * worth.ofCopying) return false;
  const memory = memoryOfPrograms();
  if (memory === null) {
    worthNoThreads();
    return false;
  }
  if (team.workers() === 0 && (workSoFar += work) < worth.ofTeam) return false;
  if (threadsFor(memory) < 2) return false;
  growMemory(memory, sharedScratchLimit);
  onOtherScratch(memory, () => call((f, args, rows) => callByRows(memory, f, args, rows)));
  return true;
}

/**
 * Where a call's parts begin, and the last ends, counted in rows; behind them its arguments: a value, and what each row
 * adds to it.
 */
const boundsAt = scratchLimit;
const argumentsAt = boundsAt + 1024;
const bytesOfArgument = 16;

function callByRows(memory: SharedMemory, f: RowsFunction, args: readonly number[], rows: Cut): void {
  const count = rows.count === null ? rows.times : (args[rows.count] ?? 0);
  const units = Math.ceil(count / rows.together);
  const work = count * rows.work;
  const { id, part } = jobOf(memory, f, rows);
  const parts = id === null ? 1 : Math.max(1, Math.min(mostParts({ units, work }), threadsFor(memory)));
  const { buffer } = memory;
  const bounds = new Int32Array(buffer, boundsAt, mostThreads + 1);
  for (let i = 0; i <= parts; i++)
    bounds[i] = Math.min(count, Math.floor((units * i) / parts) * rows.together);
  const view = new DataView(buffer, argumentsAt);
  args.forEach((arg, i) => {
    const at = i * bytesOfArgument;
    if (f.types[i] === 'f64') view.setFloat64(at, arg, true);
    else if (f.types[i] === 'f32') view.setFloat32(at, arg, true);
    else view.setInt32(at, arg, true);
    view.setInt32(at + 8, 0, true);
  });
  for (const [i, bytes] of rows.steps) view.setInt32(i * bytesOfArgument + 8, bytes, true);
  runParts(id ?? 0, 0, part, parts, work / slowest);
}

/** What runs a part of a call, and the number that workers know it by; `null` where they cannot have it. */
interface CallJob {
  readonly id: number | null;
  readonly part: PartOf;
}

const jobs = new WeakMap<RowsFunction['kernel'], Map<string, CallJob>>();

function jobOf(memory: SharedMemory, f: RowsFunction, rows: Cut): CallJob {
  const known = jobs.get(f.kernel) ?? new Map<string, CallJob>();
  jobs.set(f.kernel, known);
  const key = `${rows.count} ${rows.scratch}`;
  let job = known.get(key);
  if (job === undefined) {
    job = makeJob(memory, f, rows);
    known.set(key, job);
  }
  return job;
}

function makeJob(memory: SharedMemory, { kernel, types, result }: RowsFunction, rows: Cut): CallJob {
  const module = new ModuleBuilder();
  const callee = module.importFunction('kernel', types, result === undefined ? [] : [result]);
  const signature = { params: ['i32', 'i32', 'i32'], results: [], export: 'part' } as const;
  module.addFunction(signature, (f) => {
    const [partNumber, , scratch] = [0, 1, 2];
    const [row, end] = [f.local('i32'), f.local('i32')];
    for (const [local, next] of [
      [row, 0],
      [end, 1],
    ] as const)
      f.get(partNumber)
        .i32Const(4)
        .op('i32.mul')
        .load('i32.load', boundsAt + 4 * next)
        .set(local);
    const call = (): void => {
      types.forEach((type, i) => {
        const at = argumentsAt + i * bytesOfArgument;
        if (i === rows.count) f.get(end).get(row).op('i32.sub');
        else if (i === rows.scratch) f.get(scratch);
        else if (type === 'f64') f.i32Const(0).load('f64.load', at);
        else if (type === 'f32') f.i32Const(0).load('f32.load', at);
        else {
          f.i32Const(0).load('i32.load', at);
          f.get(row)
            .i32Const(0)
            .load('i32.load', at + 8);
          f.op('i32.mul').op('i32.add');
        }
      });
      f.call(callee);
      if (result !== undefined) f.op('drop');
    };
    if (rows.count !== null) {
      call();
      return;
    }
    const loop = f.loop();
    call();
    f.get(row).i32Const(1).op('i32.add').tee(row).get(end).op('i32.lt_s').brIf(loop);
    f.end();
  });
  const own = instantiateShared(memory, { bytes: module.build(), env: { kernel } });
  const { from, name } = onSharedMemory(memory, kernel);
  const id = canBeSent(from) ? announceJobs(own, [{ as: 'kernel', from, name }], ['part']) : null;
  return { id, part: own.forJavaScript.part as PartOf };
}
