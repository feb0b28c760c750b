import type { TypedArray } from '../../dtype.ts';
import { KindlingError, ValueError } from '../../errors.ts';
import type { Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import type { KernelFunction } from '../compile/index.ts';
import type { Lane } from '../expression/index.ts';
import { NotLowered, type Recorder, recordCall, recorder } from '../recording/index.ts';
import {
  copyBetween,
  copyRun,
  narrowKernel,
  type Strided,
  shareMemory,
  storeInt32,
  stridedOver,
} from '../strided/index.ts';
import { classifiedInner, classify, column, dense, row, scalar, scattered } from '../strided/layouts.ts';
import { onThreads, worthThreads } from '../threads/index.ts';
import { f64 } from '../wasm/index.ts';
import { eachBlock } from './blocks.ts';
import { dtypeCode, type ElementwiseKernel, isNarrowed, laneCode, maxInputs } from './kernel.ts';
import { firstShared, leastShared, type SharedVariant } from './shared.ts';
import { copyIn, copyOut, ensureSlots, gatherIn, paramsBase, slotBase, slotBytes } from './slots.ts';

export { ElementwiseKernel } from './kernel.ts';

/** Takes down how float64 numbers become int32, which stay as they are where one does not fit. Kindling's own. */
export function recordNarrowing(numbers: TypedArray, out: Strided): void {
  const { count } = out;
  const target = out.dense
    ? out.storage.array.subarray(out.offset, out.offset + count)
    : allocateArray('int32', count);
  recordCall('fit', narrowKernel().fit, [count, numbers, target], {
    checks: true,
    keeps: out.dense ? [target] : [],
  });
  if (!out.dense) recorder?.copy(stridedOver(target, 'int32', out.shape), out);
}

/** Brings the first `count` elements of a slot to elements `start` and following of the dense `out`. */
function bringOut(lane: Lane, out: Strided, start: number, count: number, slot: number): void {
  if (!isNarrowed(lane, out)) copyOut(out, start, count, slot);
  else storeInt32(f64, slotBase(slot) / 8, count, out.storage.array as Int32Array, out.offset + start);
}

const layouts = new Uint8Array(maxInputs);

/** Elements of a chunk that fit a slot, by whether some of them take 8 bytes. */
export const fitting = (wide: boolean): number => slotBytes / (wide ? 8 : 4);

/**
 * Evaluates a kernel of one result: `out[i] = f(inputs[0][i], ..., params)`.
 *
 * Operands of any layout and dtype are broadcast to the shape of `out` and converted to `lane`; the result is converted
 * to the dtype of `out`. What becomes int32 in f64 lanes is checked, and `out` left as it was where a number does not
 * fit, unless it is `fresh`, so that nobody reads it then; i32 lanes wrap. `out` may be one of the operands (in place);
 * where it overlaps one otherwise, the operand is read before it is overwritten all the same.
 * @throws BeyondInt32; ValueError for fewer parameters than the kernel reads
 */
export function runElementwise(
  kernel: ElementwiseKernel,
  lane: Lane,
  inputs: readonly Strided[],
  params: readonly number[],
  out: Strided,
  fresh = false,
): void {
  runElementwiseMany(kernel, lane, inputs, params, [out], undefined, fresh);
}

/** What is done with the first results of a kernel, instead of their being stored. */
export interface ElementwiseSink {
  /** How many of them; each is in the slot of its number in the scratch memory. */
  readonly results: number;
  /** Takes the values `start` to `start + count`, in row-major order. */
  take(start: number, count: number): void;
}

/**
 * {@link runElementwise} for a kernel of several results, all of one shape; any of them may be an operand. With a
 * `sink`, the first of `outs` only say what shape and dtype those results have, which are not stored: the sink finds
 * them, chunk by chunk.
 */
export function runElementwiseMany(
  kernel: ElementwiseKernel,
  lane: Lane,
  inputs: readonly Strided[],
  params: readonly number[],
  outs: readonly Strided[],
  sink?: ElementwiseSink,
  fresh = false,
): void {
  const result = outs[0];
  if (result === undefined || result.count === 0) return;
  const { shape, count: n } = result;
  if (inputs.length !== kernel.arity) {
    throw new KindlingError(`${kernel.name}: got ${inputs.length} operands, takes ${kernel.arity}`);
  }
  if (params.length < kernel.paramCount) {
    throw new ValueError(`${kernel.name}: got ${params.length} numbers, reads ${kernel.paramCount}`);
  }
  if (recorder !== null) {
    if (sink !== undefined) throw new NotLowered('its results are looked at in JavaScript');
    recordInto(recorder, kernel, lane, inputs, params, outs);
    return;
  }
  let key = laneCode(lane);
  let simple = true;
  let wide = false;
  for (let j = 0; j < outs.length; j++) {
    const out = outs[j]!;
    key = key * 5 + dtypeCode(out.dtype);
    if (!out.dense) simple = false;
    if (out.dtype === 'float64' || isNarrowed(lane, out)) wide = true;
  }
  let inner = 0;
  let crosswise = false;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    let layout = dense;
    if (x.count !== n || !x.dense) {
      if (x.count === 1) {
        layout = scalar;
      } else {
        layout = classify(x, shape);
        if (layout === row || layout === column) {
          if (inner === 0) inner = classifiedInner;
          else if (inner !== classifiedInner) layout = scattered;
        }
        if (layout === scattered) crosswise = true;
      }
    }
    layouts[i] = layout;
    if (x.dtype === 'float64') wide = true;
    key = key * 20 + (layout & 3) * 5 + dtypeCode(x.dtype);
  }
  if (n > fitting(wide)) simple = false;
  if (crosswise) {
    simple = false;
    if (sink === undefined && runByBlocks(kernel, lane, inputs, params, outs, fresh)) return;
  }
  if (inner === 0) inner = n;
  const outer = inner === n ? 1 : n / inner;
  const run = kernel.variant(key, lane, inputs, layouts, outs);
  const parameters = f64;
  for (let i = 0; i < params.length; i++) parameters[paramsBase / 8 + i] = params[i]!;

  if (!simple) {
    const call: Call = { lane, inputs, reads: kernel.reads, outs, shape, outer, inner, fresh };
    const mayShare = n >= leastShared && sink === undefined;
    if (mayShare && runShared(kernel.shared(key, lane, inputs, layouts, outs), params, call)) return;
    runInChunks(run, 0, call, sink);
    return;
  }
  const slot = outs.length;
  for (let i = 0; i < inputs.length; i++) {
    const layout = layouts[i];
    const count = layout === dense ? n : layout === scalar ? 1 : layout === row ? inner : outer;
    copyIn(inputs[i]!, 0, count, slot + i);
  }
  run(outer, inner);
  if (sink !== undefined) sink.take(0, n);
  for (let j = sink === undefined ? 0 : sink.results; j < slot; j++) bringOut(lane, outs[j]!, 0, n, j);
}

