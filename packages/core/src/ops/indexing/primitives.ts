import { scalarNameOf, type TypedArray } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../../errors.ts';
import { copyStrided, stridedOver } from '../../kernels/index.ts';
import { apply, applyInPlace, definePrimitive, INPUT, type Primitive } from '../../record/index.ts';
import { ALL_INPUTS } from '../../record/node.ts';
import { expandsTo, formatShape, numelOf, type Shape, sameShape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { sum } from '../reductions/sum.ts';
import { broadcastLayout } from '../views/layout.ts';
import { reshape } from '../views/shape.ts';
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

/** Which dimensions are indexed, ascending. */
interface Indexing extends IndexRule {
  readonly dims: readonly number[];
}

interface Putting extends Indexing {
  readonly accumulate: boolean;
}

const arraysOf = (indices: readonly Tensor[]): TypedArray[] => indices.map((i) => i.data);

const defineIndex = (name: string) =>
  definePrimitive<Indexing, [Tensor, Tensor, ...Tensor[]]>({
    name,
    saves: ALL_INPUTS & ~INPUT(0),
    infer: ([x, index], { dims }) => ({ shape: indexedShape(x.shape, dims, index.shape), dtype: x.dtype }),
    kernel([x, ...indices], attrs, out) {
      if (out.count === 0 && indices[0]!.count === 0) return;
      const where = indexPositions(x, attrs.dims, arraysOf(indices), indices[0]!.shape, attrs);
      readPositions(x.storage.array, where, out.storage.array, out.offset);
    },
    derivative(g, node) {
      const indices = node.attrs.dims.map((_, k) => node.input(k + 1));
      const target = zeros(node.shape(0), { dtype: g.dtype });
      const gradient = putIndexed('index_put', target, g, indices, { ...node.attrs, accumulate: true });
      return [gradient, ...indices.map(() => null)];
    },
  });

/** One mechanism under the names that PyTorch prints. */
const indexPrimitives = { index: defineIndex('index'), index_select: defineIndex('index_select') };

/** x indexed at `dims` by int32 tensors of one shape. */
export const getIndexed = (
  name: keyof typeof indexPrimitives,
  x: Tensor,
  indices: readonly Tensor[],
  attrs: Indexing,
): Tensor => apply(indexPrimitives[name], [x, ...indices], attrs);

type PuttingInputs = [Tensor, Tensor, Tensor, ...Tensor[]];

const definePut = (name: string): Primitive<Putting, PuttingInputs> =>
  definePrimitive<Putting, PuttingInputs>({
    name,
    saves: ALL_INPUTS & ~INPUT(0) & ~INPUT(1),
    infer([x, values, index], { dims, caller }) {
      checkValues(x, values, indexedShape(x.shape, dims, index.shape), caller);
      return { shape: x.shape, dtype: x.dtype };
    },
    kernel([x, values, ...indices], attrs, out) {
      const { shape } = indices[0]!;
      const where = indexPositions(out, attrs.dims, arraysOf(indices), shape, attrs);
      const data = broadcastData(values, indexedShape(x.shape, attrs.dims, shape));
      if (out !== x) copyStrided(x, out.storage.array, out.offset);
      writePositions(out.storage.array, where, data, attrs.accumulate, out.dtype === 'bool');
    },
    derivative(g, node) {
      const { attrs } = node;
      const indices = attrs.dims.map((_, k) => node.input(k + 2));
      return [
        !node.needs(0)
          ? null
          : attrs.accumulate
            ? g
            : putIndexed('index_put', g, Tensor.scalar(0, g.dtype), indices, attrs),
        node.needs(1) ? getIndexed('index', g, indices, attrs) : null,
        ...indices.map(() => null),
      ];
    },
  });

const putPrimitives = {
  index_put: definePut('index_put'),
  index_add: definePut('index_add'),
  index_copy: definePut('index_copy'),
  index_fill: definePut('index_fill'),
};

type PutIndexed = (
  name: keyof typeof putPrimitives,
  x: Tensor,
  values: Tensor,
  indices: readonly Tensor[],
  attrs: Putting,
) => Tensor;

/** A copy of x with `values`, broadcast, stored (or added) where int32 tensors of one shape index `dims`. */
export const putIndexed: PutIndexed = (name, x, values, indices, attrs) =>
  apply(putPrimitives[name], [x, values, ...indices], attrs);

/** {@link putIndexed} in place. */
export const putIndexedInPlace: PutIndexed = (name, x, values, indices, attrs) =>
  applyInPlace(putPrimitives[name], [x, values, ...indices], attrs);

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

const defineTake = (name: string) =>
  definePrimitive<undefined, [Tensor, Tensor]>({
    name,
    saves: INPUT(1),
    infer: ([x, index]) => ({ shape: index.shape, dtype: x.dtype }),
    kernel([x, index], _, out) {
      if (x.count === 0 && index.count > 0)
        throw new IndexError('take(): tried to take from an empty tensor');
      readAt(x.data, flatPositions(index, x.count, 'take'), out.storage.array, out.offset);
    },
    derivative(g, node) {
      const target = zeros(node.shape(0), { dtype: g.dtype });
      return [putFlat('put', target, node.input(1), g, { accumulate: true, caller: 'put' }), null];
    },
  });

const takePrimitives = { take: defineTake('take'), masked_select: defineTake('masked_select') };

/** The elements of x, taken as one row, at the given indices. */
export const takeFlat = (name: keyof typeof takePrimitives, x: Tensor, index: Tensor): Tensor =>
  apply(takePrimitives[name], [x, index], undefined);

interface FlatPutting {
  readonly accumulate: boolean;
  readonly caller: string;
}

const definePutFlat = (name: string): Primitive<FlatPutting, [Tensor, Tensor, Tensor]> =>
  definePrimitive({
    name,
    saves: INPUT(1),
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    kernel([x, index, source], { accumulate, caller }, out) {
      const positions = flatPositions(index, x.count, caller);
      const values = source.data;
      if (out !== x) copyStrided(x, out.storage.array, out.offset);
      const target = out.offset === 0 ? out.storage.array : out.data;
      writeAt(target, positions, values, accumulate ? (out.dtype === 'bool' ? 'amax' : 'sum') : 'set');
    },
    derivative(g, node) {
      const index = node.input(1);
      const { accumulate } = node.attrs;
      return [
        !node.needs(0)
          ? null
          : accumulate
            ? g
            : putFlat('put', g, index, Tensor.scalar(0, g.dtype), node.attrs),
        null,
        node.needs(2) ? ofSource(takeFlat('take', g, index), node.shape(2)) : null,
      ];
    },
  });

/** A single element that was stored everywhere gets the sum. */
function ofSource(g: Tensor, shape: Shape): Tensor {
  return reshape(g.count === numelOf(shape) ? g : sum(g), shape);
}

const putFlatPrimitives = {
  put: definePutFlat('put'),
  masked_scatter: definePutFlat('masked_scatter'),
  index_put: definePutFlat('index_put'),
  index_add: definePutFlat('index_add'),
  index_copy: definePutFlat('index_copy'),
  index_fill: definePutFlat('index_fill'),
};

type PutFlat = (
  name: keyof typeof putFlatPrimitives,
  x: Tensor,
  index: Tensor,
  source: Tensor,
  attrs: FlatPutting,
) => Tensor;

/** A copy of x, taken as one row, with `source` (as many elements, or one) stored or added at the given indices. */
export const putFlat: PutFlat = (name, x, index, source, attrs) =>
  apply(putFlatPrimitives[name], [x, index, source], attrs);

/** {@link putFlat} in place. */
export const putFlatInPlace: PutFlat = (name, x, index, source, attrs) =>
  applyInPlace(putFlatPrimitives[name], [x, index, source], attrs);
