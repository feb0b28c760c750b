/** Kernels of a program that are cut by rows of what they give, for several threads. */

import { bytesOf } from '../../dtype.ts';
import {
  callsOnlyMath,
  emitElementwise,
  FixedLoops,
  importScalarFunctions,
  operationsOf,
  type ScalarFunctions,
} from '../compile/index.ts';
import type { Call, Copy, Elementwise, Kernel, Split } from '../recording/index.ts';
import { type Callee, canBeSent, forkOf, type Job, mostParts } from '../threads/index.ts';
import {
  type FunctionBuilder,
  instantiateShared,
  ModuleBuilder,
  onSharedMemory,
  type SharedMemory,
  type ValueType,
} from '../wasm/index.ts';
import { emitCopy, rowsOfCopy } from './copy.ts';
import { addressesOf, emitArgument, type Places, prepare, rowSumsOf, rowSumTypes, sumsOf } from './places.ts';

/** The parameters of a part. */
const PART = 0;
const PARTS = 1;
const SCRATCH = 2;
const signature = { params: ['i32', 'i32', 'i32'], results: [] } as const;
/** Elements of a row that operands without rows are cut into. */
const rowLength = 1024;
/** Multiply-adds of about the time that it takes to copy an element. */
const workOfCopying = 4;

/** Collects the kernels that are worth several threads, and their module, which workers get too. */
export class SharedKernels {
  readonly #memory: SharedMemory;
  readonly #module = new ModuleBuilder();
  readonly #imported = new Map<Call['callee'], number>();
  readonly #callees: Callee[] = [];
  readonly #env: Record<string, Call['callee']> = {};
  /** What elementwise kernels call of `Math`. */
  readonly #math: ScalarFunctions = {};
  readonly #scalars = new Map<string, number>();
  readonly #jobs: Job[] = [];
  readonly #writers: (() => void)[] = [];
  readonly #numbers = new Map<Kernel, number>();

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  /** Which job a kernel is. */
  jobOf(kernel: Kernel): number | undefined {
    return this.#numbers.get(kernel);
  }

  /** Whether a call is a job. */
  takesCall(kernel: Call, places: Places): boolean {
    const { rows, callee, checks, args } = kernel;
    if (rows === null || checks) return false;
    const count = args[rows.count] as number;
    const size = { units: Math.ceil(count / rows.together), work: count * rows.work };
    if (mostParts(size) < 2) return false;
    const index = this.#imports(kernel.name, callee, kernel.types);
    if (index === null) return false;
    this.#add(kernel, size, (f) => emitRows(f, kernel, rows, index, size.units, places));
    return true;
  }

  /** Imports a function; `null` where it cannot be sent to workers. */
  #imports(name: string, callee: Call['callee'], types: readonly ValueType[]): number | null {
    let index = this.#imported.get(callee);
    if (index === undefined) {
      const sent = onSharedMemory(this.#memory, callee);
      if (!canBeSent(sent.from)) return null;
      const as = `${name} ${this.#imported.size}`;
      index = this.#module.importFunction(as, types, []);
      this.#imported.set(callee, index);
      this.#callees.push({ as, ...sent });
      this.#env[as] = callee;
    }
    return index;
  }

