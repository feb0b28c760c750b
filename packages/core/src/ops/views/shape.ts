import { composition, K, signature } from '../../arguments/index.ts';
import { callListener } from '../../arguments/signature.ts';
import { IndexError, ShapeError } from '../../errors.ts';
import { copyStrided } from '../../kernels/index.ts';
import { isArray } from '../../readable.ts';
import { apply, applyView, definePrimitive, defineView } from '../../record/index.ts';
import { broadcastAll, checkShape, formatShape, normalizeDim, numelOf, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { contiguous } from '../creation/copy.ts';
import {
  areSizes,
  expandedLayout,
  inferSizes,
  type Layout,
  reshapedStrides,
  type Sizes,
  sizeAlong,
  sizesFrom,
  sizesKind,
  strideAlong,
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

const reshapeParameters = { x: K.tensor, sizes: sizesKind };
const reshapeTakes = signature('reshape', reshapeParameters);

/** Whether the check need not be asked: the sizes fit at sight, and nobody hears of calls. */
const fitAtSight = (x: Tensor, sizes: Sizes): boolean =>
  callListener === null && Tensor.is(x) && areSizes(sizes);

/**
 * The elements of x, in row-major order, in another shape; one size may be -1 and is inferred. A view where x's memory
 * allows it, else a copy. Follows `torch.reshape`.
 * @throws ShapeError when the sizes do not multiply to the number of elements.
 * @example reshape(arange(6), [2, -1]).tolist(); // [ [ 0, 1, 2 ], [ 3, 4, 5 ] ]
 */
export function reshape(x: Tensor, ...sizes: Sizes): Tensor {
  if (!fitAtSight(x, sizes)) reshapeTakes([x, sizes]);
  const shape = inferSizes(sizesFrom(sizes), x.count, 'reshape');
  const strides = reshapedStrides(x, shape);
  return strides === null
    ? apply(reshapeCopyPrimitive, [x], shape)
    : applyView(viewPrimitive, x, { shape, strides });
}

const viewTakes = signature('view', reshapeParameters);

/**
 * Like {@link reshape}, and an error where a copy would be needed. Follows `Tensor.view`.
 * @throws ShapeError when the sizes do not multiply to the number of elements or x's strides do not allow a view.
 * @example view(arange(6), 3, -1).shape; // [ 3, 2 ]
 */
export function view(x: Tensor, ...sizes: Sizes): Tensor {
  if (!fitAtSight(x, sizes)) viewTakes([x, sizes]);
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

/** What `f` does to a shape, with that of another tensor. */
const withShapeOf = (name: string, f: (x: Tensor, shape: Shape) => Tensor) =>
  composition(
    name,
    { x: K.tensor, other: K.tensor },
    (x: Tensor, other: Tensor): Tensor => f(x, other.shape),
  );

/** {@link view} with the shape of `other`, and its errors. Follows `Tensor.view_as`. */
export const viewAs = withShapeOf('viewAs', view);

/** {@link reshape} with the shape of `other`, and its errors. Follows `Tensor.reshape_as`. */
export const reshapeAs = withShapeOf('reshapeAs', reshape);

const flattenTakes = signature('flatten', {
  x: K.tensor,
  startDim: K.optional(K.integer),
  endDim: K.optional(K.integer),
});

/**
 * One dimension in place of `startDim` to `endDim`, inclusive. Follows `torch.flatten`.
 * @throws IndexError when a dimension is out of range, ShapeError when `startDim` comes after `endDim`.
 * @example flatten(zeros([2, 3, 4]), 1).shape; // [ 2, 12 ]
 */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  flattenTakes(arguments);
  const rank = x.shape.length;
  const start = normalizeDim(startDim, rank, 'flatten');
  const end = normalizeDim(endDim, rank, 'flatten');
  if (start > end) throw new ShapeError('flatten() has invalid args: startDim cannot come after endDim');
  if (rank === 0) return reshape(x, [1]);
  if (start === end) return x;
  const joined = numelOf(x.shape.slice(start, end + 1));
  return reshape(x, [...x.shape.slice(0, start), joined, ...x.shape.slice(end + 1)]);
}

const ravelTakes = signature('ravel', { x: K.tensor });

/** All elements in one dimension: a view where x is contiguous, else a copy. Follows `torch.ravel`. */
export const ravel = function (x: Tensor): Tensor {
  ravelTakes(arguments);
  return reshape(contiguous(x), [-1]);
};

const unflattenTakes = signature('unflatten', { x: K.tensor, dim: K.integer, sizes: K.sizes });

/**
 * Several dimensions in place of `dim`; one size may be -1. Follows `torch.unflatten`.
 * @throws IndexError when `dim` is out of range, ShapeError when the sizes do not multiply to that of the dimension.
 * @example unflatten(zeros([2, 12]), 1, [3, -1]).shape; // [ 2, 3, 4 ]
 */
export function unflatten(x: Tensor, dim: number, sizes: Shape): Tensor {
  unflattenTakes(arguments);
  if (x.shape.length === 0)
    throw new IndexError(`unflatten: Dimension specified as ${dim} but tensor has no dimensions`);
  const d = normalizeDim(dim, x.shape.length, 'unflatten');
  if (sizes.length === 0) throw new ShapeError('unflatten: sizes must be non-empty');
  const size = sizeAlong(x, d);
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

// By how the dims are given, as PyTorch's overloads.
const squeezeAll = { ...squeezePrimitive, overload: () => 0 };
const squeezeOne = { ...squeezePrimitive, overload: () => 1 };
const squeezeSome = { ...squeezePrimitive, overload: () => 2 };

const squeezeTakes = signature('squeeze', { x: K.tensor, dim: K.optional(K.dims) });

/**
 * Without the dimensions of size 1, or without those among `dim` that have size 1. Follows `torch.squeeze`.
 * @throws IndexError when a dimension is out of range, ShapeError when one is given twice.
 * @example squeeze(zeros([1, 3, 1])).shape; // [ 3 ]
 */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  squeezeTakes(arguments);
  const rank = x.shape.length;
  const wanted = typeof dim === 'number' ? [dim] : dim;
  const dims = wanted?.map((d) => normalizeDim(d, rank, 'squeeze'));
  if (dims !== undefined && new Set(dims).size < dims.length) {
    throw new ShapeError(`squeeze: a dim appears multiple times in the list of dims [${wanted?.join(', ')}]`);
  }
  const dropped = x.shape.map((size, d) => size === 1 && (dims === undefined || dims.includes(d)));
  const primitive = dim === undefined ? squeezeAll : typeof dim === 'number' ? squeezeOne : squeezeSome;
  return applyView(primitive, x, dropped);
}

const unsqueezePrimitive = orderedView<number>('unsqueeze', (x, d) => {
  const stride = sizeAlong(x, d) * strideAlong(x, d);
  return {
    shape: [...x.shape.slice(0, d), 1, ...x.shape.slice(d)],
    strides: [...x.strides.slice(0, d), stride, ...x.strides.slice(d)],
    offset: x.offset,
  };
});

const unsqueezeTakes = signature('unsqueeze', { x: K.tensor, dim: K.integer });

/**
 * With a dimension of size 1 inserted before `dim`. Follows `torch.unsqueeze`.
 * @throws IndexError when `dim` is out of range.
 * @example unsqueeze(zeros([2, 3]), 1).shape; // [ 2, 1, 3 ]
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  unsqueezeTakes(arguments);
  return applyView(unsqueezePrimitive, x, normalizeDim(dim, x.shape.length + 1, 'unsqueeze'));
}

const expandPrimitive = defineView<Shape>({
  name: 'expand',
  alias: expandedLayout,
  derivative: (g) => g,
});

const expandTakes = signature('expand', reshapeParameters);

/**
 * x broadcast to larger sizes, without a copy; -1 keeps a size. Follows `Tensor.expand`.
 * @throws ShapeError when a dimension of another size than 1 would be stretched.
 * @example expand(tensor([[1], [2]]), -1, 3).tolist(); // [ [ 1, 1, 1 ], [ 2, 2, 2 ] ]
 */
export function expand(x: Tensor, ...sizes: Sizes): Tensor {
  expandTakes([x, sizes]);
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
    return sizeAlong(x, d - lead);
  });
  checkShape(shape, 'expand');
  for (let d = shape.length - 1; d >= lead; d--) {
    const size = sizeAlong(x, d - lead);
    if (size === 1 || size === shape[d]) continue;
    throw new ShapeError(
      `expand: The expanded size of the tensor (${shape[d]}) must match the existing size (${size}) at non-singleton ` +
        `dimension ${d}. Target sizes: ${formatShape(target)}. Tensor sizes: ${formatShape(x.shape)}`,
    );
  }
  return applyView(expandPrimitive, x, shape);
}

