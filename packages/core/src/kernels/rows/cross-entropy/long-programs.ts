/**
 * Cross-entropy of rows that are too long to be in scratch at once, as programs have it: with the bits of
 * longCrossEntropy.
 */

import { type DType, laneOf, type TypedArray } from '../../../dtype.ts';
import { allocateArray } from '../../../storage.ts';
import { ElementwiseKernel, fillStrided, runElementwise } from '../../elementwise/index.ts';
import { eq, exp, mul, select, sub } from '../../expression/index.ts';
import type { Recorder } from '../../recording/index.ts';
import { extentOf, ignoredClass, type Strided, stridedOver } from '../../strided/index.ts';
import { is, times } from '../../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../../wasm/index.ts';
import { rowLimits, rowOf, scalarIn } from '../long-rows.ts';
import { softmaxKernels } from '../softmax-kernels.ts';
import { reductions } from './loss-kernel.ts';

interface LongKernels {
  mass(...args: number[]): void;
  row(...args: number[]): void;
  ownClass(...args: number[]): void;
  reduce(...args: number[]): void;
}

/** The target of a row, and what the kernels say of it: float64 numbers side by side. */
const said = ['factor', 'unit', 'unitOfClass', 'counts'] as const;

const classParams = i32Params('classes', 'bytes', 'ignored', 'weights');

/** Sets `t` to a class, the number of which is on the stack. */
function loadClass(f: FunctionBuilder, p: Readonly<Record<'classes' | 'bytes', number>>, t: number): void {
  f.get(p.bytes).op('i32.mul').get(p.classes).op('i32.add').set(t);
  f.get(p.bytes).i32Const(1).op('i32.eq').if();
  f.get(t).load('i32.load8_u').set(t).else();
  f.get(t).load('i32.load').set(t).end();
}

/** Pushes the weight of a class. */
function pushWeight(f: FunctionBuilder, weights: number, t: number, dtype: DType): void {
  const weight = f.local('f64');
  f.f64Const(1).set(weight).get(weights).if();
  f.pushPlace(weights, t, dtype).loadNumber(dtype).set(weight).end().get(weight);
}

/** What means divide by: the weights of the classes that count. */
function defineMass(module: ModuleBuilder, dtype: DType): void {
  const params = { ...i32Params('rows'), ...classParams, ...i32Params('out') };
  module.define({ export: 'mass' }, params, (f, p) => {
    const { row, t } = f.locals('i32', 'row', 't');
    const total = f.local('f64');
    f.upTo(row, p.rows, is(1), () => {
      loadClass(f.get(row), p, t);
      f.get(t).get(p.ignored).op('i32.ne').if();
      f.get(total);
      pushWeight(f, p.weights, t, dtype);
      f.op('f64.add').set(total).end();
    });
    f.get(p.out).get(total).store('f64.store');
  });
}

