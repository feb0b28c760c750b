import { composition, K } from '../../arguments/index.ts';
import { type DType, isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { countCells, elementsOf, recordEdges } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { formatShape, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { linearSteps } from '../creation/linear-steps.ts';
import { div } from '../elementwise/arithmetic.ts';
import { sum } from '../reductions/sum.ts';
import { diff } from '../scans/cumulative.ts';
import { reshape } from '../views/shape.ts';
import { noDerivative } from '../views/underived.ts';

interface Edges {
  readonly dimension: number;
  readonly bins: number;
  /** Where the range begins and ends; else from the least to the greatest element. */
  readonly range: readonly [number, number] | null;
}

/** The bounds of one dimension of points, (n, dimensions). */
const edgesPrimitive = definePrimitive<Edges>({
  name: 'histogram_edges',
  infer: ([x], { bins }) => ({ shape: [bins + 1], dtype: x.dtype }),
  kernel([x], { dimension, bins, range }, out) {
    const elements = elementsOf(x);
    const dimensions = x.shape[1] ?? 1;
    if (recordEdges(elements, dimension, dimensions, range, out.storage.array)) return;
    const [from, to] = range ?? extremes(elements, dimension, dimensions);
    if (!Number.isFinite(from) || !Number.isFinite(to)) {
      throw new ValueError(`histogramdd: dimension ${dimension}'s range [${from}, ${to}] is not finite`);
    }
    if (from > to) {
      throw new ValueError(
        `histogramdd: min should not exceed max, but got min ${from} max ${to} for dimension ${dimension}`,
      );
    }
    // One number is widened, so that nothing is divided by 0.
    const widened = from === to ? 0.5 : 0;
    out.storage.array.set(linearSteps(from - widened, to + widened, bins + 1, x.dtype, 'histogramdd'));
  },
  ...noDerivative('histogram'),
});

function extremes(x: TypedArray, first: number, step: number): readonly [number, number] {
  let [least, greatest] = x.length === 0 ? [0, 1] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = first; i < x.length; i += step) {
    least = Math.min(least, x[i] ?? least);
    greatest = Math.max(greatest, x[i] ?? greatest);
  }
  return [least, greatest];
}

/** The interval in which a value lies, the last one with its end; -1 beyond all. */
function intervalOf(edges: TypedArray, value: number): number {
  const last = edges.length - 1;
  const [from, to] = [edges[0] ?? Number.NaN, edges[last] ?? Number.NaN];
  if (!(value >= from && value <= to)) return -1;
  if (value === to) return last - 1;
  let [low, high] = [0, last];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle] ?? Number.NaN) > value) high = middle - 1;
    else low = middle;
  }
  return low;
}

/** Inputs: points (n, dimensions), the bounds of each dimension, and last, where there are such, their weights. */
const countPrimitive = definePrimitive<{ weighted: boolean }, readonly [Tensor, ...Tensor[]]>({
  name: 'histogramdd',
  infer([x, ...rest], { weighted }) {
    const edges = weighted ? rest.slice(0, -1) : rest;
    return { shape: edges.map((e) => e.count - 1), dtype: x.dtype };
  },
  kernel([x, ...rest], { weighted }, out) {
    const bounds = (weighted ? rest.slice(0, -1) : rest).map(elementsOf);
    const last = rest.at(-1);
    const weights = weighted && last !== undefined ? elementsOf(last) : null;
    const points = elementsOf(x);
    if (countCells(points, bounds, weights, out.storage.array)) return;
    const counts = new Float64Array(out.count);
    const dimensions = bounds.length;
    for (let i = 0; i * dimensions < points.length; i++) {
      let place = 0;
      for (const [d, edges] of bounds.entries()) {
        const interval = intervalOf(edges, points[i * dimensions + d] ?? Number.NaN);
        place = interval < 0 || place < 0 ? -1 : place * (edges.length - 1) + interval;
      }
      if (place >= 0) counts[place] = (counts[place] ?? 0) + (weights === null ? 1 : (weights[i] ?? 0));
    }
    out.storage.array.set(counts);
  },
  ...noDerivative('histogram'),
});

/** Options of {@link histogram} and {@link histogramdd}. */
export interface BinOptions {
  /** Of each dimension the least and the greatest value, one after the other. Default: those of x. */
  readonly range?: readonly number[];
  /** The weight of each element or point. Default: 1. */
  readonly weight?: Tensor | null;
  /** Whether to divide by the total and the width of the intervals. Default: false. */
  readonly density?: boolean;
}

const binKinds: K.Kinds<BinOptions> = {
  range: K.listOf(K.number),
  weight: K.nullable(K.tensor),
  density: K.flag,
};

function checkEdges(edges: Tensor, dtype: DType, d: number, caller: string): void {
  if (edges.ndim !== 1) {
    throw new ShapeError(
      `${caller}: bins tensor should have one dimension, but got ${edges.ndim} dimensions in the bins tensor for dimension ${d}`,
    );
  }
  if (edges.dtype !== dtype) {
    throw new DTypeError(
      `${caller}: input tensor and bins tensors should have the same dtype, but got input with dtype ${dtype} and bins for ` +
        `dimension ${d} with dtype ${edges.dtype}`,
    );
  }
  if (edges.count < 2)
    throw new ValueError(`${caller}: bins must be > 0, but got ${edges.count - 1} for dimension ${d}`);
}