/** {@link expand} to the shape of `other`, and its errors. Follows `Tensor.expand_as`. */
export const expandAs = withShapeOf('expandAs', expand);

/** {@link expand} to `shape`, and its errors. Follows `torch.broadcast_to`. */
export const broadcastTo = composition(
  'broadcastTo',
  { x: K.tensor, shape: K.sizes },
  (x: Tensor, shape: Shape): Tensor => expand(x, shape),
);

const broadcastTensorsTakes = signature('broadcastTensors', { tensors: K.tensors });

/**
 * All tensors expanded to the shape to which they broadcast. Follows `torch.broadcast_tensors`.
 * @throws ShapeError when they do not broadcast.
 */
export function broadcastTensors(...tensors: readonly Tensor[] | readonly [readonly Tensor[]]): Tensor[] {
  const [first] = tensors;
  const list = (isArray(first) ? first : tensors) as readonly Tensor[];
  broadcastTensorsTakes([list]);
  const shape = broadcastAll(
    list.map((x) => x.shape),
    'broadcastTensors',
  );
  return list.map((x) => expand(x, shape));
}

/** A function of one tensor, or of several, each of which it maps. */
interface AtLeast {
  (x: Tensor): Tensor;
  (...tensors: readonly [readonly Tensor[]] | readonly [Tensor, Tensor, ...Tensor[]]): Tensor[];
}

