/**
 * A tensor read and written as one row, at the places that an int32 tensor names: each primitive is the derivative of
 * the other.
 */
import { IndexError } from '../../errors.ts';
import { copyStrided, elementsOf } from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT, type Primitive } from '../../record/index.ts';
import { numelOf, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { where } from '../elementwise/select.ts';
import { sum } from '../reductions/sum.ts';
import { reshape } from '../views/shape.ts';
import { firstMentions } from './first-mentions.ts';
import { flatPositions } from './index-positions.ts';
import { readAt, writeAt } from './read-write.ts';

const defineTake = (name: string) =>
  definePrimitive<undefined, [Tensor, Tensor]>({
    name,
    saves: INPUT(1),
    infer: ([x, index]) => ({ shape: index.shape, dtype: x.dtype }),
    kernel([x, index], _, out) {
      if (x.count === 0 && index.count > 0)
        throw new IndexError('take(): tried to take from an empty tensor');
      readAt(elementsOf(x), flatPositions(index, x.count, 'take'), out.storage.array, out.offset);
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

const definePutFlat = (
  name: string,
  ofValues = (g: Tensor, _node: GradNode<FlatPutting>): Tensor => g,
): Primitive<FlatPutting, [Tensor, Tensor, Tensor]> =>
  definePrimitive({
    name,
    key: `${name}, flat`,
    saves: INPUT(1),
    infer: ([x]) => x,
    kernel([x, index, source], { accumulate, caller }, out) {
      const positions = flatPositions(index, x.count, caller);
      const target = out.storage.array;
      copyStrided(x, target);
      const combine = out.dtype === 'bool' ? 'amax' : 'sum';
      writeAt(target, positions, elementsOf(source), accumulate ? combine : 'set');
    },
    derivative(g, node) {
      const index = node.input(1);
      const others = (): Tensor => putFlat('put', g, index, Tensor.scalar(0, g.dtype), node.attrs);
      return [
        node.needs(0) ? (node.attrs.accumulate ? g : others()) : null,
        null,
        node.needs(2) ? ofSource(ofValues(takeFlat('take', g, index), node), node.shape(2)) : null,
      ];
    },
  });

/** A single element that was stored everywhere gets the sum. */
function ofSource(g: Tensor, shape: Shape): Tensor {
  return reshape(g.count === numelOf(shape) ? g : sum(g), shape);
}

const putFlatPrimitives = {
  put: definePutFlat('put'),
  index_put: definePutFlat('index_put'),
  index_add: definePutFlat('index_add'),
  index_copy: definePutFlat('index_copy'),
  index_fill: definePutFlat('index_fill', (g, node) => where(firstMentions(node.input(1), 1), g, 0)),
};

/**
 * A copy of x (in place: x), taken as one row, with `source` (as many elements, or one) stored or added at the given
 * indices.
 */
export const putFlat = (
  name: keyof typeof putFlatPrimitives,
  x: Tensor,
  index: Tensor,
  source: Tensor,
  attrs: FlatPutting,
  run = apply,
): Tensor => run(putFlatPrimitives[name], [x, index, source], attrs);
