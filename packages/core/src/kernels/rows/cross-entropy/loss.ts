/** Cross-entropy whole: from logits and targets to the loss and its gradient. */

import type { DType, TypedArray } from '../../../dtype.ts';
import { allocateArray } from '../../../storage.ts';
import { ElementwiseKernel, elementsOf, fillStrided, runElementwise } from '../../elementwise/index.ts';
import { mul, param } from '../../expression/index.ts';
import { type Address, type Recorder, recordCall, recorder } from '../../recording/index.ts';
import {
  copyRun,
  type Extent,
  extentOf,
  ignoredClass,
  type Strided,
  stridedOver,
} from '../../strided/index.ts';
import { align16, ensureBytes, type FloatLane, f32, f64, i32, u8 } from '../../wasm/index.ts';
import { dimLast } from '../chunks.ts';
import { FEW_COLUMNS } from '../columns.ts';
import { crossEntropyDenominator } from '../cross-entropy-target.ts';
import { isLong } from '../long-rows.ts';
import { columnKernels, columnLossTypes } from './column-kernels.ts';
import { blockOf } from './columns.ts';
import { recordLongLoss } from './long-programs.ts';
import { lossTypes, reductions } from './loss-kernel.ts';
import { crossEntropyKernels } from './row-kernels.ts';
import { crossEntropyRows } from './rows.ts';

/** What the rows of logits are compared with. */
export interface CrossEntropyTargets {
  /** A class for each row (int32 or uint8), or numbers of the logits' shape: the distribution over the classes. */
  readonly target: Strided;
  /** A weight for each class. */
  readonly weight: Strided | null;
  /** The share of each row that is spread evenly over all classes. */
  readonly smoothing: number;
  /** Rows of this class count for nothing. */
  readonly ignoreIndex: number;
  readonly reduction: 'none' | 'mean' | 'sum';
  /** In whose name errors speak. */
  readonly caller: string;
}

/** Elements of the logits, of which as many rows as fit are worked on by one call. */
const CHUNK = 8192;

export const areClasses = ({ dtype }: Strided): boolean => dtype === 'int32' || dtype === 'uint8';

const even = new ElementwiseKernel('smoothing', 1, (weight) => mul(param(0), weight));
const evenAll = new ElementwiseKernel('smoothing', 0, () => param(0));

/** What label smoothing gives to each of n classes. */
export function evenly(n: number, dtype: DType, smoothing: number, weight: Strided | null): Strided {
  const spread = stridedOver(allocateArray(dtype, n), dtype, [n]);
  if (weight === null) runElementwise(evenAll, 'f64', [], [smoothing / n], spread);
  else runElementwise(even, 'f64', [weight], [smoothing / n], spread);
  return spread;
}

/**
 * The losses of the rows of `x` along `dim` (normalised), -sum(q * logSoftmax(x)), reduced, to `loss`; and where `grad`
 * is given, to it the gradient of their sum, or mean, by x, laid out as a contiguous tensor of x's shape.
 * @throws IndexError where a class is none
 */
export function crossEntropyLoss(
  x: Strided,
  dim: number,
  targets: CrossEntropyTargets,
  grad: TypedArray | null,
  loss: TypedArray,
): void {
  const { outer, n, inner } = extentOf(x.shape, dim);
  const byClasses = areClasses(targets.target);
  const { target, smoothing, weight } = targets;
  const spread = !byClasses ? target : smoothing === 0 ? null : evenly(n, x.dtype, smoothing, weight);
  const atOnce = outer * inner * n <= CHUNK && inner < FEW_COLUMNS && !isLong(x, dim);
  if (x.count === 0 && !byClasses) {
    // As PyTorch: minus the sum of nothing, and no mean.
    const result = targets.reduction === 'mean' ? Number.NaN : -0;
    fillStrided(stridedOver(loss, x.dtype, [loss.length]), result);
  } else if (recorder !== null) record(x, dim, targets, spread, grad, loss);
  else if (atOnce && (inner === 1 || grad === null)) runAtOnce(x, dim, targets, spread, grad, loss);
  else runInParts(x, dim, targets, spread, grad, loss);
}

/** How {@link crossEntropyLoss} is done, with what of each row is spread over its classes. */
type RowsOfLoss = (
  x: Strided,
  dim: number,
  targets: CrossEntropyTargets,
  spread: Strided | null,
  grad: TypedArray | null,
  loss: TypedArray,
) => void;

