import type { DType } from '../dtype.ts';
import { apply, definePrimitive } from '../primitive.ts';
import { normalizeDims, reducedShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { to } from './copy.ts';
import { expand, reshape } from './views.ts';

interface SumAttributes {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const sumPrimitive = definePrimitive<SumAttributes>({
  name: 'sum',
  saves: 0,
  infer: ([x], { dims, keepdim }) => ({ shape: reducedShape(x!.shape, dims, keepdim), dtype: x!.dtype }),
  kernel([x], { dims }, out) {
    const data = x!.data;
    const { shape } = x!;
    const acc = new Float64Array(out.count);
    const index = new Array<number>(shape.length).fill(0);
    for (let i = 0; i < data.length; i++) {
      let at = 0;
      for (let d = 0; d < shape.length; d++) if (!dims.includes(d)) at = at * shape[d]! + index[d]!;
      acc[at]! += data[i]!;
      for (let d = shape.length - 1; d >= 0; d--) {
        if (++index[d]! < shape[d]!) break;
        index[d] = 0;
      }
    }
    out.storage.array.set(acc, out.offset);
  },
  derivative(g, node) {
    const { dims, keepdim } = node.attrs;
    const shape = node.shape(0);
    return [expand(keepdim ? g : reshape(g, reducedShape(shape, dims, true)), shape)];
  },
});

export function sum(
  x: Tensor,
  dims?: number | readonly number[] | null,
  options?: { keepdim?: boolean; dtype?: DType },
): Tensor {
  return apply(sumPrimitive, [options?.dtype ? to(x, options.dtype) : x], {
    dims: normalizeDims(dims, x.ndim, 'sum'),
    keepdim: options?.keepdim ?? false,
  });
}

/** x summed over the dimensions along which `shape` was broadcast to it. Follows `Tensor.sum_to_size`. */
export function sumToShape(x: Tensor, shape: Shape): Tensor {
  const lead = x.ndim - shape.length;
  const dims: number[] = [];
  for (let d = 0; d < x.ndim; d++) if (d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1)) dims.push(d);
  return reshape(sum(x, dims, { keepdim: true }), shape);
}
