import type { DType, TypedArray } from '../dtype.ts';
import { crossEntropyDenominator } from '../kernels/cross-entropy.ts';
import { extentOf } from '../kernels/softmax-rows.ts';
import { apply, definePrimitive, INPUT, type Primitive } from '../primitive.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Reduction } from './elementwise-reduction.ts';

/** What a negative log-likelihood is computed with. */
export interface NllAttributes {
  /** The dimension of the classes, normalised. */
  readonly dim: number;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  /** Who is named in errors. */
  readonly caller: string;
}

interface Attributes extends NllAttributes {
  /** Shape and dtype of the log-probabilities. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Calls `visit` for each target that counts, with its number, where its class lies in the input, and minus its weight. */
function eachTarget(
  target: Tensor,
  weight: Tensor | undefined,
  a: Attributes,
  visit: (row: number, at: number, factor: number) => void,
): number {
  const { n, inner } = extentOf(a.shape, a.dim);
  const classes = target.data;
  const weights: TypedArray | null = weight === undefined ? null : weight.data;
  const total = crossEntropyDenominator(classes, n, a.ignoreIndex, weights, target.shape, a.caller);
  const divisor = a.reduction === 'mean' ? total : 1;
  for (let row = 0; row < classes.length; row++) {
    const t = classes[row]!;
    if (t === a.ignoreIndex) continue;
    const i = row % inner;
    visit(row, (row - i) * n + t * inner + i, -(weights === null ? 1 : weights[t]!) / divisor);
  }
  return divisor;
}

/** The loss picks and the gradient puts: each is the other's derivative. */
function family(name: string): Primitive<Attributes> {
  const forward: Primitive<Attributes> = definePrimitive<Attributes>({
    name,
    saves: INPUT(1) | INPUT(2),
    infer: ([, target], { reduction, dtype }) => ({
      shape: reduction === 'none' ? target!.shape : [],
      dtype,
    }),
    kernel([x, target, weight], a, out) {
      const from = x!.data;
      const losses = out.data;
      losses.fill(0);
      let sum = 0;
      const each = a.reduction === 'none';
      const divisor = eachTarget(target!, weight, a, (row, at, factor) => {
        if (each) losses[row] = factor * from[at]!;
        else sum += factor * from[at]!;
      });
      // Nothing to take a mean of: 0 / 0.
      if (!each) losses[0] = divisor === 0 ? Number.NaN : sum;
    },
    derivative: (g, node) => [
      apply(backward, [g, node.input(1), ...node.inputShapes.slice(2).map(() => node.input(2))], node.attrs),
      null,
      null,
    ],
  });
  const backward: Primitive<Attributes> = definePrimitive<Attributes>({
    name: `${name}_backward`,
    saves: INPUT(1) | INPUT(2),
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    kernel([g, target, weight], a, out) {
      const gradient = out.data;
      gradient.fill(0);
      const losses = g!.data;
      const each = a.reduction === 'none';
      eachTarget(target!, weight, a, (row, at, factor) => {
        gradient[at] = factor * losses[each ? row : 0]!;
      });
    },
    derivative: (h, node) => [
      apply(forward, [h, node.input(1), ...node.inputShapes.slice(2).map(() => node.input(2))], node.attrs),
      null,
      null,
    ],
  });
  return forward;
}

const ofRows = family('nll_loss');
const ofImages = family('nll_loss2_d');

/**
 * Negative log-likelihood of log-probabilities x with classes along `dim`: the negative of x at each target's class, times that
 * class's weight. `target` (int32 or uint8) has x's shape without `dim`. The caller has checked shapes and dtypes.
 *
 * @throws IndexError where a target is neither a class nor `ignoreIndex`
 */
export function fusedNll(
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attributes: NllAttributes,
): Tensor {
  const { dim, ignoreIndex, reduction, caller } = attributes;
  const inputs = weight === null ? [x, target] : [x, target, weight];
  const own = { dim, ignoreIndex, reduction, caller, shape: x.shape, dtype: x.dtype };
  return apply(x.ndim <= 2 ? ofRows : ofImages, inputs, own);
}