/** The loss of a row, and what its gradient is made of. `statistics` are those of softmax's longStatistics. */
function defineRow(module: ModuleBuilder, dtype: DType): void {
  const ints = {
    ...i32Params('n', 'row'),
    ...classParams,
    ...i32Params('x', 'spread', 'statistics', 'divisor', 'loss', 'said'),
  };
  module.define({ export: 'row' }, { ...ints, onClass: 'f64' } as const, (f, p) => {
    const { t, i, counts } = f.locals('i32', 't', 'i', 'counts');
    const { max, logSum, loss, mass, scale, unit, q } = f.locals(
      'f64',
      ...(['max', 'logSum', 'loss', 'mass', 'scale', 'unit', 'q'] as const),
    );
    f.get(p.statistics).load('f64.load').set(max).get(p.statistics).load('f64.load', 16).set(logSum);
    f.f64Const(1).get(p.divisor).load('f64.load').op('f64.div').set(unit).i32Const(1).set(counts);
    const less = (at: number): FunctionBuilder =>
      f.get(logSum).pushPlace(p.x, at, dtype).loadNumber(dtype).get(max).op('f64.sub').op('f64.sub');
    f.get(p.classes).if();
    loadClass(f.get(p.row), p, t);
    f.get(t).get(p.ignored).op('i32.eq').if();
    f.i32Const(0).set(counts).else();
    f.get(p.onClass);
    pushWeight(f, p.weights, t, dtype);
    f.op('f64.mul').tee(scale).f64Const(0).op('f64.ne').if();
    f.get(scale);
    less(t).op('f64.mul').set(loss).end().end().end();
    f.get(scale).set(mass).get(counts).get(p.spread).i32Const(0).op('i32.ne').op('i32.and').if();
    f.upTo(i, p.n, is(1), () => {
      f.pushPlace(p.spread, i, dtype).loadNumber(dtype).set(q).get(loss).get(q);
      less(i).op('f64.mul').op('f64.add').set(loss);
      f.get(mass).get(q).op('f64.add').set(mass);
    });
    f.end();
    f.get(p.loss).get(loss).store('f64.store');
    f.get(p.said).get(unit).get(mass).op('f64.mul').get(p.statistics).load('f64.load', 8).op('f64.div');
    f.store('f64.store').get(p.said).get(unit).store('f64.store', 8);
    // A class that counts for nothing is left out, whatever the unit is.
    f.get(scale).f64Const(0).op('f64.ne').if();
    f.get(p.said).get(unit).get(scale).op('f64.mul').store('f64.store', 16).else();
    f.get(p.said).f64Const(0).store('f64.store', 16).end();
    f.get(p.said).get(counts).op('f64.convert_i32_s').store('f64.store', 24);
  });
}

/** Takes from the gradient of a row what is due to its own class. */
function defineOwnClass(module: ModuleBuilder, dtype: DType): void {
  const params = { ...i32Params('row', 'stride', 'classes', 'bytes', 'ignored', 'said', 'grad') };
  module.define({ export: 'ownClass' }, params, (f, p) => {
    const t = f.local('i32');
    loadClass(f.get(p.row), p, t);
    f.get(t).get(p.ignored).op('i32.ne').if();
    f.put(t, times(t, p.stride)).pushPlace(p.grad, t, dtype).pushPlace(p.grad, t, dtype).loadNumber(dtype);
    f.get(p.said).load('f64.load', 16).op('f64.sub').storeNumber(dtype).end();
  });
}

/** What the losses of rows come to. */
function defineReduce(module: ModuleBuilder, dtype: DType): void {
  module.define({ export: 'reduce' }, i32Params('rows', 'reduction', 'losses', 'divisor', 'out'), (f, p) => {
    const row = f.local('i32');
    const { total, divisor } = f.locals('f64', 'total', 'divisor');
    const pushLoss = (): FunctionBuilder => f.pushPlace(p.losses, row, 8).load('f64.load');
    f.get(p.reduction).i32Const(reductions.none).op('i32.eq').if();
    f.upTo(row, p.rows, is(1), () => {
      f.pushPlace(p.out, row, dtype);
      pushLoss().storeNumber(dtype);
    });
    f.else();
    f.upTo(row, p.rows, is(1), () => {
      f.get(total);
      pushLoss().op('f64.add').set(total);
    });
    f.get(p.out).get(total).get(p.divisor).load('f64.load').tee(divisor).op('f64.div').f64Const(Number.NaN);
    f.get(divisor).f64Const(0).op('f64.ne').op('select').storeNumber(dtype).end();
  });
}

const longKernels = memoized((dtype: DType): LongKernels => {
  const module = new ModuleBuilder();
  defineMass(module, dtype);
  defineRow(module, dtype);
  defineOwnClass(module, dtype);
  defineReduce(module, dtype);
  return module.instantiate<LongKernels>();
});

const gradient = new ElementwiseKernel('cross_entropy_gradient', 4, (x, max, factor, counts) =>
  select(eq(counts, 0), 0, mul(exp(sub(x, max)), factor)),
);
const spreadGradient = new ElementwiseKernel('cross_entropy_gradient', 6, (x, q, max, factor, unit, counts) =>
  select(eq(counts, 0), 0, sub(mul(exp(sub(x, max)), factor), mul(q, unit))),
);