/** Counts points (n, dimensions) in the intervals of each dimension: how many there are, or their bounds. */
function countPoints(
  x: Tensor,
  bins: readonly (number | Tensor)[],
  options: BinOptions,
  caller: string,
): { hist: Tensor; edges: Tensor[] } {
  const { range, weight = null, density = false } = options;
  if (!isFloatingPoint(x.dtype)) throw new DTypeError(`${caller}: not implemented for ${x.dtype}`);
  if (range !== undefined && range.length !== 2 * bins.length) {
    throw new ShapeError(
      `${caller}: for a ${bins.length}-dimensional histogram range should have ${2 * bins.length} elements, but got ${range.length}`,
    );
  }
  const edges = bins.map((count, d) => {
    if (count instanceof Tensor) {
      checkEdges(count, x.dtype, d, caller);
      return count;
    }
    if (!(Number.isSafeInteger(count) && count > 0))
      throw new ValueError(`${caller}: bins must be > 0, but got ${count} for dimension ${d}`);
    const [from = 0, to = 0] = range?.slice(2 * d) ?? [];
    return apply(edgesPrimitive, [x], {
      dimension: d,
      bins: count,
      range: range === undefined ? null : [from, to],
    });
  });
  if (weight !== null && weight.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got ` +
        `input(${x.dtype}), and weight(${weight.dtype})`,
    );
  }
  const inputs = [x, ...edges, ...(weight === null ? [] : [reshape(weight, -1)])] as const;
  const hist = apply(countPrimitive, inputs, { weighted: weight !== null });
  if (!density) return { hist, edges };
  const scaled = edges.reduce(
    (h, e, d) =>
      div(
        h,
        reshape(
          diff(e),
          hist.shape.map((_, i) => (i === d ? -1 : 1)),
        ),
      ),
    hist,
  );
  return { hist: div(scaled, sum(hist)), edges };
}

function checkWeight(weight: Tensor | null | undefined, points: readonly number[], caller: string): void {
  if (!weight || sameShape(weight.shape, points)) return;
  throw new ShapeError(
    `${caller}: if weight tensor is provided it should have the same shape as the input tensor, for points without its ` +
      `innermost dimension, but got input with shape ${formatShape(points)} and weight with shape ${formatShape(weight.shape)}`,
  );
}

/**
 * How many elements lie in each of `bins` equal intervals, or in those between the given bounds, the last one with its
 * end: `hist`, in x's dtype, and the bounds, `binEdges`. No derivative. Follows `torch.histogram`.
 * @throws DTypeError for a dtype that is not float; ValueError for no interval or a range that is not finite;
 *   ShapeError for a range or weight that does not fit
 * @example histogram(tensor([1, 2, 1.5]), 2, { range: [0, 2] }); // { hist: tensor([0., 3.]), binEdges: tensor([0., 1., 2.]) }
 */
export const histogram = composition(
  'histogram',
  { x: K.tensor, bins: K.either(K.tensor, K.integer), options: K.options(binKinds) },
  (x: Tensor, bins: number | Tensor, options: BinOptions = {}): { hist: Tensor; binEdges: Tensor } => {
    checkWeight(options.weight, x.shape, 'histogram');
    const { hist, edges } = countPoints(reshape(x, [-1, 1]), [bins], options, 'histogram');
    const [binEdges = hist] = edges;
    return { hist, binEdges };
  },
);

/**
 * How many of the points, (*, d), lie in each cell of d dimensions, whose intervals are given as in {@link histogram}:
 * one number for all dimensions, or for each a number or its bounds. No derivative. Follows `torch.histogramdd`.
 * @throws as {@link histogram}
 * @example histogramdd(tensor([[0, 0], [1, 1]], { dtype: 'float32' }), 2).hist.tolist(); // [ [ 1, 0 ], [ 0, 1 ] ]
 */
export const histogramdd = composition(
  'histogramdd',
  {
    x: K.tensor,
    bins: K.either(K.integer, K.listOf(K.integer), K.tensors),
    options: K.options(binKinds),
  },
  (
    x: Tensor,
    bins: number | readonly number[] | readonly Tensor[],
    options: BinOptions = {},
  ): { hist: Tensor; binEdges: Tensor[] } => {
    if (x.ndim < 2) {
      throw new ShapeError(
        `histogramdd: input tensor should have at least 2 dimensions, got shape ${formatShape(x.shape)}`,
      );
    }
    const dimensions = x.shape.at(-1) ?? 1;
    const each: readonly (number | Tensor)[] =
      typeof bins === 'number' ? new Array<number>(dimensions).fill(bins) : bins;
    if (each.length !== dimensions) {
      throw new ShapeError(
        `histogramdd: The size of bins must be equal to the innermost dimension of the input, got ${each.length} and ${dimensions}`,
      );
    }
    checkWeight(options.weight, x.shape.slice(0, -1), 'histogramdd');
    const { hist, edges } = countPoints(reshape(x, [-1, dimensions]), each, options, 'histogramdd');
    return { hist, binEdges: edges };
  },
);

/** The functions of this file that are methods too. */
export default { histogram };