// What a call seldom needs stands beside it: closures in it would have it take memory for what they use, at each call.

/** Takes a call down. */
function recordInto(
  recorder: Recorder,
  { name, expressions }: ElementwiseKernel,
  lane: Lane,
  inputs: readonly Strided[],
  params: readonly number[],
  outs: readonly Strided[],
): void {
  const wide = outs.map((out) =>
    isNarrowed(lane, out) ? stridedOver(allocateArray('float64', out.count), 'float64', out.shape) : out,
  );
  recorder.elementwise(name, lane, expressions, inputs, params, wide);
  for (const [i, out] of outs.entries()) if (wide[i] !== out) recordNarrowing(wide[i]!.storage.array, out);
}

/**
 * Runs a call of operands that lie crosswise by blocks; `false` where that is not worth it, or results have to be
 * checked as a whole.
 */
function runByBlocks(
  kernel: ElementwiseKernel,
  lane: Lane,
  inputs: readonly Strided[],
  params: readonly number[],
  outs: readonly Strided[],
  fresh: boolean,
): boolean {
  if (!fresh && outs.some((out) => isNarrowed(lane, out))) return false;
  const { shape, count } = outs[0]!;
  return eachBlock(inputs, outs, shape, count, (xs, ys) =>
    runElementwiseMany(kernel, lane, xs, params, ys, undefined, fresh),
  );
}

