import { ShapeError } from '../../errors.ts';
import { copyStrided } from '../../kernels/index.ts';
import { apply, applyView, definePrimitive, defineView, type ViewPrimitive } from '../../record/index.ts';
import { broadcastAll, checkShape, formatShape, normalizeDim, numelOf, type Shape } from '../../shape.ts';
import { requireTensors, type Tensor } from '../../tensor.ts';
import {
  broadcastLayout,
  inferSizes,
  type Layout,
  reshapedStrides,
  type Sizes,
  sizesFrom,
} from './layout.ts';

/** A view with the same elements in the same order: its derivative is a reshape back. */
const orderedView = <A>(name: string, alias: (x: Layout, attrs: A) => Layout) =>
  defineView<A>({ name, alias, derivative: (g, node) => reshape(g, node.shape(0)) });

interface Reshaping {
  readonly shape: Shape;
  readonly strides: readonly number[];
}

const viewPrimitive = orderedView<Reshaping>('view', (x, { shape, strides }) => ({
  shape,
  strides,
  offset: x.offset,
}));

const reshapeCopyPrimitive = definePrimitive<Shape>({
  name: '_unsafe_view',
  saves: 0,
  infer: ([x], shape) => ({ shape, dtype: x.dtype }),
  kernel: ([x], _, out) => copyStrided(x, out.storage.array, out.offset),
  derivative: (g, node) => [reshape(g, node.shape(0))],
});

/**
 * The elements of x, in row-major order, in another shape; one size may be -1 and is inferred. A view where x's memory allows
 * it, else a copy. Follows `torch.reshape`.
 *
 * @example
 * ```ts
 * reshape(arange(6), [2, -1]); // [[0, 1, 2], [3, 4, 5]]
 * ```
 */
export function reshape(x: Tensor, ...sizes: Sizes): Tensor {
  if (x?.storage === undefined) requireTensors('reshape', x);
  const shape = inferSizes(sizesFrom(sizes), x.count, 'reshape');
  const strides = reshapedStrides(x, shape);
  return strides === null
    ? apply(reshapeCopyPrimitive, [x], shape)
    : applyView(viewPrimitive, x, { shape, strides });
}

/** Like {@link reshape}, and an error where a copy would be needed. Follows `Tensor.view`. */
export function view(x: Tensor, ...sizes: Sizes): Tensor {
  const shape = inferSizes(sizesFrom(sizes), x.count, 'view');
  const strides = reshapedStrides(x, shape);
  if (strides === null) {
    throw new ShapeError(
      `view: view size ${formatShape(shape)} is not compatible with input tensor's size ${formatShape(x.shape)} and ` +
        `stride ${formatShape(x.strides)} (at least one dimension spans across two contiguous subspaces). Use ` +
        '.reshape(...) instead.',
    );
  }
  return applyView(viewPrimitive, x, { shape, strides });
}

/** {@link view} with the shape of `other`. Follows `Tensor.view_as`. */
export const viewAs = (x: Tensor, other: Tensor): Tensor => view(x, other.shape);

/** {@link reshape} with the shape of `other`. Follows `Tensor.reshape_as`. */
export const reshapeAs = (x: Tensor, other: Tensor): Tensor => reshape(x, other.shape);

/** One dimension in place of `startDim` to `endDim`, inclusive. Follows `torch.flatten`. */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  const rank = x.shape.length;
  const start = normalizeDim(startDim, rank, 'flatten');
  const end = normalizeDim(endDim, rank, 'flatten');
  if (start > end) throw new ShapeError('flatten() has invalid args: startDim cannot come after endDim');
  if (rank === 0) return reshape(x, [1]);
  if (start === end) return x;
  const joined = numelOf(x.shape.slice(start, end + 1));
  return reshape(x, [...x.shape.slice(0, start), joined, ...x.shape.slice(end + 1)]);
}

/** All elements in one dimension. Follows `torch.ravel`. */
export const ravel = (x: Tensor): Tensor => reshape(x, [-1]);

/**
 * Several dimensions in place of `dim`; one size may be -1. Follows `torch.unflatten`.
 * @example unflatten(arange(6), 0, [2, 3])
 */
export function unflatten(x: Tensor, dim: number, sizes: Shape): Tensor {
  const d = normalizeDim(dim, x.shape.length, 'unflatten');
  if (sizes.length === 0) throw new ShapeError('unflatten: sizes must be non-empty');
  const size = x.shape[d]!;
  const known = sizes.reduce((n, s) => (s === -1 ? n : n * s), 1);
  if (sizes.includes(-1) ? known === 0 || size % known !== 0 : known !== size) {
    throw new ShapeError(
      `unflatten: Provided sizes ${formatShape(sizes)} don't multiply up to the size of dim ${d} (${size}) in the ` +
        `input tensor of shape ${formatShape(x.shape)}`,
    );
  }
  const parts = inferSizes(sizes, size, 'unflatten');
  return view(x, [...x.shape.slice(0, d), ...parts, ...x.shape.slice(d + 1)]);
}

