import { alias } from '../../arguments/composition.ts';
import { K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { applyView, composed, defineView, type ViewPrimitive } from '../../record/index.ts';
import { formatShape, normalizeDim, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { type Layout, type Sizes, sizeAlong, sizesFrom, sizesKind, strideAlong } from './layout.ts';
import { reshape } from './shape.ts';

const transposePrimitive = defineView<readonly [number, number]>({
  name: 'transpose',
  alias: swapLayout,
  derivative: (g, node) => transpose(g, ...node.attrs),
});

/** PyTorch prints `x.t()` with a name of its own. */
const tPrimitive = defineView({ name: 't', alias: (x) => swapLayout(x, [0, 1]), derivative: (g) => t(g) });

function swapLayout({ shape, strides, offset }: Layout, [a, b]: readonly [number, number]): Layout {
  return { shape: swap(shape, a, b), strides: swap(strides, a, b), offset };
}

function swap(list: readonly number[], a: number, b: number): number[] {
  const result = list.slice();
  if (a !== b) [result[a], result[b]] = [list[b]!, list[a]!];
  return result;
}

const transposeTakes = signature('transpose', { x: K.tensor, dim0: K.integer, dim1: K.integer });

/**
 * With two dimensions exchanged, as a view. Follows `torch.transpose`.
 * @throws IndexError when a dimension is out of range.
 * @example transpose(tensor([[1, 2], [3, 4]]), 0, 1).tolist(); // [ [ 1, 3 ], [ 2, 4 ] ]
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  transposeTakes(arguments);
  const rank = x.shape.length;
  const dims = [normalizeDim(dim0, rank, 'transpose'), normalizeDim(dim1, rank, 'transpose')] as const;
  return applyView(transposePrimitive, x, dims);
}

/** {@link transpose}. Follows `torch.swapaxes`. */
export const swapaxes = alias('swapaxes', transpose);
/** {@link transpose}. Follows `torch.swapdims`. */
export const swapdims = alias('swapdims', transpose);

const tParameters = { x: K.tensor };
const tTakes = signature('t', tParameters);

/**
 * The transpose of a matrix; a tensor of one dimension or none as it is. Follows `torch.t`.
 * @throws ShapeError when x has more than two dimensions.
 */
export function t(x: Tensor): Tensor {
  tTakes(arguments);
  const rank = x.shape.length;
  if (rank > 2) throw new ShapeError(`t() expects a tensor with <= 2 dimensions, but self is ${rank}D`);
  return rank === 2 ? applyView(tPrimitive, x, undefined) : composed('t', reshape(x, x.shape), x);
}

const adjointTakes = signature('adjoint', tParameters);

/**
 * The last two dimensions swapped: elements are real, so conjugating changes nothing. Follows `torch.adjoint`.
 * @throws ShapeError when x has one dimension.
 */
export function adjoint(x: Tensor): Tensor {
  adjointTakes(arguments);
  const rank = x.shape.length;
  if (rank >= 2) return transpose(x, -2, -1);
  if (rank === 0) return x;
  throw new ShapeError(
    `tensor.adjoint() is only supported on matrices or batches of matrices. Got ${rank}-D tensor.`,
  );
}

const permutePrimitive: ViewPrimitive<readonly number[]> = defineView<readonly number[]>({
  name: 'permute',
  alias: (x, dims) => ({
    shape: dims.map((d) => sizeAlong(x, d)),
    strides: dims.map((d) => strideAlong(x, d)),
    offset: x.offset,
  }),
  derivative(g, node) {
    const inverse = new Array<number>(node.attrs.length);
    for (const [at, d] of node.attrs.entries()) inverse[d] = at;
    return applyView(permutePrimitive, g, inverse);
  },
});

const permuteTakes = signature('permute', { x: K.tensor, dims: sizesKind });

/**
 * With the dimensions in another order, as a view. Follows `torch.permute`.
 * @throws ShapeError when `dims` does not name each dimension once, IndexError when one is out of range.
 * @example permute(zeros([2, 3, 4]), 2, 0, 1).shape; // [ 4, 2, 3 ]
 */
export function permute(x: Tensor, ...dims: Sizes): Tensor {
  permuteTakes([x, dims]);
  const rank = x.shape.length;
  const order = sizesFrom(dims);
  if (order.length !== rank) {
    throw new ShapeError(
      'permute: number of dimensions in the tensor input does not match the length of the desired ordering of ' +
        `dimensions i.e. ndim = ${rank} (shape ${formatShape(x.shape)}) is not equal to ${order.length} (dims ${formatShape(order)})`,
    );
  }
  const normal = order.map((d) => normalizeDim(d, rank, 'permute'));
  if (new Set(normal).size < rank) {
    throw new ShapeError(`permute(): duplicate dims are not allowed, got ${formatShape(order)}`);
  }
  return applyView(permutePrimitive, x, normal);
}

const movedimTakes = signature('movedim', { x: K.tensor, source: K.dims, destination: K.dims });

/**
 * With the dimensions `source` moved to `destination`, the others in order. Follows `torch.movedim`.
 * @throws IndexError when a dimension is out of range, ShapeError when one is given twice or the lists differ in
 *   length.
 * @example movedim(zeros([2, 3, 4]), 0, -1).shape; // [ 3, 4, 2 ]
 */
export function movedim(x: Tensor, source: number | Shape, destination: number | Shape): Tensor {
  movedimTakes(arguments);
  const rank = x.shape.length;
  const given = (dims: number | Shape, name: string): number[] => {
    const list = (typeof dims === 'number' ? [dims] : dims).map((d) => normalizeDim(d, rank, 'movedim'));
    if (new Set(list).size < list.length)
      throw new ShapeError(`movedim: repeated dim in \`${name}\` (${formatShape(list)})`);
    return list;
  };
  const from = given(source, 'source');
  const to = given(destination, 'destination');
  if (from.length !== to.length) {
    throw new ShapeError(
      `movedim: Invalid source or destination dims: source (${formatShape(from)}) should contain the same number of dims ` +
        `as destination (${formatShape(to)})`,
    );
  }
  if (rank === 0) return reshape(x, []);
  const order = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
  const moves = from.map((source, i) => ({ source, place: to[i]! }));
  for (const { source, place } of moves.sort((a, b) => a.place - b.place)) order.splice(place, 0, source);
  return permute(x, order);
}

/** {@link movedim}. Follows `torch.moveaxis`. */
export const moveaxis = alias('moveaxis', movedim);