/** What a kernel runs over: results of `outer` rows of `inner` elements each. */
interface Call {
  readonly lane: Lane;
  readonly inputs: readonly Strided[];
  /** The inputs that it reads, by number. */
  readonly reads: ReadonlySet<number>;
  readonly outs: readonly Strided[];
  readonly shape: Shape;
  readonly outer: number;
  readonly inner: number;
  /** Whether nobody has read the results before. */
  readonly fresh: boolean;
}

/** {@link runInChunks} by several threads; `false` where it is not worth it. */
function runShared(variant: SharedVariant, params: readonly number[], call: Call): boolean {
  const { lane, inputs, outs, outer, inner } = call;
  const n = outer * inner;
  const work = n * variant.operations;
  if (work < worthThreads || outs.some((out) => isNarrowed(lane, out))) return false;
  variant.prepare();
  const copied = inputs.filter(({ count }) => count === n).length + outs.length;
  return onThreads(work, n * copied, (byRows) => {
    ensureSlots(firstShared + inputs.length + outs.length);
    f64.set(params, paramsBase / 8);
    const run = (rows: number, columns: number): void => variant.run(byRows, rows, columns);
    runInChunks(run, firstShared, call);
  });
}

/** Runs a kernel over operands that do not fit the slots whole, or not as they lie. */
function runInChunks(
  run: KernelFunction,
  firstSlot: number,
  { lane, inputs, reads, outs, shape, outer, inner, fresh }: Call,
  sink?: ElementwiseSink,
): void {
  const n = outer * inner;
  const narrowed = outs.some((out) => isNarrowed(lane, out));
  const wide = narrowed || [...inputs, ...outs].some(({ dtype }) => dtype === 'float64');
  const capacity = fitting(wide);
  const stored = sink === undefined ? outs : outs.slice(sink.results);
  const results = stored.map((out, i) => {
    const slot = firstSlot + outs.length - stored.length + i;
    // What is narrowed is stored when all of it has been checked, if anybody can read it otherwise.
    const direct = out.dense && (fresh || !narrowed) && (n <= capacity || !overlapsOperand(out, inputs));
    return {
      out,
      slot,
      target: direct ? out : stridedOver(allocateArray(out.dtype, n), out.dtype, out.shape),
    };
  });
  const operands = inputs
    .map((x, i) => ({ x, layout: layouts[i], slot: firstSlot + outs.length + i }))
    .filter((_, i) => reads.has(i));

  const rows = Math.min(outer, Math.max(1, Math.floor(capacity / inner)));
  const columns = Math.min(inner, capacity);
  for (const { x, layout, slot } of operands) {
    if (layout === scalar) copyIn(x, 0, 1, slot);
    else if (layout === row && columns === inner) copyIn(x, 0, inner, slot);
  }
  for (let r = 0; r < outer; r += rows) {
    const height = Math.min(rows, outer - r);
    for (let c = 0; c < inner; c += columns) {
      const width = Math.min(columns, inner - c);
      const start = r * inner + c;
      const count = height * width;
      for (const { x, layout, slot } of operands) {
        if (layout === dense) copyIn(x, start, count, slot);
        else if (layout === column) copyIn(x, r, height, slot);
        else if (layout === scattered) gatherIn(x, shape, start, count, slot);
        else if (layout === row && columns !== inner) copyIn(x, c, width, slot);
      }
      run(height, width);
      sink?.take(start, count);
      for (const { target, slot } of results) bringOut(lane, target, start, count, slot);
    }
  }
  for (const { out, target } of results) {
    if (target === out) continue;
    if (out.dense) copyRun(target.storage.array, 0, n, out.storage.array, out.offset);
    else copyBetween(target, out);
  }
}

/** Whether writing chunk after chunk to `out` could overwrite what a later chunk reads of an operand. */
function overlapsOperand(out: Strided, inputs: readonly Strided[]): boolean {
  const { array } = out.storage;
  return inputs.some((x, i) => {
    const sameLayout = layouts[i] === dense && x.offset === out.offset && x.storage.array === array;
    return !sameLayout && layouts[i] !== scalar && shareMemory(x.storage.array, array);
  });
}
