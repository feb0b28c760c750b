import { reduce } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { reshape } from '../views/shape.ts';
import { overloadOf, type Reduction, spread, totalType } from './reduction.ts';

/** The operation behind `sum`, `sumToSize`, and the gradients of what was broadcast. */
export const sumPrimitive = definePrimitive<Reduction>({
  name: 'sum',
  overload: overloadOf,
  saves: 0,
  infer: ([x], { shape }) => ({ shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dims }, out) => reduce('sum', x, dims, out.storage.array, out.offset),
  derivative: (g, node) => [spread(g, node)],
});

/** x summed over the dimensions along which `shape`, which is known to fit, would have to be broadcast to x's shape. */
export function summedTo(x: Tensor, shape: Shape): Tensor {
  const from = x.shape;
  const lead = from.length - shape.length;
  const dims: number[] = [];
  let inner = false;
  for (let d = 0; d < lead; d++) dims.push(d);
  for (let d = lead; d < from.length; d++) {
    if (shape[d - lead] !== from[d]) {
      dims.push(d);
      inner = true;
    }
  }
  if (dims.length === 0) return x;
  if (!inner || lead === 0) return apply(sumPrimitive, [x], { dims, shape });
  const kept = from.map((size, d) => (dims.includes(d) ? 1 : size));
  return reshape(apply(sumPrimitive, [x], { dims, shape: kept }), shape);
}
