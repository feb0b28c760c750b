import { composition, K } from '../../arguments/index.ts';
import { ValueError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import { runInPlace } from '../elementwise/define.ts';
import { applyUnary, ElementwiseOp } from '../elementwise/operation.ts';

const polygammaOp = new ElementwiseOp({
  name: 'polygamma',
  arity: 1,
  dtype: 'float',
  expression: (x, n) => E.call('polygamma', n, x),
});
const digammaOp = new ElementwiseOp({ ...polygammaOp.spec, expression: E.digamma });

/** The operation of order n and its parameters: `digamma` has lanes of its own. */
const ofOrder = (n: number): [op: ElementwiseOp, params: number[]] => {
  if (n < 0) throw new ValueError(`polygamma: polygamma(n, x) does not support negative n, got ${n}`);
  return n === 0 ? [digammaOp, []] : [polygammaOp, [n]];
};

/**
 * The n-th derivative of {@link digamma}, (-1)ⁿ⁺¹ n! ζ(n + 1, x); a method takes n: `x.polygamma(n)`. Follows
 * `torch.polygamma`.
 * @throws ValueError when n is negative
 * @example polygamma(1, tensor([1, 2])); // tensor([1.6449, 0.6449])
 */
export const polygamma = /* @__PURE__ */ composition(
  'polygamma',
  { n: K.integer, x: K.tensor },
  (n: number, x: Tensor): Tensor => {
    const [op, params] = ofOrder(n);
    return applyUnary(op, x, params);
  },
);
/** {@link polygamma} in place, for the method. @internal */
export const polygammaInPlace = /* @__PURE__ */ composition(
  'polygamma_',
  { x: K.tensor, n: K.integer },
  (x: Tensor, n: number): Tensor => {
    const [op, params] = ofOrder(n);
    return runInPlace({ op, operands: [x], params });
  },
);