const squeezePrimitive = orderedView<readonly boolean[]>('squeeze', (x, dropped) => ({
  shape: x.shape.filter((_, d) => !dropped[d]),
  strides: x.strides.filter((_, d) => !dropped[d]),
  offset: x.offset,
}));

/** By how the dims are given, as PyTorch's overloads. */
const squeezePrimitives = [0, 1, 2].map((overload) => ({ ...squeezePrimitive, overload: () => overload }));

/** Without the dimensions of size 1, or without those among `dim` that have size 1. Follows `torch.squeeze`. */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  const rank = x.shape.length;
  const wanted = typeof dim === 'number' ? [dim] : dim;
  const dims = wanted?.map((d) => normalizeDim(d, rank, 'squeeze'));
  if (dims !== undefined && new Set(dims).size < dims.length) {
    throw new ShapeError(`squeeze: a dim appears multiple times in the list of dims [${wanted!.join(', ')}]`);
  }
  const dropped = x.shape.map((size, d) => size === 1 && (dims === undefined || dims.includes(d)));
  const overload = dim === undefined ? 0 : typeof dim === 'number' ? 1 : 2;
  return applyView(squeezePrimitives[overload]!, x, dropped);
}

const unsqueezePrimitive = orderedView<number>('unsqueeze', (x, d) => {
  const stride = d < x.shape.length ? x.shape[d]! * x.strides[d]! : 1;
  return {
    shape: [...x.shape.slice(0, d), 1, ...x.shape.slice(d)],
    strides: [...x.strides.slice(0, d), stride, ...x.strides.slice(d)],
    offset: x.offset,
  };
});

/** With a dimension of size 1 inserted before `dim`. Follows `torch.unsqueeze`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  return applyView(unsqueezePrimitive, x, normalizeDim(dim, x.shape.length + 1, 'unsqueeze'));
}

const expandPrimitive = defineView<Shape>({
  name: 'expand',
  alias: broadcastLayout,
  derivative: (g) => g,
});

/**
 * x broadcast to larger sizes, without a copy; -1 keeps a size. Follows `Tensor.expand`.
 * @example expand(tensor([[1], [2]]), 2, 3); // [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Tensor, ...sizes: Sizes): Tensor {
  if (x?.storage === undefined) requireTensors('expand', x);
  const target = sizesFrom(sizes);
  const lead = target.length - x.shape.length;
  if (lead < 0) {
    throw new ShapeError(
      `expand: the number of sizes provided (${target.length}) must be greater or equal to the number of dimensions in ` +
        `the tensor (${x.shape.length}): got shape ${formatShape(x.shape)} and sizes ${formatShape(target)}`,
    );
  }
  const shape = target.map((size, d) => {
    if (size !== -1) return size;
    if (d < lead) {
      throw new ShapeError(
        `expand: The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${d}`,
      );
    }
    return x.shape[d - lead]!;
  });
  checkShape(shape, 'expand');
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = x.shape[d - lead];
    if (d >= lead ? size === 1 || size === shape[d] : shape[d]! >= 0) continue;
    throw new ShapeError(
      `expand: The expanded size of the tensor (${shape[d]}) must match the existing size (${size}) at non-singleton ` +
        `dimension ${d}. Target sizes: ${formatShape(target)}. Tensor sizes: ${formatShape(x.shape)}`,
    );
  }
  return applyView(expandPrimitive, x, shape);
}

/** {@link expand} to the shape of `other`. Follows `Tensor.expand_as`. */
export const expandAs = (x: Tensor, other: Tensor): Tensor => expand(x, other.shape);

/** {@link expand} to `shape`. Follows `torch.broadcast_to`. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor => expand(x, shape);

/** All tensors expanded to the shape to which they broadcast. Follows `torch.broadcast_tensors`. */
export function broadcastTensors(...tensors: readonly Tensor[] | readonly [readonly Tensor[]]): Tensor[] {
  const list = tensors.flat() as Tensor[];
  const shape = broadcastAll(
    list.map((x) => x.shape),
    'broadcastTensors',
  );
  return list.map((x) => expand(x, shape));
}

const transposePrimitive = defineView<readonly [number, number]>({
  name: 'transpose',
  alias: swapLayout,
  derivative: (g, node) => transpose(g, ...node.attrs),
});

