/**
 * A tensor read and written where int32 tensors index some of its dimensions: each primitive is the derivative of the
 * other.
 */
import { scalarNameOf, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { copyStrided, elementsOf, stridedOver } from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT, type Primitive } from '../../record/index.ts';
import { ALL_INPUTS } from '../../record/node.ts';
import { expandsTo, formatShape, type Shape, sameShape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { where } from '../elementwise/select.ts';
import { broadcastLayout } from '../views/layout.ts';
import { reshape } from '../views/shape.ts';
import { firstMentions } from './first-mentions.ts';
import { type IndexRule, indexedShape, indexPositions } from './index-positions.ts';
import { readPositions, writePositions } from './read-write.ts';

/** Which dimensions are indexed, ascending. */
interface Indexing extends IndexRule {
  readonly dims: readonly number[];
}

interface Putting extends Indexing {
  readonly accumulate: boolean;
}

const defineIndex = (name: string) =>
  definePrimitive<Indexing, [Tensor, Tensor, ...Tensor[]]>({
    name,
    saves: ALL_INPUTS & ~INPUT(0),
    infer: ([x, index], { dims }) => ({ shape: indexedShape(x.shape, dims, index.shape), dtype: x.dtype }),
    kernel([x, ...indices], attrs, out) {
      if (out.count === 0 && indices.some((index) => index.count === 0)) return;
      const where = indexPositions(x, attrs.dims, indices, attrs);
      readPositions(x.storage.array, where, out.storage.array, out.offset);
    },
    derivative(g, node) {
      const indices = node.attrs.dims.map((_, k) => node.input(k + 1));
      const target = zeros(node.shape(0), { dtype: g.dtype });
      const { dims, caller, negative } = node.attrs;
      const putting = { dims, caller, negative, accumulate: true };
      const gradient = putIndexed('index_put', target, g, indices, putting);
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

/** What the values get of the gradient at the places where they were stored. */
type ValueGradient = (g: Tensor, node: GradNode<Putting>) => Tensor;

const definePut = (name: string, ofValues: ValueGradient = (g) => g): Primitive<Putting, PuttingInputs> =>
  definePrimitive<Putting, PuttingInputs>({
    name,
    saves: ALL_INPUTS & ~INPUT(0) & ~INPUT(1),
    infer([x, values, index], { dims, caller }) {
      checkValues(x, values, indexedShape(x.shape, dims, index.shape), caller);
      return { shape: x.shape, dtype: x.dtype };
    },
    kernel([x, values, ...indices], attrs, out) {
      const [index] = indices;
      const where = indexPositions(out, attrs.dims, indices, attrs);
      const data = broadcastData(values, indexedShape(x.shape, attrs.dims, index.shape));
      copyStrided(x, out.storage.array);
      writePositions(out.storage.array, where, data, attrs.accumulate, out.dtype === 'bool');
    },
    derivative(g, node) {
      const { attrs } = node;
      const indices = attrs.dims.map((_, k) => node.input(k + 2));
      const others = (): Tensor => putIndexed('index_put', g, Tensor.scalar(0, g.dtype), indices, attrs);
      return [
        node.needs(0) ? (attrs.accumulate ? g : others()) : null,
        node.needs(1) ? ofValues(getIndexed('index', g, indices, attrs), node) : null,
        ...indices.map(() => null),
      ];
    },
  });

const putPrimitives = {
  index_put: definePut('index_put'),
  index_add: definePut('index_add'),
  index_copy: definePut('index_copy'),
  index_fill: definePut('index_fill', (g, node) => {
    const [dim = 0] = node.attrs.dims;
    const index = node.input(2);
    const isFirst = firstMentions(index, node.shape(0)[dim] ?? 1);
    return where(reshape(isFirst, [-1, ...g.shape.slice(dim + 1).fill(1)]), g, 0);
  }),
};

/**
 * A copy of x (in place: x) with `values`, broadcast, stored or added where int32 tensors of one shape index `dims`.
 */
export const putIndexed = (
  name: keyof typeof putPrimitives,
  x: Tensor,
  values: Tensor,
  indices: readonly Tensor[],
  attrs: Putting,
  run = apply,
): Tensor => run(putPrimitives[name], [x, values, ...indices], attrs);

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
  if (x.count === 1 || sameShape(x.shape, shape)) return elementsOf(x);
  const { strides, offset } = broadcastLayout(x, shape);
  const wide = stridedOver(x.storage.array, x.dtype, shape, offset, strides);
  const data = allocateArray(x.dtype, wide.count);
  copyStrided(wide, data);
  return data;
}