  /** Whether an elementwise kernel is a job. */
  takesElementwise(kernel: Elementwise, places: Places): boolean {
    const { count, inner } = kernel;
    const added = sumsOf(kernel);
    const whole = inner === count && added.length === 0;
    const length = whole ? rowLength : inner;
    const units = Math.floor(count / length);
    if (units < 2) return false;
    const { spec, expressions } = prepare(kernel, places);
    const size = { units, work: count * operationsOf(expressions) };
    if (mostParts(size) < 2 || !callsOnlyMath(expressions)) return false;
    for (const { addedUp } of added)
      if (this.#imports('rows', addedUp.callee, rowSumTypes) === null) return false;
    importScalarFunctions(this.#module, expressions, spec, this.#scalars, this.#math);
    this.#add(kernel, size, (f) => {
      const [first, end] = emitBounds(f, units, 1, units);
      const part = { first, end, scratch: SCRATCH };
      const sizes = { outer: units, inner: length, spare: 0, part };
      const sums = rowSumsOf(f, kernel, places, (callee) => this.#imported.get(callee) ?? 0, SCRATCH);
      emitElementwise(f, spec, expressions, this.#scalars, sizes, sums);
      const rest = count - units * length;
      if (rest === 0) return;
      // What is left is no row, and comes after the last.
      f.get(end).i32Const(units).op('i32.eq').if();
      const shift = <T extends { readonly stored: Parameters<typeof bytesOf>[0]; readonly base: number }>(
        x: T,
      ): T => ({
        ...x,
        base: x.base + units * length * bytesOf(x.stored),
      });
      const behind = {
        ...spec,
        inputs: spec.inputs.map((x) => (x.mode === 'dense' ? shift(x) : x)),
      };
      const moved = { ...expressions, outputs: expressions.outputs.map(shift) };
      new FixedLoops(f, behind, moved, this.#scalars).emitFixed({ outer: 1, inner: rest, spare: 0 });
      f.end();
    });
    return true;
  }

  /** Whether a copy is a job: one in which several loops go round. */
  takesCopy(kernel: Copy, places: Places): boolean {
    const { rows, length } = rowsOfCopy(kernel);
    const size = { units: rows, work: rows * length * workOfCopying };
    if (mostParts(size) < 2) return false;
    this.#add(kernel, size, (f) => {
      const { from, to } = f.locals('i32', 'from', 'to');
      const [fromAt, toAt] = addressesOf(kernel, places) as [number, number];
      f.i32Const(fromAt).set(from).i32Const(toAt).set(to);
      const [first, end] = emitBounds(f, rows, 1, rows);
      emitCopy(f, kernel, from, to, { first, end });
    });
    return true;
  }

  #add(kernel: Kernel, size: Omit<Job, 'name'>, write: (f: FunctionBuilder) => void): void {
    const number = this.#jobs.length;
    const name = `${kernel.name} ${number}`;
    this.#numbers.set(kernel, number);
    this.#jobs.push({ ...size, name });
    this.#writers.push(() => this.#module.addFunction({ ...signature, export: name }, write));
  }

  /** What runs a job, on all threads; `null` where there is none. */
  fork(): { readonly run: (job: number) => void; readonly bytes: Uint8Array<ArrayBuffer> } | null {
    if (this.#jobs.length === 0) return null;
    for (const write of this.#writers) write();
    const bytes = this.#module.build();
    const module = instantiateShared(this.#memory, {
      bytes,
      env: { ...this.#math, ...this.#env },
    });
    return { run: forkOf(this.#memory, module, this.#callees, this.#jobs, Object.keys(this.#math)), bytes };
  }
}

/** Sets two locals to the first row of a part, and to the one after its last. */
function emitBounds(f: FunctionBuilder, rows: number, together: number, units: number): [number, number] {
  const [first, end] = [f.local('i32'), f.local('i32')];
  for (const [local, next] of [
    [first, 0],
    [end, 1],
  ] as const) {
    f.get(PART).i32Const(next).op('i32.add').op('i64.extend_i32_u');
    f.i32Const(units).op('i64.extend_i32_u').op('i64.mul').get(PARTS).op('i64.extend_i32_u').op('i64.div_u');
    f.op('i32.wrap_i64').i32Const(together).op('i32.mul').set(local);
    // The last rows may be fewer than go together.
    f.i32Const(rows).get(local).i32Const(rows).get(local).op('i32.lt_u').op('select').set(local);
  }
  return [first, end];
}

/** Calls a function on the rows of a part. */
function emitRows(
  f: FunctionBuilder,
  kernel: Call,
  { count, steps, scratch, together }: Split,
  callee: number,
  units: number,
  places: Places,
): void {
  const [first, end] = emitBounds(f, kernel.args[count] as number, together, units);
  kernel.args.forEach((_, i) => {
    const step = steps.find(([argument]) => argument === i);
    if (i === count) f.get(end).get(first).op('i32.sub');
    else if (i === scratch) f.get(SCRATCH);
    else emitArgument(f, kernel, i, places);
    if (step !== undefined) f.get(first).i32Const(step[1]).op('i32.mul').op('i32.add');
  });
  f.call(callee);
}
