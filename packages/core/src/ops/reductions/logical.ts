import { K, signature } from '../../arguments/index.ts';
import { copyStrided, reduce, stridedOver } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { allocateArray } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { ne } from '../elementwise/compare.ts';
import type { Dims, ReduceOptions } from './options.ts';
import { alone, isDims, type Reduction, reduceOptions, reductionOf } from './reduction.ts';

function truth(name: 'all' | 'any') {
  const primitive = definePrimitive<Reduction>({
    name,
    // PyTorch keeps uint8, for the time before it had bools.
    infer: ([x], { shape }) => ({ shape, dtype: x.dtype === 'uint8' ? 'uint8' : 'bool' }),
    kernel: ([x], { dims }, out) => reduce(name, x, dims, out.storage.array, out.offset),
  });
  const takes = signature(name, { x: K.tensor, dims: K.nullable(K.dims), options: reduceOptions });
  return function test(x: Tensor, dims?: Dims | ReduceOptions, options?: ReduceOptions): Tensor {
    if (!isDims(dims)) return test(x, undefined, alone(name, dims, options));
    takes(arguments);
    // A list without dimensions leaves them all, as in PyTorch.
    if (Array.isArray(dims) && dims.length === 0) {
      return x.dtype === 'uint8' ? to(ne(x, 0), 'uint8') : ne(x, 0);
    }
    return apply(primitive, [x], reductionOf(x, dims, options?.keepdim, name));
  };
}

/**
 * Whether all elements, or those along dimensions, are other than 0 (NaN is); `true` where there is none.
 * Follows `torch.all`.
 * @throws IndexError when a dimension is out of range
 * @example all(tensor([[1, 0], [1, 1]]), 1); // tensor([False,  True])
 */
export const all = truth('all');

/**
 * Whether any element, or one along dimensions, is other than 0 (NaN is); `false` where there is none.
 * Follows `torch.any`.
 * @throws IndexError when a dimension is out of range
 * @example any(tensor([[0, 0], [1, 0]]), 1); // tensor([False,  True])
 */
export const any = truth('any');

const countNonzeroPrimitive = definePrimitive<Reduction>({
  name: 'count_nonzero',
  infer: (_, { shape }) => ({ shape, dtype: 'int32' }),
  kernel([x], { dims }, out) {
    const counts = allocateArray('float64', out.count);
    reduce('countNonzero', x, dims, counts);
    copyStrided(stridedOver(counts, 'float64', out.shape), out.storage.array, out.offset, 'int32');
  },
});

const countNonzeroTakes = signature('countNonzero', { x: K.tensor, dims: K.nullable(K.dims) });

/**
 * How many elements, or how many along dimensions, are other than 0, as int32. Follows `torch.count_nonzero`.
 * @throws IndexError when a dimension is out of range
 * @example countNonzero(tensor([[0, 3], [1, 2]]), 1); // tensor([1, 2])
 */
export function countNonzero(x: Tensor, dims?: Dims): Tensor {
  countNonzeroTakes(arguments);
  return apply(countNonzeroPrimitive, [x], reductionOf(x, dims, false, 'countNonzero'));
}