/** With dimensions of size 1 added until there are at least `rank`, where NumPy's `atleast_` functions put them. */
function atLeast(name: string, rank: number): AtLeast {
  const takes = signature(name, { tensors: K.tensors });
  const one = (x: Tensor): Tensor => {
    let y = x;
    if (rank >= 1 && y.shape.length === 0) y = reshape(y, [1]);
    if (rank >= 2 && y.shape.length === 1) y = unsqueeze(y, 0);
    if (rank >= 3 && y.shape.length === 2) y = unsqueeze(y, -1);
    return y;
  };
  return ((...given: readonly Tensor[] | [readonly Tensor[]]) => {
    const [first] = given;
    const tensors = (isArray(first) ? first : given) as readonly Tensor[];
    takes([tensors]);
    return given.length === 1 && !isArray(first) ? one(tensors[0]!) : tensors.map(one);
  }) as AtLeast;
}

/** With at least one dimension; of several tensors, or a list of them, each. Follows `torch.atleast_1d`. */
export const atleast1d: AtLeast = atLeast('atleast1d', 1);
/** With at least two dimensions; of several tensors, or a list of them, each. Follows `torch.atleast_2d`. */
export const atleast2d: AtLeast = atLeast('atleast2d', 2);
/** With at least three dimensions; of several tensors, or a list of them, each. Follows `torch.atleast_3d`. */
export const atleast3d: AtLeast = atLeast('atleast3d', 3);

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
};