/** By parts that fit the scratch memory, or of classes that lie apart. */
const runInParts: RowsOfLoss = (x, dim, targets, spread, grad, loss) => {
  const { target, smoothing, ignoreIndex, reduction, caller } = targets;
  const { outer, n, inner } = extentOf(x.shape, dim);
  const byClasses = areClasses(target);
  const classes = byClasses ? elementsOf(target) : null;
  const weight = targets.weight === null || !byClasses ? null : elementsOf(targets.weight);
  const mass =
    classes === null
      ? outer * inner
      : crossEntropyDenominator(classes, n, ignoreIndex, weight, target.shape, caller);
  const divisor = reduction === 'mean' ? mass : 1;
  const rows = { classes, onClass: byClasses ? 1 - smoothing : 0, ignoreIndex, weight, spread };
  const each = reduction === 'none' ? loss : null;
  const total = crossEntropyRows(x, dim, rows, 1 / divisor, grad, each);
  // Nothing to take a mean of: 0 / 0, also where smoothing has a loss.
  if (each === null) loss[0] = divisor === 0 ? Number.NaN : total / divisor;
};

const laneFor = (x: Strided): FloatLane => (x.dtype === 'float64' ? 'f64' : 'f32');

const bytesOfClass = (target: Strided): number =>
  !areClasses(target) ? 0 : target.dtype === 'uint8' ? 1 : 4;

/** Where the operands of a call lie: addresses, 0 for those that there are not. */
interface Addresses<A> {
  readonly x: A;
  readonly classes: A;
  readonly weights: A;
  readonly spread: A;
  readonly grad: A;
  readonly loss: A;
  readonly targets: A;
  readonly scales: A;
  readonly losses: A;
}

/** The arguments of a call, in order. */
function argumentsOf<A>(
  rows: number,
  n: number,
  { target, smoothing, ignoreIndex, reduction }: CrossEntropyTargets,
  spreadStep: number,
  at: Addresses<A>,
): (A | number)[] {
  return [
    rows,
    n,
    at.x,
    at.classes,
    bytesOfClass(target),
    ignoredClass(ignoreIndex),
    at.weights,
    at.spread,
    spreadStep,
    at.grad,
    at.loss,
    at.targets,
    at.scales,
    at.losses,
    reductions[reduction],
    areClasses(target) ? 1 - smoothing : 0,
  ];
}

/** The bytes between the spread of a row and that of the next: one row may stand for all. */
const stepOf = (x: Strided, n: number, spread: Strided | null): number =>
  spread === null || (spread.shape.length === 1 && x.shape.length !== 1)
    ? 0
    : n * (x.dtype === 'float64' ? 8 : 4);

/** Where the operands of a call begin: an address of 0 stands for what there is not. */
const firstAt = 64;

/** Where the next operand may lie, behind one of so many bytes and a vector that reaches past it. */
const after = (at: number, bytes: number): number => align16(at + bytes + 16);

/** By one call, in scratch. */
const runAtOnce: RowsOfLoss = (x, dim, targets, spread, grad, loss) => {
  const { outer, n, inner } = extentOf(x.shape, dim);
  const rows = outer * inner;
  const double = x.dtype === 'float64';
  const bytes = double ? 8 : 4;
  const { target, weight, reduction } = targets;
  const byClasses = areClasses(target);
  const spreadStep = stepOf(x, n, spread);
  const classesAt = after(firstAt, rows * n * bytes);
  const weightsAt = after(classesAt, rows * 4);
  const spreadAt = after(weightsAt, byClasses && weight !== null ? n * bytes : 0);
  const gradAt = after(spreadAt, spread === null ? 0 : (spreadStep === 0 ? 1 : rows) * n * bytes);
  const lossAt = after(gradAt, grad === null ? 0 : rows * n * bytes);
  const targetsAt = after(lossAt, rows * bytes);
  const scalesAt = after(targetsAt, rows * 4);
  const at = {
    x: firstAt,
    classes: classesAt,
    weights: byClasses && weight !== null ? weightsAt : 0,
    spread: spread === null ? 0 : spreadAt,
    grad: grad === null ? 0 : gradAt,
    loss: lossAt,
    targets: targetsAt,
    scales: scalesAt,
    losses: after(scalesAt, rows * 8),
  };
  ensureBytes(after(at.losses, rows * 8));
  const memory = double ? f64 : f32;
  copyRun(elementsOf(dimLast(x, dim)), 0, x.count, memory, at.x / bytes);
  if (byClasses) {
    const classes = elementsOf(target);
    if (target.dtype === 'uint8') copyRun(classes, 0, rows, u8, at.classes);
    else copyRun(classes, 0, rows, i32, at.classes / 4);
    if (weight !== null) copyRun(elementsOf(weight), 0, n, memory, at.weights / bytes);
  }
  if (spread !== null) {
    const shares = spreadStep === 0 ? spread : dimLast(spread, dim);
    copyRun(elementsOf(shares), 0, shares.count, memory, at.spread / bytes);
  }
  const kernel = crossEntropyKernels(laneFor(x)).loss;
  const args = argumentsOf(rows, n, targets, spreadStep, at) as Parameters<typeof kernel>;
  if (kernel(...args) !== 0) refuse(targets, n);
  if (grad !== null) copyRun(memory, at.grad / bytes, rows * n, grad, 0);
  copyRun(memory, at.loss / bytes, reduction === 'none' ? rows : 1, loss, 0);
};

