import { composition, K, signature } from '../../arguments/index.ts';
import { storedNumber } from '../../dtype.ts';
import { AutogradError, DTypeError, ShapeError } from '../../errors.ts';
import { copyStrided, holdsOutside } from '../../kernels/index.ts';
import {
  apply,
  applyInPlace,
  composed,
  definePrimitive,
  INPUT,
  OUTPUT,
  type Primitive,
} from '../../record/index.ts';
import { formatShape, normalizeDim, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { onesLike, zerosLike } from '../creation/fill.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { eq, logicalAnd } from '../elementwise/compare.ts';
import { where } from '../elementwise/select.ts';
import { expand, reshape } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';
import {
  defineScatter,
  type ScatterReduction,
  scatterAddPrimitive,
  scatterPrimitive,
} from './along-primitives.ts';
import { gather } from './gather.ts';
import { requireIndexDType } from './index-positions.ts';
import { maskedFill } from './masked.ts';

export type { ScatterReduction };

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

const reduceSaves = INPUT(0) | INPUT(1) | INPUT(2) | OUTPUT;

const scatterReducePrimitive = defineScatter('scatter_reduce', reduceSaves, (g, node) => {
  const { dim, how, includeSelf } = node.attrs;
  const [x, index, src, out] = [node.input(0), node.input(1), node.input(2), node.output()];
  const gradient = reductionGradients[how as ScatterReduction];
  const [dx, dsrc] = gradient({ g, x, dim, index, src, out, includeSelf });
  const ofSelf = includeSelf ? dx : scatter(dx, dim, index, 0);
  return [node.needs(0) ? ofSelf : null, null, node.needs(2) ? dsrc : null];
});

/** A reduction as it was run, and the gradient of its result. */
interface Reduced {
  readonly g: Tensor;
  readonly x: Tensor;
  readonly dim: number;
  readonly index: Tensor;
  readonly src: Tensor;
  readonly out: Tensor;
  readonly includeSelf: boolean;
}

type ReductionGradient = (run: Reduced) => [Tensor, Tensor];

/** The gradients of x (as if it took part) and of the source. */
const reductionGradients: Record<ScatterReduction, ReductionGradient> = {
  sum: ({ g, dim, index }) => [g, gather(g, dim, index)],
  mean({ g, x, dim, index, src, includeSelf }) {
    const counts = scatterAdd(includeSelf ? onesLike(x) : zerosLike(x), dim, index, onesLike(src));
    const share = div(g, maskedFill(counts, eq(counts, 0), 1));
    return [share, gather(share, dim, index)];
  },
  amax: extremumGradient,
  amin: extremumGradient,
  // Products of others by division; of an element that is 0 by leaving it out.
  prod({ g, x, dim, index, src, out, includeSelf }) {
    const reduced = (start: Tensor, values: Tensor): Tensor =>
      scatterReduce(start, dim, index, values, 'prod', { includeSelf });
    const own = maskedFill(x, eq(x, 0), 1);
    const isZero = eq(src, 0);
    const zeros = gather(scatterAdd(zerosLike(x), dim, index, to(isZero, x.dtype)), dim, index);
    const alone = logicalAnd(isZero, eq(zeros, 1));
    const withoutIt = gather(mul(g, reduced(x, maskedFill(src, alone, 1))), dim, index);
    const divided = div(gather(mul(g, out), dim, index), maskedFill(src, isZero, 1));
    const bySource = where(alone, withoutIt, divided);
    return [div(mul(g, reduced(own, src)), own), apply(onceWithZerosPrimitive, [bySource, zeros], undefined)];
  },
};

/**
 * The gradient by a source: where several zeros met in one place it is 0 for a reason that differentiating it does not
 * see.
 */
const onceWithZerosPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'scatter_reduce_prod_backward',
  saves: INPUT(1),
  infer: ([x]) => x,
  kernel: ([x], _, out) => copyStrided(x, out.storage.array),
  derivative: (g, node) => [apply(refuseZerosPrimitive, [g, node.input(1)], undefined), null],
});

