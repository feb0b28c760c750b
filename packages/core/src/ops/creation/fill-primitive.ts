import { type DType, storedNumber } from '../../dtype.ts';
import { fillStrided } from '../../kernels/index.ts';
import { apply, definePrimitive, type Tensors } from '../../record/index.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

interface FillAttributes {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly value: number;
}

const fillPrimitive = definePrimitive<FillAttributes, Tensors>({
  name: 'full',
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  kernel: (_, { value }, out) => fillStrided(out, value),
});

const noTensors: Tensors = [];

/** A tensor that holds one number: the operation behind `full`, `ones` and the first gradient of a backward pass. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  return apply(fillPrimitive, noTensors, { shape, dtype, value: storedNumber(value, dtype, 'full') });
}
