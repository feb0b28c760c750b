import { composition, K, signature } from '../../arguments/index.ts';
import { type DType, isFloatingPoint, scalarNameOf, type TypedArray } from '../../dtype.ts';
import {
  logSoftmaxRows,
  logSoftmaxRowsBackward,
  logsumexpRows,
  type Strided,
  softmaxRows,
  softmaxRowsBackward,
} from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT, type Primitive } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { toWithin } from '../creation/to-within.ts';
import { mul, neg, sub } from '../elementwise/arithmetic.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';
import { exp } from '../elementwise/functions.ts';
import { permute } from '../views/permute.ts';
import { flatten, reshape } from '../views/shape.ts';
import type { Dims, ReduceOptions } from './options.ts';
import { type Reduction, reduceOptions, reductionOf, restoreDims } from './reduction.ts';
import { sum } from './sum.ts';

/** Options of {@link softmax} and its kin. */
export interface SoftmaxOptions {
  /** x is converted to this dtype first. */
  readonly dtype?: DType;
}

/** The sum over `dim` that a derivative subtracts. */
const rowSum = (x: Tensor, dim: number): Tensor => sum(x, dim, { keepdim: true });

/**
 * A function of rows along a dimension, of which there is a kernel for the result, and one for the gradient from g and
 * that.
 */
interface RowFunction {
  /** PyTorch's name. */
  readonly name: string;
  /** The name in errors. */
  readonly caller: string;
  readonly forward: (x: Strided, dim: number, out: TypedArray, offset: number) => void;
  readonly backward: (y: Strided, g: Strided, dim: number, out: TypedArray, offset: number) => void;
  /** The gradients of the gradient by g and by y, where that of the former is h; `again` runs it. */
  readonly second: (at: {
    readonly h: Tensor;
    readonly g: Tensor;
    readonly y: Tensor;
    readonly dim: number;
    readonly again: (g: Tensor, y: Tensor) => Tensor;
  }) => readonly [byG: () => Tensor, byY: () => Tensor];
}

function alongRows({ name, caller, forward, backward, second }: RowFunction) {
  const gradient: Primitive<number, [Tensor, Tensor]> = definePrimitive({
    name: `${name}_backward_data`,
    saves: INPUT(0) | INPUT(1),
    infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
    kernel: ([g, y], dim, out) => backward(y, g, dim, out.storage.array, out.offset),
    derivative(h, node) {
      const dim = node.attrs;
      const again = (g: Tensor, y: Tensor): Tensor => apply(gradient, [g, y], dim);
      const [byG, byY] = second({ h, g: node.input(0), y: node.input(1), dim, again });
      return [node.needs(0) ? byG() : null, node.needs(1) ? byY() : null];
    },
  });
  const check = floatsOnly(
    caller,
    (dtype) =>
      `not implemented for '${scalarNameOf(dtype)}' (${dtype}); pass { dtype: 'float32' } or convert first`,
  );
  const primitive = definePrimitive<number>({
    name,
    saves: OUTPUT,
    infer([x]) {
      check(x.dtype);
      return { shape: x.shape, dtype: x.dtype };
    },
    kernel: ([x], dim, out) => forward(x, dim, out.storage.array, out.offset),
    derivative: (g, node) => [apply(gradient, [g, node.output()], node.attrs)],
  });
  const takes = signature(caller, {
    x: K.tensor,
    dim: K.integer,
    options: K.options<SoftmaxOptions>({ dtype: K.dtype }),
  });
  return function (x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
    takes(arguments);
    const from = toWithin(caller, x, options?.dtype);
    return apply(primitive, [from], normalizeDim(dim, x.shape.length, caller));
  };
}

/**
 * exp(x) / sum(exp(x)) along `dim`, without overflow: positive numbers that add up to 1. A row that is -Infinity
 * throughout gives NaN. Follows `torch.softmax`.
 * @throws DTypeError when x is not of a floating dtype, and no dtype is given
 * @throws IndexError when the dimension is out of range
 * @example softmax(tensor([0, Math.log(3)]), 0); // tensor([0.2500, 0.7500])
 */
export const softmax = alongRows({
  name: 'softmax',
  caller: 'softmax',
  forward: softmaxRows,
  // y (g - sum(g y))
  backward: softmaxRowsBackward,
  second: ({ h, g, y, dim, again }) => [
    () => again(h, y),
    () => sub(mul(h, sub(g, rowSum(mul(g, y), dim))), mul(g, rowSum(mul(h, y), dim))),
  ],
});

/**
 * log(softmax(x)) along `dim`, accurate where softmax underflows. Follows `torch.log_softmax`.
 * @throws DTypeError when x is not of a floating dtype, and no dtype is given
 * @throws IndexError when the dimension is out of range
 * @example logSoftmax(tensor([0, Math.log(3)]), 0); // tensor([-1.3863, -0.2877])
 */
export const logSoftmax = alongRows({
  name: 'log_softmax',
  caller: 'logSoftmax',
  forward: logSoftmaxRows,
  // g - exp(y) sum(g)
  backward: logSoftmaxRowsBackward,
  second({ h, g, y, dim }) {
    const hp = mul(h, exp(y));
    return [() => sub(h, rowSum(hp, dim)), () => neg(mul(hp, rowSum(g, dim)))];
  },
});

/** softmax(-x); throws as {@link softmax} does. Follows `torch.nn.functional.softmin`. */
export const softmin = composition(
  'softmin',
  {
    x: K.tensor,
    dim: K.integer,
    options: K.options<SoftmaxOptions>({ dtype: K.dtype }),
  },
  (x: Tensor, dim: number, options?: SoftmaxOptions): Tensor => softmax(neg(x), dim, options),
);

const logsumexpPrimitive = definePrimitive<Reduction>({
  name: 'logsumexp',
  saves: INPUT(0) | OUTPUT,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  kernel: ([x], { dims }, out) => logsumexpRows(x, dims[0] ?? 0, out.storage.array, out.offset),
  derivative(g, node) {
    const { attrs } = node;
    const x = node.input(0);
    const y = restoreDims(node.output(), attrs, x.shape);
    return [mul(restoreDims(g, attrs, x.shape), exp(sub(x, y)))];
  },
});

const logsumexpTakes = signature('logsumexp', {
  x: K.tensor,
  dims: K.nullable(K.dims),
  options: reduceOptions,
});

/**
 * log(sum(exp(x))) over one or several dimensions, without overflow. Integers are converted to float32.
 * Follows `torch.logsumexp`.
 * @throws IndexError when a dimension is out of range
 * @example logsumexp(tensor([1000, 1000]), 0); // tensor(1000.6932)
 */
export function logsumexp(x: Tensor, dims: Dims, options?: ReduceOptions): Tensor {
  logsumexpTakes(arguments);
  const from = isFloatingPoint(x.dtype) ? x : to(x, 'float32');
  const reduction = reductionOf(from, dims, options?.keepdim, 'logsumexp');
  const gone = reduction.dims;
  if (gone.length <= 1) return apply(logsumexpPrimitive, [from], reduction);
  // The kernel knows one dimension: several are brought to the end and joined.
  const kept = x.shape.map((_, d) => d).filter((d) => !gone.includes(d));
  const joined = flatten(permute(from, [...kept, ...gone]), kept.length);
  const y = apply(logsumexpPrimitive, [joined], reductionOf(joined, -1, false, 'logsumexp'));
  return options?.keepdim === true ? reshape(y, reduction.shape) : y;
}

/** The functions of this file that are methods too. */
export default { softmax, logSoftmax, logsumexp };