const refuseZerosPrimitive: Primitive<undefined, [Tensor, Tensor]> = definePrimitive({
  name: 'scatter_reduce_prod_double_backward',
  saves: INPUT(1),
  infer: ([x]) => x,
  kernel([x, zeros], _, out) {
    if (holdsOutside(zeros, 0, 1)) {
      throw new AutogradError(
        'there is no second derivative to the source where more than one of its zeros meet in one place',
      );
    }
    copyStrided(x, out.storage.array);
  },
  derivative: (g, node) => [apply(refuseZerosPrimitive, [g, node.input(1)], undefined), null],
});

/** What equals the extremum shares the gradient. */
function extremumGradient({ g, x, dim, index, src, out }: Reduced): [Tensor, Tensor] {
  // PyTorch counts an equal element of x also where x takes no part.
  const ofSelf = to(eq(x, out), g.dtype);
  const ofSource = to(eq(src, gather(out, dim, index)), g.dtype);
  const share = div(g, scatterAdd(ofSelf, dim, index, ofSource));
  return [mul(ofSelf, share), mul(ofSource, gather(share, dim, index))];
}

/** Options of {@link scatter}. */
export interface ScatterOptions {
  /** Combine with what is there instead of overwriting it. */
  readonly reduce?: 'add' | 'multiply';
}

const scatterParameters = { x: K.tensor, dim: K.integer, index: K.tensor, src: K.tensor };

/** {@link scatter}, under the name `caller`, as a new tensor or in place. */
function scattering(run: typeof apply, caller: string) {
  const parameters = {
    ...scatterParameters,
    src: K.operand,
    options: K.options<ScatterOptions>({ reduce: K.oneOf('add', 'multiply') }),
  };
  const put = (
    x: Tensor,
    dim: number,
    index: Tensor,
    src: Tensor | number,
    options: ScatterOptions = {},
  ): Tensor => {
    const { reduce } = options;
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
    const result = run(primitive, [x, index, source], { dim: d, how, includeSelf: true, caller });
    return src instanceof Tensor || how !== 'set' ? result : composed('ScatterBackward1', result, x);
  };
  return composition(caller, parameters, put);
}

/**
 * A copy of x with out[i][index[i][j]] = src[i][j] for `dim` 1, and so on; `src` may be a number. Where an index occurs
 * several times one of its values stays. `index` (int32) may be smaller than x and `src` apart from `dim`. Follows
 * `torch.scatter`.
 * @throws DTypeError when `index` is not int32 or `src` has another dtype than x, ShapeError when they do not fit,
 * IndexError when `dim` or an index is out of range.
 * @example scatter(zeros([2, 3]), 1, tensor([[2], [0]]), 1).tolist(); // [ [ 0, 0, 1 ], [ 1, 0, 0 ] ]
 */
export const scatter = scattering(apply, 'scatter');

/** {@link scatter} in place, with its errors. Follows `Tensor.scatter_`. */
export const scatter_: typeof scatter = scattering(applyInPlace, 'scatter_');

function addingTo(run: typeof apply, caller: string) {
  const takes = signature(caller, scatterParameters);
  const put = scattering(run, caller);
  return function (x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
    takes(arguments);
    return put(x, dim, index, src, { reduce: 'add' });
  };
}

/**
 * {@link scatter} that adds: x[i][index[i][j]] += src[i][j], the derivative of {@link gather}. Follows
 * `torch.scatter_add`.
 * @throws the errors of {@link scatter}.
 * @example scatterAdd(zeros(3), 0, tensor([0, 0, 2]), ones(3)); // tensor([2., 0., 1.])
 */
export const scatterAdd = addingTo(apply, 'scatterAdd');

/** {@link scatterAdd} in place, with its errors. Follows `Tensor.scatter_add_`. */
export const scatterAdd_: typeof scatterAdd = addingTo(applyInPlace, 'scatterAdd_');

/** Options of {@link scatterReduce}. */
export interface ScatterReduceOptions {
  /** Whether x's own values take part in the reduction. Default: true. */
  readonly includeSelf?: boolean;
}

