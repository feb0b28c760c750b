import type { DType } from '../../dtype.ts';
import { crossEntropyDenominator, elementsOf, extentOf, recorder, recordNll } from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT, type Primitive } from '../../record/index.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { checkDim, type RowLossAttributes, rowLossKinds, rowLossTakes } from './attributes.ts';

/** What a negative log-likelihood is computed with. */
export type NllAttributes = RowLossAttributes;

interface Attributes extends NllAttributes {
  /** Shape and dtype of the log-probabilities. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The log-probabilities, or the gradient of the loss; the classes; the weights of the classes if there are any. */
type Inputs = [values: Tensor, target: Tensor, ...weight: Tensor[]];

/**
 * For kernels: where the class of each target lies in the input, -1 for those that are ignored, and minus its weight
 * over what the reduction divides by. Loops without calls, since there may be a target for each pixel.
 */
function lookUp([, target, weight]: Inputs, a: Attributes) {
  const { outer, n, inner } = extentOf(a.shape, a.dim);
  const classes = elementsOf(target);
  const weights = weight === undefined ? null : elementsOf(weight);
  const total = crossEntropyDenominator(classes, n, a.ignoreIndex, weights, target.shape, a.caller);
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

const targetsOf = ([, target, weight]: Inputs, a: Attributes) => ({
  classes: elementsOf(target),
  weights: weight === undefined ? null : elementsOf(weight),
  extent: extentOf(a.shape, a.dim),
  ignoreIndex: a.ignoreIndex,
  reduction: a.reduction,
});

/** The target, and the weights if there are any, which a node saved from its input `first` on. */
function savedTargets(node: GradNode<Attributes>, first: number): [target: Tensor, ...weight: Tensor[]] {
  return node.inputShapes.length > first + 1
    ? [node.input(first), node.input(first + 1)]
    : [node.input(first)];
}

/**
 * The loss picks and the gradient puts: each is the other's derivative. In name the gradient depends on x too, as in
 * PyTorch.
 */
function family(name: string): Primitive<Attributes, Inputs> {
  const forward: Primitive<Attributes, Inputs> = definePrimitive({
    name,
    infer: ([, target], { reduction, dtype }) => ({
      shape: reduction === 'none' ? target.shape : [],
      dtype,
    }),
    kernel(inputs, a, out) {
      const from = elementsOf(inputs[0]);
      const losses = elementsOf(out);
      if (recorder !== null && recordNll('losses', targetsOf(inputs, a), from, losses)) return;
      const alone = a.reduction === 'none';
      let sum = 0;
      const { places, divisor, factorOf } = lookUp(inputs, a);
      for (let row = 0; row < places.length; row++) {
        const place = places[row]!;
        const loss = place < 0 ? 0 : factorOf(row) * from[place]!;
        if (alone) losses[row] = loss;
        else sum += loss;
      }
      // Nothing to take a mean of: 0 / 0.
      if (!alone) losses[0] = divisor === 0 ? Number.NaN : sum;
    },
    derivative: (g, node) => [
      apply(backward, [g, node.input(0), ...savedTargets(node, 1)], node.attrs),
      null,
      null,
    ],
  });
  const backward: Primitive<Attributes, [g: Tensor, ...Inputs]> = definePrimitive({
    name: `${name}_backward`,
    key: `${name}_backward of log-probabilities`,
    saves: INPUT(2) | INPUT(3),
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    kernel([g, ...inputs], a, out) {
      const losses = elementsOf(g);
      const to = elementsOf(out);
      if (recorder !== null && recordNll('gradients', targetsOf(inputs, a), losses, to)) return;
      to.fill(0);
      const alone = a.reduction === 'none';
      const { places, factorOf } = lookUp(inputs, a);
      for (let row = 0; row < places.length; row++) {
        const place = places[row]!;
        if (place >= 0) to[place] = factorOf(row) * losses[alone ? row : 0]!;
      }
    },
    derivative: (h, node) => [
      node.needs(0) ? apply(forward, [h, ...savedTargets(node, 2)], node.attrs) : null,
      node.needs(1) ? zeros(node.shape(1), { dtype: node.dtype(1) }) : null,
      null,
      null,
    ],
  });
  return forward;
}

const ofRows = family('nll_loss');
const ofImages = family('nll_loss2_d');

const fusedNllTakes = rowLossTakes('fusedNll', rowLossKinds);

/**
 * Negative log-likelihood of log-probabilities x with classes along `dim`: the negative of x at each target's class,
 * times that class's weight. `target` (int32 or uint8) has x's shape without `dim`. The caller has checked shapes and
 * dtypes. Follows `torch.nn.functional.nll_loss`, with the dimension given.
 * @throws IndexError where a target is neither a class nor `ignoreIndex`
 */
export function fusedNll(
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attributes: NllAttributes,
): Tensor {
  fusedNllTakes(arguments);
  const { dim, ignoreIndex, reduction, caller } = attributes;
  checkDim('fusedNll', x, dim);
  const inputs: Inputs = weight == null ? [x, target] : [x, target, weight];
  const own = { dim, ignoreIndex, reduction, caller, shape: x.shape, dtype: x.dtype };
  return apply(x.ndim <= 2 ? ofRows : ofImages, inputs, own);
}
