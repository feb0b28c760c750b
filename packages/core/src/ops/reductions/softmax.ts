import { type DType, isFloatingPoint, scalarNameOf } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { rows } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT, type Primitive } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import { requireTensors, Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { mul, neg, sub } from '../elementwise/arithmetic.ts';
import { exp } from '../elementwise/functions.ts';
import { flatten, reshape } from '../views/shape.ts';
import { permute } from '../views/permute.ts';
import { type Dims, type ReduceOptions, type Reduction, reductionOf, restoreDims } from './reduction.ts';
import { sum } from './sum.ts';

/** Options of {@link softmax} and its kin. */
export interface SoftmaxOptions {
  /** x is converted to this dtype first. */
  readonly dtype?: DType;
}

function checkFloating(x: Tensor, name: string): void {
  if (!isFloatingPoint(x.dtype)) {
    throw new DTypeError(
      `${name}: not implemented for '${scalarNameOf(x.dtype)}' (${x.dtype}); pass { dtype: 'float32' } or convert first`,
    );
  }
}

/** The sum over `dim` that a derivative subtracts. */
const rowSum = (x: Tensor, dim: number): Tensor => sum(x, dim, { keepdim: true });

const softmaxPrimitive: Primitive<number> = definePrimitive({
  name: 'softmax',
  saves: OUTPUT,
  infer([x]) {
    checkFloating(x, 'softmax');
    return { shape: x.shape, dtype: x.dtype };
  },
  kernel: ([x], dim, out) => rows.softmax(x, dim, out.storage.array, out.offset),
  derivative: (g, node) => [apply(softmaxBackwardPrimitive, [g, node.output()], node.attrs)],
});

/** y (g - sum(g y)), as a function of g and the result y. */
const softmaxBackwardPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'softmax_backward_data',
  saves: INPUT(0) | INPUT(1),
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  kernel: ([g, y], dim, out) => rows.softmaxBackward(y, g, dim, out.storage.array, out.offset),
  derivative(h, node) {
    const dim = node.attrs;
    const g = node.input(0);
    const y = node.input(1);
    return [
      node.needs(0) ? apply(softmaxBackwardPrimitive, [h, y], dim) : null,
      node.needs(1) ? sub(mul(h, sub(g, rowSum(mul(g, y), dim))), mul(g, rowSum(mul(h, y), dim))) : null,
    ];
  },
});

const logSoftmaxPrimitive: Primitive<number> = definePrimitive({
  name: 'log_softmax',
  saves: OUTPUT,
  infer([x]) {
    checkFloating(x, 'logSoftmax');
    return { shape: x.shape, dtype: x.dtype };
  },
  kernel: ([x], dim, out) => rows.logSoftmax(x, dim, out.storage.array, out.offset),
  derivative: (g, node) => [apply(logSoftmaxBackwardPrimitive, [g, node.output()], node.attrs)],
});

/** g - exp(y) sum(g), as a function of g and the result y. */
const logSoftmaxBackwardPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'log_softmax_backward_data',
  saves: INPUT(0) | INPUT(1),
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  kernel: ([g, y], dim, out) => rows.logSoftmaxBackward(y, g, dim, out.storage.array, out.offset),
  derivative(h, node) {
    const dim = node.attrs;
    const p = exp(node.input(1));
    const hp = mul(h, p);
    return [
      node.needs(0) ? sub(h, rowSum(hp, dim)) : null,
      node.needs(1) ? neg(mul(hp, rowSum(node.input(0), dim))) : null,
    ];
  },
});

function alongDim(
  primitive: Primitive<number>,
  x: Tensor,
  dim: number,
  options: SoftmaxOptions | undefined,
  caller: string,
): Tensor {
  if (!(x instanceof Tensor)) requireTensors(caller, x);
  const from = options?.dtype === undefined ? x : to(x, options.dtype);
  return apply(primitive, [from], normalizeDim(dim, x.shape.length, caller));
}

/**
 * exp(x) / sum(exp(x)) along `dim`, without overflow: positive numbers that add up to 1. Floating point only, unless a dtype is
 * given. A row that is -Infinity throughout gives NaN. Follows `torch.softmax`.
 * @example softmax(tensor([0, Math.log(3)]), 0); // [0.25, 0.75]
 */
export function softmax(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  return alongDim(softmaxPrimitive, x, dim, options, 'softmax');
}

/** log(softmax(x)), accurate where softmax underflows. Follows `torch.log_softmax`. */
export function logSoftmax(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  return alongDim(logSoftmaxPrimitive, x, dim, options, 'logSoftmax');
}

/** softmax(-x). Follows `torch.nn.functional.softmin`. */
export function softmin(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  return softmax(neg(x), dim, options);
}

const logsumexpPrimitive = definePrimitive<Reduction>({
  name: 'logsumexp',
  saves: INPUT(0) | OUTPUT,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  kernel: ([x], { dims }, out) => rows.logsumexp(x, dims[0] ?? 0, out.storage.array, out.offset),
  derivative(g, node) {
    const { attrs } = node;
    const x = node.input(0);
    const y = restoreDims(node.output(), attrs, x.shape);
    return [mul(restoreDims(g, attrs, x.shape), exp(sub(x, y)))];
  },
});

/**
 * log(sum(exp(x))) over dimensions, without overflow. Integers are converted to float32. Follows `torch.logsumexp`.
 * @example logsumexp(tensor([1000, 1000]), 0); // 1000.6931
 */
export function logsumexp(x: Tensor, dims: Dims, options?: ReduceOptions): Tensor {
  const from = isFloatingPoint(x.dtype) ? x : to(x, 'float32');
  const reduction = reductionOf(from, dims, options?.keepdim, 'logsumexp');
  const gone = reduction.dims;
  if (gone.length <= 1) return apply(logsumexpPrimitive, [from], reduction);
  // The kernel knows one dimension: several are brought to the end and joined.
  const kept = x.shape.map((_, d) => d).filter((d) => !gone.includes(d));
  const rows = flatten(permute(from, [...kept, ...gone]), kept.length);
  const y = apply(logsumexpPrimitive, [rows], reductionOf(rows, -1, false, 'logsumexp'));
  return options?.keepdim === true ? reshape(y, reduction.shape) : y;
}

/** The functions of this file that are methods too. */
export default { softmax, logSoftmax, logsumexp };