function reducing(run: typeof apply, caller: string) {
  const takes = signature(caller, {
    ...scatterParameters,
    reduce: K.oneOf('sum', 'prod', 'mean', 'amax', 'amin'),
    options: K.options<ScatterReduceOptions>({ includeSelf: K.flag }),
  });
  return function (
    x: Tensor,
    dim: number,
    index: Tensor,
    src: Tensor,
    reduce: ScatterReduction,
    options: ScatterReduceOptions = {},
  ): Tensor {
    takes(arguments);
    const attrs = {
      dim: normalizeDim(dim, x.shape.length, caller),
      how: reduce,
      includeSelf: options.includeSelf ?? true,
      caller,
    };
    return run(scatterReducePrimitive, [x, index, fitSource(src, index, caller)], attrs);
  };
}

/**
 * {@link scatter} that reduces the values which meet in one place: `'sum'`, `'prod'`, `'mean'`, `'amax'` or `'amin'`.
 * Follows `torch.scatter_reduce`.
 * @throws ValueError for another reduction, DTypeError for the mean of bools, and the errors of {@link scatter}.
 * @example scatterReduce(zeros(2), 0, tensor([0, 0, 1]), tensor([1.5, 2.5, 1]), 'amax'); // tensor([2.5000, 1.0000])
 */
export const scatterReduce = reducing(apply, 'scatterReduce');

/** {@link scatterReduce} in place, with its errors. Follows `Tensor.scatter_reduce_`. */
export const scatterReduce_: typeof scatterReduce = reducing(applyInPlace, 'scatterReduce_');

function indexReducing(run: typeof scatterReduce, caller: string) {
  return composition(
    caller,
    {
      x: K.tensor,
      dim: K.integer,
      index: K.tensor,
      source: K.tensor,
      reduce: K.oneOf('prod', 'mean', 'amax', 'amin'),
      options: K.options<ScatterReduceOptions>({ includeSelf: K.flag }),
    },
    (
      x: Tensor,
      dim: number,
      index: Tensor,
      source: Tensor,
      reduce: Exclude<ScatterReduction, 'sum'>,
      options: ScatterReduceOptions = {},
    ): Tensor => {
      const d = normalizeDim(dim, x.ndim, caller);
      if (x.dtype === 'bool')
        throw new DTypeError(`${caller}: not implemented for bool; convert with to('uint8')`);
      requireIndexDType(index, caller);
      if (index.ndim > 1) {
        throw new ShapeError(
          `${caller}: Index is supposed to be a vector, but got shape ${formatShape(index.shape)}`,
        );
      }
      const expected = x.shape.map((size, i) => (i === d ? index.count : size));
      if (!sameShape(source.shape, expected)) {
        throw new ShapeError(
          `${caller}: expected one slice of source for each index, of shape ${formatShape(expected)}, got ` +
            formatShape(source.shape),
        );
      }
      const along = reshape(
        index,
        x.shape.map((_, i) => (i === d ? -1 : 1)),
      );
      return composed('index_reduce', run(x, dim, expand(along, expected), source, reduce, options), x);
    },
  );
}

/**
 * The slices of `source`, along `dim`, reduced into those of x that a vector of indices names: `'prod'`, `'mean'`,
 * `'amax'` or `'amin'`, as {@link scatterReduce}. Follows `torch.index_reduce`.
 * @throws ShapeError where shapes do not fit, ValueError for another reduction, DTypeError for bools, and the errors of
 *   {@link scatter}.
 * @example indexReduce(ones(2), 0, tensor([1, 1]), tensor([2, 3], { dtype: 'float32' }), 'prod'); // tensor([1., 6.])
 */
export const indexReduce = indexReducing(scatterReduce, 'indexReduce');

/** {@link indexReduce} in place, with its errors. Follows `Tensor.index_reduce_`. */
export const indexReduce_: typeof indexReduce = indexReducing(scatterReduce_, 'indexReduce_');
