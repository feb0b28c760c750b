import { isFloatingPoint, scalarNameOf, storedNumber, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { copyStrided } from '../../kernels/index.ts';
import { apply, applyInPlace, definePrimitive, type GradNode, INPUT, OUTPUT } from '../../record/index.ts';
import { formatShape, normalizeDim, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { onesLike, zerosLike } from '../creation/fill.ts';
import { add, div, mul } from '../elementwise/arithmetic.ts';
import { eq } from '../elementwise/compare.ts';
import { narrow } from '../views/slices.ts';
import { expand } from '../views/shape.ts';
import { checkAlong, gather } from './gather.ts';
import { maskedFill } from './masked.ts';
import { type Combine, positionsAlong, writeAt } from './positions.ts';

/** How `scatterReduce` combines the values that meet in one place. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

interface Scattering {
  readonly dim: number;
  readonly how: 'set' | ScatterReduction;
  /** Whether x's own values take part in the reduction. */
  readonly includeSelf: boolean;
  readonly caller: string;
}

type Derivative = (g: Tensor, node: GradNode<Scattering>) => (Tensor | null)[];

function defineScatter(name: string, saves: number, derivative: Derivative) {
  return definePrimitive<Scattering, [Tensor, Tensor, Tensor]>({
    name,
    saves,
    infer([x, index, src], { dim, how, caller }) {
      if (how === 'mean' && x.dtype === 'bool')
        throw new DTypeError(`${caller}: mean not implemented for bool`);
      checkAlong(x, dim, index, caller);
      checkSource(x, index, src, caller);
      return { shape: x.shape, dtype: x.dtype };
    },
    kernel([x, index, src], { dim, how, includeSelf, caller }, out) {
      const positions = positionsAlong(out, dim, index, caller);
      const values = src.data;
      if (out !== x) copyStrided(x, out.storage.array, out.offset);
      const target = out.storage.array;
      if (how === 'mean') scatterMean(target, positions, values, includeSelf, isFloatingPoint(out.dtype));
      else {
        // Of bools a sum is "or".
        const combine = how === 'sum' && out.dtype === 'bool' ? 'amax' : how;
        if (includeSelf) writeAt(target, positions, values, combine);
        else scatterFirst(target, positions, values, combine);
      }
    },
    derivative,
  });
}

/** A reduction that starts from the first value scattered to each place. */
function scatterFirst(out: TypedArray, positions: Int32Array, values: TypedArray, how: Combine): void {
  const fresh = new Set(positions);
  const laterPositions: number[] = [];
  const laterValues: number[] = [];
  for (let p = 0; p < positions.length; p++) {
    const at = positions[p]!;
    const value = values[values.length === 1 ? 0 : p]!;
    if (fresh.delete(at)) out[at] = value;
    else {
      laterPositions.push(at);
      laterValues.push(value);
    }
  }
  writeAt(out, Int32Array.from(laterPositions), Float64Array.from(laterValues), how);
}

function scatterMean(
  out: TypedArray,
  positions: Int32Array,
  values: TypedArray,
  includeSelf: boolean,
  floating: boolean,
): void {
  const counts = new Map<number, number>();
  for (const at of positions) counts.set(at, (counts.get(at) ?? Number(includeSelf)) + 1);
  if (includeSelf) writeAt(out, positions, values, 'sum');
  else scatterFirst(out, positions, values, 'sum');
  for (const [at, count] of counts) {
    const mean = out[at]! / count;
    out[at] = floating ? mean : Math.floor(mean);
  }
}

function checkSource(x: Tensor, index: Tensor, src: Tensor, caller: string): void {
  if (src.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: Expected self.dtype to be equal to src.dtype, got ${scalarNameOf(x.dtype)} and ${scalarNameOf(src.dtype)}`,
    );
  }
  if (src.count !== 1 && !sameShape(src.shape, index.shape)) {
    throw new ShapeError(
      `${caller}: Expected index ${formatShape(index.shape)} to be no larger than self ${formatShape(x.shape)} apart ` +
        `from the scattered dimension and to be no larger size than src ${formatShape(src.shape)}`,
    );
  }
}

/** The part of `src` that `index` covers. */
function fitSource(src: Tensor, index: Tensor, caller: string): Tensor {
  if (sameShape(src.shape, index.shape)) return src;
  const fits =
    Math.max(src.shape.length, 1) === Math.max(index.shape.length, 1) &&
    index.shape.every((size, d) => size <= (src.shape[d] ?? 1));
  if (index.count > 0 && !fits) {
    throw new ShapeError(
      `${caller}: Expected index ${formatShape(index.shape)} to be no larger size than src ${formatShape(src.shape)}`,
    );
  }
  if (!fits || src.shape.length === 0) return src;
  return index.shape.reduce(
    (part, size, d) => (size === part.shape[d] ? part : narrow(part, d, 0, size)),
    src,
  );
}

const scatterPrimitive = defineScatter('scatter', INPUT(1), (g, node) => {
  const index = node.input(1);
  return [
    node.needs(0) ? apply(scatterPrimitive, [g, index, Tensor.scalar(0, g.dtype)], node.attrs) : null,
    null,
    node.needs(2) ? gather(g, node.attrs.dim, index) : null,
  ];
});

const scatterAddPrimitive = defineScatter('scatter_add', INPUT(1), (g, node) => [
  node.needs(0) ? g : null,
  null,
  node.needs(2) ? gather(g, node.attrs.dim, node.input(1)) : null,
]);

const reduceSaves = INPUT(0) | INPUT(1) | INPUT(2) | OUTPUT;

const scatterReducePrimitive = defineScatter('scatter_reduce', reduceSaves, (g, node) => {
  const { dim, how, includeSelf } = node.attrs;
  const [x, index, src] = [node.input(0), node.input(1), node.input(2)];
  let [dx, dsrc] = reductionGradients[how as ScatterReduction](
    g,
    x,
    dim,
    index,
    src,
    node.output(),
    includeSelf,
  );
  if (!includeSelf) dx = scatter(dx, dim, index, 0);
  return [node.needs(0) ? dx : null, null, node.needs(2) ? dsrc : null];
});

type ReductionGradient = (
  g: Tensor,
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  out: Tensor,
  includeSelf: boolean,
) => [Tensor, Tensor];

/** The gradients of x (as if it took part) and of the source. */
const reductionGradients: Record<ScatterReduction, ReductionGradient> = {
  sum: (g, _x, dim, index) => [g, gather(g, dim, index)],
  mean(g, x, dim, index, src, _out, includeSelf) {
    const counts = scatterAdd(includeSelf ? onesLike(x) : zerosLike(x), dim, index, onesLike(src));
    const share = div(g, maskedFill(counts, eq(counts, 0), 1));
    return [share, gather(share, dim, index)];
  },
  amax: extremumGradient,
  amin: extremumGradient,
  prod(g, x, dim, index, src, _out, includeSelf) {
    // Of x: the product of what was scattered. Of a source element: the product of all others in its place, found by division
    // unless it is 0 itself, in which case zeros are counted and left out.
    const own = includeSelf ? x : onesLike(x);
    const reduce = (start: Tensor, values: Tensor): Tensor =>
      scatterReduce(start, dim, index, values, 'prod');
    const dx = mul(g, reduce(onesLike(x), src));
    const isZero = eq(src, 0);
    const zeros = scatterAdd(zerosLike(x), dim, index, to(isZero, x.dtype));
    const onlyZero = to(eq(gather(zeros, dim, index), 1), x.dtype);
    const nonZero = maskedFill(src, isZero, 1);
    const withoutZeros = gather(mul(g, reduce(own, nonZero)), dim, index);
    const others = div(gather(mul(g, reduce(own, src)), dim, index), nonZero);
    const ofZeros = mul(mul(withoutZeros, onlyZero), to(isZero, x.dtype));
    return [dx, add(maskedFill(others, isZero, 0), ofZeros)];
  },
};

/** What equals the extremum shares the gradient. */
function extremumGradient(
  g: Tensor,
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  out: Tensor,
  includeSelf: boolean,
): [Tensor, Tensor] {
  const ofSelf = to(eq(x, out), g.dtype);
  const ofSource = to(eq(src, gather(out, dim, index)), g.dtype);
  const start = includeSelf ? ofSelf : scatter(ofSelf, dim, index, 0);
  const share = div(g, scatterAdd(start, dim, index, ofSource));
  return [mul(ofSelf, share), mul(ofSource, gather(share, dim, index))];
}

/** Options of {@link scatter}. */
export interface ScatterOptions {
  /** Combine with what is there instead of overwriting it. */
  readonly reduce?: 'add' | 'multiply';
}

type Run = typeof apply<Scattering, [Tensor, Tensor, Tensor]>;
const runInPlace: Run = applyInPlace;

function runScatter(
  run: Run,
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  options: ScatterOptions,
  caller: string,
): Tensor {
  const { reduce } = options;
  if (reduce !== undefined && reduce !== 'add' && reduce !== 'multiply') {
    throw new ValueError(`${caller}: reduce argument must be either add or multiply, got ${String(reduce)}`);
  }
  const source =
    src instanceof Tensor
      ? fitSource(src, index, caller)
      : expand(
          Tensor.scalar(storedNumber(src, x.dtype, caller), x.dtype),
          reduce === undefined ? [] : index.shape,
        );
  const how = reduce === undefined ? 'set' : reduce === 'add' ? 'sum' : 'prod';
  const primitive =
    how === 'set' ? scatterPrimitive : how === 'sum' ? scatterAddPrimitive : scatterReducePrimitive;
  const d = normalizeDim(dim, x.shape.length, caller);
  return run(primitive, [x, index, source], { dim: d, how, includeSelf: true, caller });
}

/**
 * A copy of x with out[i][index[i][j]] = src[i][j] for `dim` 1, and so on; `src` may be a number. Where an index occurs several
 * times one of its values stays. `index` (int32) may be smaller than x and `src` apart from `dim`. Follows `torch.scatter`.
 *
 * @example
 * ```ts
 * scatter(zeros([2, 3]), 1, tensor([[2], [0]]), 1); // [[0., 0., 1.], [1., 0., 0.]]
 * ```
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  options: ScatterOptions = {},
): Tensor {
  return runScatter(apply, x, dim, index, src, options, 'scatter');
}

/** {@link scatter} in place. Follows `Tensor.scatter_`. */
export const scatter_ = (
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | number,
  options: ScatterOptions = {},
): Tensor => runScatter(runInPlace, x, dim, index, src, options, 'scatter_');

/** {@link scatter} that adds: the derivative of {@link gather}. Follows `torch.scatter_add`. */
export const scatterAdd = (x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor =>
  runScatter(apply, x, dim, index, src, { reduce: 'add' }, 'scatterAdd');

/** {@link scatterAdd} in place. Follows `Tensor.scatter_add_`. */
export const scatterAdd_ = (x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor =>
  runScatter(runInPlace, x, dim, index, src, { reduce: 'add' }, 'scatterAdd_');

/** Options of {@link scatterReduce}. */
export interface ScatterReduceOptions {
  /** Whether x's own values take part in the reduction. Default: true. */
  readonly includeSelf?: boolean;
}

function runScatterReduce(
  run: Run,
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions,
  caller: string,
): Tensor {
  if (!Object.hasOwn(reductionGradients, reduce)) {
    throw new ValueError(
      `${caller}: reduce argument must be either sum, prod, mean, amax or amin, got ${String(reduce)}`,
    );
  }
  const attrs = {
    dim: normalizeDim(dim, x.shape.length, caller),
    how: reduce,
    includeSelf: options.includeSelf ?? true,
    caller,
  };
  return run(scatterReducePrimitive, [x, index, fitSource(src, index, caller)], attrs);
}

/**
 * {@link scatter} that reduces the values which meet in one place: `'sum'`, `'prod'`, `'mean'`, `'amax'` or `'amin'`.
 * Follows `torch.scatter_reduce`.
 */
export const scatterReduce = (
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions = {},
): Tensor => runScatterReduce(apply, x, dim, index, src, reduce, options, 'scatterReduce');

/** {@link scatterReduce} in place. Follows `Tensor.scatter_reduce_`. */
export const scatterReduce_ = (
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions = {},
): Tensor => runScatterReduce(runInPlace, x, dim, index, src, reduce, options, 'scatterReduce_');

/** The functions of this file that are methods too. */
export default { scatter, scatter_, scatterAdd, scatterAdd_, scatterReduce, scatterReduce_ };
