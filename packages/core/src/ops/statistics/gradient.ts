import { composition, K } from '../../arguments/index.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { isArray } from '../../readable.ts';
import { dimsInOrder, formatShape, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { add, div, mul, neg, sub } from '../elementwise/arithmetic.ts';
import { diff } from '../scans/cumulative.ts';
import { reshape } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';

/** Options of {@link gradient}. */
export interface GradientOptions {
  /** The distance of samples, one for all dimensions or one for each; or of each their places, a vector. Default: 1. */
  readonly spacing?: number | readonly number[] | readonly Tensor[];
  /** The dimensions. Default: all. */
  readonly dim?: number | Shape;
  /** The order of the estimates at both ends: 1 or 2. Default: 1. */
  readonly edgeOrder?: 1 | 2;
}

/** Estimates along a dimension from three neighbours each, with weights that all distances share. */
interface Slopes {
  /** Those between the ends. */
  readonly inner: Tensor;
  /** That of the first or last interval; from 0, or from the end, -1. */
  readonly edge: (k: number) => Tensor;
}

function evenSlopes(x: Tensor, d: number, distance: number, edgeOrder: number): Slopes {
  const n = x.shape[d] ?? 1;
  const at = (k: number): Tensor => narrow(x, d, k < 0 ? n + k : k, 1);
  const inner = div(sub(narrow(x, d, 2, n - 2), narrow(x, d, 0, n - 2)), 2 * distance);
  const edge = (k: number): Tensor => {
    const step = k < 0 ? -1 : 1;
    if (edgeOrder === 1) return div(sub(at(k + step), at(k)), step * distance);
    const sums = sub(mul(at(k + step), 2), add(mul(at(k), 1.5), mul(at(k + 2 * step), 0.5)));
    return div(sums, step * distance);
  };
  return { inner, edge };
}

function unevenSlopes(x: Tensor, d: number, places: Tensor, edgeOrder: number): Slopes {
  const n = x.shape[d] ?? 1;
  const at = (k: number): Tensor => narrow(x, d, k < 0 ? n + k : k, 1);
  const widths = reshape(
    diff(places),
    x.shape.map((_, i) => (i === d ? n - 1 : 1)),
  );
  const width = (k: number): Tensor => narrow(widths, d, k < 0 ? n - 1 + k : k, 1);
  const [before, after] = [narrow(widths, d, 0, n - 2), narrow(widths, d, 1, n - 2)];
  const both = add(before, after);
  const terms = [
    mul(neg(div(after, mul(before, both))), narrow(x, d, 0, n - 2)),
    mul(div(sub(after, before), mul(before, after)), narrow(x, d, 1, n - 2)),
    mul(div(before, mul(after, both)), narrow(x, d, 2, n - 2)),
  ] as const;
  const inner = add(add(terms[0], terms[1]), terms[2]);
  const edge = (k: number): Tensor => {
    const step = k < 0 ? -1 : 1;
    const [near, far] = [width(k), width(k + step)];
    if (edgeOrder === 1) return div(mul(sub(at(k + step), at(k)), step), near);
    const sumOf = add(near, far);
    const first = mul(div(add(sumOf, near), mul(near, sumOf)), at(k));
    const second = mul(div(sumOf, mul(near, far)), at(k + step));
    const third = mul(div(near, mul(far, sumOf)), at(k + 2 * step));
    return mul(sub(second, add(first, third)), step);
  };
  return { inner, edge };
}

/** The spacing of each dimension. */
function spacingsOf(
  spacing: GradientOptions['spacing'],
  count: number,
  rank: number,
  all: boolean,
): readonly (number | Tensor)[] {
  if (spacing === undefined || typeof spacing === 'number')
    return new Array<number>(count).fill(spacing ?? 1);
  if (spacing.length === count) return spacing;
  throw new ShapeError(
    `gradient: expected spacing to be unspecified, a scalar, or a list of length equal to ${all ? `'self.dim() = ${rank}'` : `the number of dims, ${count}`}, ` +
      `${all ? 'since dim argument was not given, ' : ''}but got a list of length ${spacing.length}`,
  );
}

function checkPlaces(places: Tensor, size: number): void {
  if (places.ndim !== 1) {
    throw new ShapeError(
      `gradient: expected each element of spacing to have one dimension, but got an element with ${places.ndim} dimensions!`,
    );
  }
  if (places.count === size) return;
  throw new ShapeError(
    `gradient: expected one place for each of ${size} samples, got ${formatShape(places.shape)}`,
  );
}

/**
 * The derivatives along dimensions of a function of which samples are given, one tensor a dimension, as `dim` lists
 * them: differences of the second order between the ends, at them of the order given. Follows `torch.gradient`.
 * @throws ShapeError for fewer samples than the order needs, or spacings that do not fit; IndexError for a dimension
 *   that x has not; DTypeError for uint8 and bools; ValueError for another order
 * @example gradient(tensor([1, 2, 4]))[0]; // tensor([1.0000, 1.5000, 2.0000])
 */
export const gradient = composition(
  'gradient',
  {
    x: K.tensor,
    options: K.options<GradientOptions>({
      spacing: K.either(K.number, K.listOf(K.number), K.tensors),
      dim: K.dims,
      edgeOrder: K.oneOf(1, 2),
    }),
  },
  (x: Tensor, options: GradientOptions = {}): Tensor[] => {
    const { spacing, dim, edgeOrder = 1 } = options;
    if (x.dtype === 'uint8' || x.dtype === 'bool')
      throw new DTypeError(`gradient: does not support ${x.dtype} input.`);
    if (dim === undefined && x.ndim === 0) return [];
    const listed = dim ?? x.shape.map((_, i) => i);
    const dims = isArray(listed) && listed.length === 0 ? [] : dimsInOrder(listed, x.ndim, 'gradient');
    const spacings = spacingsOf(spacing, dims.length, x.ndim, dim === undefined);
    for (const d of dims) {
      if ((x.shape[d] ?? 1) > edgeOrder) continue;
      throw new ShapeError(
        `gradient: expected each dimension size to be at least edge_order+1, got shape ${formatShape(x.shape)}`,
      );
    }
    return dims.map((d, i) => {
      const distance = spacings[i] ?? 1;
      if (distance instanceof Tensor) checkPlaces(distance, x.shape[d] ?? 1);
      const { inner, edge } =
        distance instanceof Tensor
          ? unevenSlopes(x, d, distance, edgeOrder)
          : evenSlopes(x, d, distance, edgeOrder);
      return cat([edge(0), inner, edge(-1)], d);
    });
  },
);