/** Says which class is none. */
function refuse({ target, weight, ignoreIndex, caller }: CrossEntropyTargets, n: number): void {
  const weights = weight === null ? null : elementsOf(weight);
  crossEntropyDenominator(elementsOf(target), n, ignoreIndex, weights, target.shape, caller);
}

/** Takes down the check of the classes of rows. */
function recordCheck(
  x: Strided,
  rows: number,
  n: number,
  targets: CrossEntropyTargets,
  classes: TypedArray,
): void {
  const { classes: check } = crossEntropyKernels(laneFor(x));
  const args = [rows, n, classes, bytesOfClass(targets.target), ignoredClass(targets.ignoreIndex)];
  const touched = { reads: [classes], writes: [], checks: true };
  recordCall('classes', check as (...args: number[]) => number, args, touched);
}

/** The arrays of a call, `null` for those that there are not. */
type Arrays = Addresses<TypedArray | null>;

/** Takes down the call: of rows, or `apart`, where they lie as blocks of columns. */
function recordLoss(
  into: Recorder,
  x: Strided,
  extent: Extent,
  args: readonly (number | Address)[],
  arrays: Arrays,
  apart: boolean,
): void {
  const there = (...some: (TypedArray | null)[]): TypedArray[] => some.filter((a) => a !== null);
  const reads = there(arrays.x, arrays.classes, arrays.weights, arrays.spread);
  const writes = there(arrays.grad, arrays.loss, arrays.targets, arrays.scales, arrays.losses);
  if (apart) {
    const { width, pitch } = blockOf(extent, x.dtype === 'float64' ? 8 : 4);
    const room = allocateArray('uint8', pitch * (4 + 3 * extent.n) + 64);
    const all = [...args, extent.outer, extent.inner, width, pitch, into.address(room)];
    const touched = { reads, writes: [...writes, room], checks: true };
    into.call('cross_entropy', columnKernels(laneFor(x)).columnLoss, columnLossTypes, all, touched);
    return;
  }
  const kernel = crossEntropyKernels(laneFor(x)).loss as (...args: number[]) => number;
  into.call('cross_entropy', kernel, lossTypes, args, { reads, writes, checks: true });
}

/** By one call of a program. */
const record: RowsOfLoss = (x, dim, targets, spread, grad, loss) => {
  const extent = extentOf(x.shape, dim);
  const { outer, n, inner } = extent;
  const rows = outer * inner;
  if (recorder === null) return;
  const apart = inner >= FEW_COLUMNS && x.dense && (spread === null || spread.dense);
  const inRows = (y: Strided): Strided => (apart ? y : dimLast(y, dim));
  const { target, weight } = targets;
  const byClasses = areClasses(target);
  const classes = byClasses ? recorder.elements(target) : null;
  if (classes !== null && rows > 0) recordCheck(x, rows, n, targets, classes);
  if (rows * n === 0) {
    fillStrided(stridedOver(loss, x.dtype, [loss.length]), targets.reduction === 'mean' ? Number.NaN : 0);
    return;
  }
  const weights = byClasses && weight !== null ? recorder.elements(weight) : null;
  if (isLong(x, dim)) {
    const { ignoreIndex, reduction } = targets;
    const onClass = byClasses ? 1 - targets.smoothing : 0;
    const ofRows = {
      classes,
      classBytes: bytesOfClass(target),
      ignoreIndex,
      onClass,
      weights,
      spread,
      reduction,
    };
    recordLongLoss(recorder, x, dim, ofRows, grad, loss);
    return;
  }
  const logits = recorder.elements(inRows(x));
  const spreadStep = stepOf(x, n, spread);
  const shares = spread === null ? null : recorder.elements(spreadStep === 0 ? spread : inRows(spread));
  const slopes = grad === null || inner === 1 || apart ? grad : allocateArray(x.dtype, rows * n);
  const arrays: Arrays = {
    ...{ x: logits, classes, weights, spread: shares, grad: slopes, loss },
    targets: allocateArray('int32', rows),
    scales: allocateArray('float64', rows),
    losses: allocateArray('float64', rows),
  };
  const into = recorder;
  const args = argumentsOf(rows, n, targets, spreadStep, arrays).map((given) =>
    typeof given === 'number' ? given : given === null ? 0 : into.address(given),
  );
  recordLoss(into, x, extent, args, arrays, apart);
  if (slopes === grad || slopes === null || grad === null) return;
  const last = dimLast(stridedOver(grad, x.dtype, x.shape), dim);
  recorder.copy(stridedOver(slopes, x.dtype, last.shape), last);
};