/** What the rows are compared with. */
interface LongTarget {
  /** The class of each row, each of which is one. */
  readonly classes: TypedArray | null;
  readonly classBytes: number;
  readonly ignoreIndex: number;
  readonly onClass: number;
  readonly weights: TypedArray | null;
  readonly spread: Strided | null;
  readonly reduction: keyof typeof reductions;
}

/** Takes down the losses of the rows of `x` along `dim`, row by row. */
export function recordLongLoss(
  into: Recorder,
  x: Strided,
  dim: number,
  target: LongTarget,
  grad: TypedArray | null,
  loss: TypedArray,
): void {
  const { outer, n, inner } = extentOf(x.shape, dim);
  const rows = outer * inner;
  const { classes, classBytes, weights, spread, reduction } = target;
  const shared = spread !== null && spread.shape.length === 1 && x.shape.length !== 1;
  const kernels = longKernels(x.dtype);
  const call = (
    name: keyof LongKernels,
    args: readonly (number | TypedArray | null)[],
    writes: readonly TypedArray[],
    numbers: readonly number[] = [],
    keeps: readonly TypedArray[] = [],
  ): void => {
    const arrays = args.filter((arg) => arg !== null && typeof arg === 'object');
    const given = args.map((arg) => (arg === null ? 0 : typeof arg === 'number' ? arg : into.address(arg)));
    const types = [...args.map(() => 'i32' as const), ...numbers.map(() => 'f64' as const)];
    const reads = arrays.filter((array) => !writes.includes(array));
    into.call('cross_entropy', kernels[name], types, [...given, ...numbers], { reads, writes, keeps });
  };
  const ofClasses = [classes, classBytes, ignoredClass(target.ignoreIndex)];
  const divisor = allocateArray('float64', 1);
  if (reduction === 'mean' && classes !== null)
    call('mass', [rows, ...ofClasses, weights, divisor], [divisor]);
  else fillStrided(stridedOver(divisor, 'float64', [1]), reduction === 'mean' ? rows : 1);
  const losses = allocateArray('float64', rows);
  const gradients = grad === null ? null : stridedOver(grad, x.dtype, x.shape);
  for (let row = 0; row < rows; row++) {
    const logits = rowOf(x, dim, row);
    const share = spread === null ? null : rowOf(spread, shared ? 0 : dim, shared ? 0 : row);
    const statistics = allocateArray('float64', 5);
    const words = allocateArray('float64', said.length);
    const lane = laneOf(x.dtype) === 'f64' ? 'f64' : 'f32';
    const elements = into.elements(logits);
    const { longStatistics } = softmaxKernels(lane);
    const args = [n, rowLimits.longest, into.address(elements), into.address(statistics)];
    const touched = { reads: [elements], writes: [statistics] };
    into.call(
      'row_statistics',
      longStatistics,
      args.map(() => 'i32' as const),
      args,
      touched,
    );
    const shares = share === null ? null : into.elements(share);
    const own = losses.subarray(row, row + 1);
    call(
      'row',
      [n, row, ...ofClasses, weights, elements, shares, statistics, divisor, own, words],
      [own, words],
      [target.onClass],
      [own],
    );
    if (gradients === null) continue;
    const out = rowOf(gradients, dim, row);
    const [factor, unit, , counts] = said.map((_, i) => scalarIn(words, i)) as [
      Strided,
      Strided,
      Strided,
      Strided,
    ];
    const max = scalarIn(statistics, 0);
    if (share === null) runElementwise(gradient, lane, [logits, max, factor, counts], [], out);
    else runElementwise(spreadGradient, lane, [logits, share, max, factor, unit, counts], [], out);
    if (classes === null) continue;
    const first = out.storage.array.subarray(out.offset);
    const strides = [row, out.strides[0] ?? 1];
    call('ownClass', [...strides, ...ofClasses, words, first], [first], [], [first]);
  }
  call('reduce', [rows, reductions[reduction], losses, divisor, loss], [loss]);
}
