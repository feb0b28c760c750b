import { scalarNameOf, type TypedArray } from '../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../errors.ts';
import { copyStrided } from '../kernels/copy.ts';
import { stridedOver } from '../kernels/strided.ts';
import { ALL_INPUTS, apply, applyInPlace, definePrimitive, INPUT } from '../primitive.ts';
import { expandsTo, formatShape, numelOf, type Shape, sameShape } from '../shape.ts';
import { allocateArray } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import { copyInto } from './copy.ts';
import { zeros } from './fill.ts';
import { broadcastLayout } from './layout.ts';
import {
  flatPositions,
  type IndexRule,
  indexedShape,
  indexPositions,
  readAt,
  readPositions,
  writeAt,
  writePositions,
} from './positions.ts';
import { sum } from './sum.ts';
import { reshape } from './views.ts';

/** Which dimensions are indexed, ascending. */
interface Indexing extends IndexRule {
  readonly dims: readonly number[];
}

interface Putting extends Indexing {
  readonly accumulate: boolean;
}

const arraysOf = (indices: readonly Tensor[]): TypedArray[] => indices.map((i) => i.data);

const indexPrimitive = definePrimitive<Indexing>({
  name: 'index',
  saves: ALL_INPUTS & ~INPUT(0),
  infer: ([x, index], { dims }) => ({ shape: indexedShape(x!.shape, dims, index!.shape), dtype: x!.dtype }),
  kernel([x, ...indices], attrs, out) {
    if (out.count === 0 && indices[0]!.count === 0) return;
    const where = indexPositions(x!, attrs.dims, arraysOf(indices), indices[0]!.shape, attrs);
    readPositions(x!.storage.array, where, out.storage.array, out.offset);
  },
  derivative(g, node) {
    const indices = node.attrs.dims.map((_, k) => node.input(k + 1));
    const target = zeros(node.shape(0), { dtype: g.dtype });
    const gradient = putIndexed(target, g, indices, { ...node.attrs, accumulate: true });
    return [gradient, ...indices.map(() => null)];
  },
});

/** x indexed at `dims` by int32 tensors of one shape. */
export const getIndexed = (x: Tensor, indices: readonly Tensor[], attrs: Indexing): Tensor =>
  apply(indexPrimitive, [x, ...indices], attrs);

const putPrimitive = definePrimitive<Putting>({
  name: 'index_put',
  saves: ALL_INPUTS & ~INPUT(0) & ~INPUT(1),
  infer([x, values, index], { dims, caller }) {
    checkValues(x!, values!, indexedShape(x!.shape, dims, index!.shape), caller);
    return { shape: x!.shape, dtype: x!.dtype };
  },
  kernel([x, values, ...indices], attrs, out) {
    const { shape } = indices[0]!;
    const where = indexPositions(out, attrs.dims, arraysOf(indices), shape, attrs);
    const data = broadcastData(values!, indexedShape(x!.shape, attrs.dims, shape));
    if (out !== x) copyStrided(x!, out.storage.array, out.offset);
    writePositions(out.storage.array, where, data, attrs.accumulate, out.dtype === 'bool');
  },
  derivative(g, node) {
    const { attrs } = node;
    const indices = attrs.dims.map((_, k) => node.input(k + 2));
    return [
      !node.needs(0) ? null : attrs.accumulate ? g : putIndexed(g, Tensor.scalar(0, g.dtype), indices, attrs),
      node.needs(1) ? getIndexed(g, indices, attrs) : null,
      ...indices.map(() => null),
    ];
  },
});

/** A copy of x with `values`, broadcast, stored (or added) where int32 tensors of one shape index `dims`. */
export const putIndexed = (x: Tensor, values: Tensor, indices: readonly Tensor[], attrs: Putting): Tensor =>
  apply(putPrimitive, [x, values, ...indices], attrs);

/** {@link putIndexed} in place. */
export const putIndexedInPlace = (
  x: Tensor,
  values: Tensor,
  indices: readonly Tensor[],
  attrs: Putting,
): Tensor => applyInPlace(putPrimitive, [x, values, ...indices], attrs, copyInto);

function checkValues(x: Tensor, values: Tensor, shape: Shape, caller: string): void {
  if (values.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: requires the source and destination dtypes match, got ${scalarNameOf(x.dtype)} for the destination ` +
        `and ${scalarNameOf(values.dtype)} for the source.`,
    );
  }
  if (!expandsTo(values.shape, shape)) {
    throw new ShapeError(
      `${caller}: shape mismatch: value tensor of shape ${formatShape(values.shape)} cannot be broadcast to indexing ` +
        `result of shape ${formatShape(shape)}`,
    );
  }
}

/** The elements of x broadcast to `shape`, in row-major order; a single one stands for all. */
function broadcastData(x: Tensor, shape: Shape): TypedArray {
  if (x.count === 1 || sameShape(x.shape, shape)) return x.data;
  const { strides, offset } = broadcastLayout(x, shape);
  const wide = stridedOver(x.storage.array, x.dtype, shape, offset, strides);
  const data = allocateArray(x.dtype, wide.count);
  copyStrided(wide, data);
  return data;
}

const takePrimitive = definePrimitive({
  name: 'take',
  saves: INPUT(1),
  infer: ([x, index]) => ({ shape: index!.shape, dtype: x!.dtype }),
  kernel([x, index], _, out) {
    if (x!.count === 0 && index!.count > 0)
      throw new IndexError('take(): tried to take from an empty tensor');
    readAt(x!.data, flatPositions(index!, x!.count, 'take'), out.storage.array, out.offset);
  },
  derivative(g, node) {
    const target = zeros(node.shape(0), { dtype: g.dtype });
    return [putFlat(target, node.input(1), g, { accumulate: true, caller: 'put' }), null];
  },
});

/** The elements of x, taken as one row, at the given indices. */
export const takeFlat = (x: Tensor, index: Tensor): Tensor => apply(takePrimitive, [x, index], undefined);

interface FlatPutting {
  readonly accumulate: boolean;
  readonly caller: string;
}

const putFlatPrimitive = definePrimitive<FlatPutting>({
  name: 'put',
  saves: INPUT(1),
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  kernel([x, index, source], { accumulate, caller }, out) {
    const positions = flatPositions(index!, x!.count, caller);
    const values = source!.data;
    if (out !== x) copyStrided(x!, out.storage.array, out.offset);
    const target = out.offset === 0 ? out.storage.array : out.data;
    writeAt(target, positions, values, accumulate ? (out.dtype === 'bool' ? 'amax' : 'sum') : 'set');
  },
  derivative(g, node) {
    const index = node.input(1);
    const { accumulate } = node.attrs;
    return [
      !node.needs(0) ? null : accumulate ? g : putFlat(g, index, Tensor.scalar(0, g.dtype), node.attrs),
      null,
      node.needs(2) ? ofSource(takeFlat(g, index), node.shape(2)) : null,
    ];
  },
});

/** A single element that was stored everywhere gets the sum. */
function ofSource(g: Tensor, shape: Shape): Tensor {
  return reshape(g.count === numelOf(shape) ? g : sum(g), shape);
}

/** A copy of x, taken as one row, with `source` (as many elements, or one) stored or added at the given indices. */
export const putFlat = (x: Tensor, index: Tensor, source: Tensor, attrs: FlatPutting): Tensor =>
  apply(putFlatPrimitive, [x, index, source], attrs);

/** {@link putFlat} in place. */
export const putFlatInPlace = (x: Tensor, index: Tensor, source: Tensor, attrs: FlatPutting): Tensor =>
  applyInPlace(putFlatPrimitive, [x, index, source], attrs, copyInto);