/** PyTorch prints `x.t()` with a name of its own. */
const tPrimitive = defineView({ name: 't', alias: (x) => swapLayout(x, [0, 1]), derivative: (g) => t(g) });

function swapLayout(x: Layout, [a, b]: readonly [number, number]): Layout {
  const shape = x.shape.slice();
  const strides = x.strides.slice();
  if (shape.length > 0) {
    [shape[a], shape[b]] = [shape[b]!, shape[a]!];
    [strides[a], strides[b]] = [strides[b]!, strides[a]!];
  }
  return { shape, strides, offset: x.offset };
}

/** With two dimensions exchanged. Follows `torch.transpose`. */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const rank = x.shape.length;
  const dims = [normalizeDim(dim0, rank, 'transpose'), normalizeDim(dim1, rank, 'transpose')] as const;
  return applyView(transposePrimitive, x, dims);
}

/** {@link transpose}. Follows `torch.swapaxes`. */
export const swapaxes = transpose;
/** {@link transpose}. Follows `torch.swapdims`. */
export const swapdims = transpose;

/** The transpose of a matrix; a tensor of one dimension or none as it is. Follows `torch.t`. */
export function t(x: Tensor): Tensor {
  const rank = x.shape.length;
  if (rank > 2) throw new ShapeError(`t() expects a tensor with <= 2 dimensions, but self is ${rank}D`);
  return rank === 2 ? applyView(tPrimitive, x, undefined) : reshape(x, x.shape);
}

/** The transpose of each matrix in the last two dimensions. Follows `Tensor.mT`. */
export function matrixTranspose(x: Tensor): Tensor {
  if (x.shape.length < 2) {
    throw new ShapeError(
      `tensor.mT is only supported on matrices or batches of matrices. Got ${x.shape.length}-D tensor.`,
    );
  }
  return transpose(x, -2, -1);
}

/** The last two dimensions swapped: elements are real, so conjugating changes nothing. Follows `torch.adjoint`. */
export function adjoint(x: Tensor): Tensor {
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
    shape: dims.map((d) => x.shape[d]!),
    strides: dims.map((d) => x.strides[d]!),
    offset: x.offset,
  }),
  derivative(g, node) {
    const inverse = new Array<number>(node.attrs.length);
    for (let d = 0; d < inverse.length; d++) inverse[node.attrs[d]!] = d;
    return applyView(permutePrimitive, g, inverse);
  },
});

/** With the dimensions in another order. Follows `torch.permute`. */
export function permute(x: Tensor, ...dims: Sizes): Tensor {
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

/** With all dimensions in reverse order. Follows `Tensor.T`. */
export const reverseDims = (x: Tensor): Tensor =>
  permute(
    x,
    x.shape.map((_, d) => x.shape.length - 1 - d),
  );

/**
 * With the dimensions `source` moved to `destination`, the others in order. Follows `torch.movedim`.
 * @example movedim(zeros([2, 3, 4]), 0, -1).shape; // [3, 4, 2]
 */
export function movedim(x: Tensor, source: number | Shape, destination: number | Shape): Tensor {
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
  const order = new Array<number>(rank).fill(-1);
  for (let i = 0; i < from.length; i++) order[to[i]!] = from[i]!;
  const others = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
  return permute(
    x,
    order.map((d) => (d >= 0 ? d : others.shift()!)),
  );
}

/** {@link movedim}. Follows `torch.moveaxis`. */
export const moveaxis = movedim;

/** With dimensions of size 1 added until there are at least `rank`, where NumPy's `atleast_` functions put them. */
function atLeast(rank: number) {
  return (x: Tensor): Tensor => {
    let y = x;
    if (rank >= 1 && y.shape.length === 0) y = reshape(y, [1]);
    if (rank >= 2 && y.shape.length === 1) y = unsqueeze(y, 0);
    if (rank >= 3 && y.shape.length === 2) y = unsqueeze(y, -1);
    return y;
  };
}

/** With at least one dimension. Follows `torch.atleast_1d`. */
export const atleast1d = atLeast(1);
/** With at least two dimensions. Follows `torch.atleast_2d`. */
export const atleast2d = atLeast(2);
/** With at least three dimensions. Follows `torch.atleast_3d`. */
export const atleast3d = atLeast(3);

/** The functions of this file that are methods too. */
export default {
  reshape,
  view,
  viewAs,
  reshapeAs,
  flatten,
  ravel,
  unflatten,
  squeeze,
  unsqueeze,
  expand,
  expandAs,
  broadcastTo,
  transpose,
  swapaxes,
  swapdims,
  t,
  adjoint,
  permute,
  movedim,
  moveaxis,
};
