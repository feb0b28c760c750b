import type { DType, TypedArray } from '../../dtype.ts';
import { extentOf, rows } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, type Primitive } from '../../record/index.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { Reduction } from '../elementwise/reduced.ts';

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

/**
 * For each target that counts, where its class lies in the input (-1 for those that are ignored), and minus its weight over what
 * the reduction divides by.
 */
function lookUp(target: Tensor, weight: Tensor | undefined, a: Attributes) {
  const { outer, n, inner } = extentOf(a.shape, a.dim);
  const classes = target.data;
  const weights: TypedArray | null = weight === undefined ? null : weight.data;
  const total = rows.crossEntropyDenominator(classes, n, a.ignoreIndex, weights, target.shape, a.caller);
  const divisor = a.reduction === 'mean' ? total : 1;
  const places = new Int32Array(classes.length);
  for (let o = 0, row = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, row++) {
      const t = classes[row]!;
      places[row] = t === a.ignoreIndex ? -1 : (o * n + t) * inner + i;
    }
  }
  const factorOf = (row: number): number => -(weights === null ? 1 : weights[classes[row]!]!) / divisor;
  return { places, divisor, factorOf };
}

/** The loss picks and the gradient puts: each is the other's derivative. */
/** The log-probabilities, or their gradient; the classes; the weights of the classes. */
type Inputs = [Tensor, Tensor, ...Tensor[]];

function family(name: string): Primitive<Attributes, Inputs> {
  const forward: Primitive<Attributes, Inputs> = definePrimitive({
    name,
    saves: INPUT(1) | INPUT(2),
    infer: ([, target], { reduction, dtype }) => ({
      shape: reduction === 'none' ? target.shape : [],
      dtype,
    }),
    kernel([x, target, weight], a, out) {
      const from = x.data;
      const losses = out.data;
      let sum = 0;
      const each = a.reduction === 'none';
      const { places, divisor, factorOf } = lookUp(target, weight, a);
      for (let row = 0; row < places.length; row++) {
        const at = places[row]!;
        const loss = at < 0 ? 0 : factorOf(row) * from[at]!;
        if (each) losses[row] = loss;
        else sum += loss;
      }
      // Nothing to take a mean of: 0 / 0.
      if (!each) losses[0] = divisor === 0 ? Number.NaN : sum;
    },
    derivative: (g, node) => [
      apply(backward, [g, node.input(1), ...node.inputShapes.slice(2).map(() => node.input(2))], node.attrs),
      null,
      null,
    ],
  });
  const backward: Primitive<Attributes, Inputs> = definePrimitive({
    name: `${name}_backward`,
    saves: INPUT(1) | INPUT(2),
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    kernel([g, target, weight], a, out) {
      const gradient = out.data;
      gradient.fill(0);
      const losses = g.data;
      const each = a.reduction === 'none';
      const { places, factorOf } = lookUp(target, weight, a);
      for (let row = 0; row < places.length; row++) {
        const at = places[row]!;
        if (at >= 0) gradient[at] = factorOf(row) * losses[each ? row : 0]!;
      }
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
