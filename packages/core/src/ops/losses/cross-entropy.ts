import { K, signature } from '../../arguments/index.ts';
import { type DType, laneOf } from '../../dtype.ts';
import {
  areClasses,
  type CrossEntropyTargets,
  classMasses,
  classWeights,
  crossEntropyLoss,
  E,
  ElementwiseKernel,
  elementsOf,
  evenly,
  mayLook,
  runElementwise,
  stridedOver,
} from '../../kernels/index.ts';
import { writing } from '../../record/code.ts';
import { updateInPlace } from '../../record/in-place.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  type GradNode,
  INPUT,
  isGradEnabled,
  type MultiPrimitive,
  OUTPUT,
  type Primitive,
  type Tensors,
} from '../../record/index.ts';
import type { Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { onesLike } from '../creation/fill.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { softmax } from '../reductions/softmax.ts';
import { sum } from '../reductions/sum.ts';
import { unsqueeze } from '../views/shape.ts';
import { checkDim, type RowLossAttributes, rowLossKinds, rowLossTakes } from './attributes.ts';

/** What a cross-entropy is computed with. */
export interface CrossEntropyAttributes extends RowLossAttributes {
  /** The share of each target that is spread evenly over all classes, in [0, 1]. */
  readonly labelSmoothing: number;
}

interface Attributes extends CrossEntropyAttributes {
  /** Whether the gradient by the logits is a second result: the forward pass has the exponentials at hand. */
  readonly withGradient: boolean;
}

/** Logits, target, and class weights if there are any. */
type Inputs = [logits: Tensor, target: Tensor, ...weight: Tensor[]];

/** The shape of what is left of x without its classes. */
const rowsShape = (x: Tensor, dim: number): Shape => x.shape.filter((_, d) => d !== dim);

const classCount = (x: Tensor, dim: number): number => x.shape[dim] ?? 1;

/** For kernels: what the logits are compared with. */
function targetsOf([, target, weight]: Inputs, a: Attributes): CrossEntropyTargets {
  const { labelSmoothing: smoothing, ignoreIndex, reduction, caller } = a;
  return { target, weight: weight ?? null, smoothing, ignoreIndex, reduction, caller };
}

/** What a mean over rows of probabilities divides by. */
const rowCount = (x: Tensor, { dim, reduction }: Attributes): number =>
  reduction === 'mean' ? x.count / classCount(x, dim) : 1;

/**
 * Multiplies the gradient u of a row by g, that of its loss. One that is not finite goes, as in PyTorch, through the
 * derivative of a likelihood and then that of a softmax: inf - inf at the target, also where target or weight is 0,
 * which is everywhere if it is spread. What is ignored has no part. Operands: u, g, and classes if there are any.
 */
const scaling = (isSpread: boolean, ofClasses: boolean): ElementwiseKernel =>
  new ElementwiseKernel('cross_entropy_backward', ofClasses ? 3 : 2, (u, g, ...more) => {
    const odd = isSpread ? E.constant(Number.NaN) : E.select(E.gt(u, 0), E.mul(u, g), Number.NaN);
    const [target, ignored] = more;
    const ofRow =
      !ofClasses || target === undefined || ignored === undefined
        ? odd
        : E.select(E.eq(target, ignored), E.mul(u, 0), odd);
    return E.select(E.isFinite(g), E.mul(u, g), ofRow);
  });
const scales = {
  ofClasses: scaling(false, true),
  smoothed: scaling(true, true),
  ofDistributions: scaling(true, false),
};

/** For kernels: what there is one of for each row, beside the classes of the row. */
const alongRows = ({ storage, dtype, shape, offset, strides }: Tensor, dim: number) =>
  stridedOver(storage.array, dtype, shape.toSpliced(dim, 0, 1), offset, strides.toSpliced(dim, 0, 0));

/**
 * For kernels: multiplies the rows of `unit` by the gradient of their losses, or by the one number for all if those
 * were reduced.
 */
function scaleRows(unit: Tensor, g: Tensor, target: Tensor, a: Attributes): void {
  if (g.count === 1 && mayLook() && g.storage.array[g.offset] === 1) return;
  const wide = a.reduction === 'none' ? alongRows(g, a.dim) : g;
  const lane = laneOf(unit.dtype);
  if (!areClasses(target)) {
    runElementwise(scales.ofDistributions, lane, [unit, wide], [], unit);
    return;
  }
  const kernel = a.labelSmoothing > 0 ? scales.smoothed : scales.ofClasses;
  runElementwise(kernel, lane, [unit, wide, alongRows(target, a.dim)], [a.ignoreIndex], unit);
}

const scaleRowsAgain = /* @__PURE__ */ writing(
  'scaled rows',
  ([unit, g, target]: Tensors, a: Attributes): void => {
    if (unit && g && target) scaleRows(unit, g, target, a);
  },
);

/** How much the target distribution of each row sums up to, divided as the reduction divides; inputs as of the loss. */
const massPrimitive = definePrimitive<Attributes, Inputs>({
  name: 'cross_entropy_mass',
  infer: ([x], { dim }) => ({ shape: x.shape.with(dim, 1), dtype: x.dtype }),
  kernel([x, target, weight], { labelSmoothing, ignoreIndex, reduction, dim }, out) {
    const weights = weight ?? null;
    const spread = labelSmoothing > 0 ? evenly(classCount(x, dim), x.dtype, labelSmoothing, weights) : null;
    const onClass = 1 - labelSmoothing;
    classMasses(target, weights, { ignoreIndex, onClass, spread, mean: reduction === 'mean' }, out);
  },
});

/** {@link massPrimitive}, which target probabilities say themselves. */
function massOf(inputs: Inputs, a: Attributes): Tensor {
  const [x, target] = inputs;
  if (areClasses(target)) return apply(massPrimitive, inputs, a);
  return mul(sum(target.detach(), a.dim, { keepdim: true }), 1 / rowCount(x, a));
}

/** What a node saved of the inputs of the loss, of which the first is its input `first`. */
function savedInputs(node: GradNode<Attributes>, first: number): Inputs {
  const weight = node.inputShapes.length > first + 2 ? [node.input(first + 2)] : [];
  return [node.input(first), node.input(first + 1), ...weight];
}

/** The loss and, where one is wanted, its gradient by the logits. */
type Family = MultiPrimitive<Attributes, Inputs, [loss: Tensor, ...unit: Tensor[]]>;

function family(name: string): Family {
  const backward: Primitive<Attributes, [g: Tensor, ...Inputs]> = definePrimitive({
    name: `${name}_backward`,
    saves: INPUT(0) | INPUT(1) | INPUT(2) | INPUT(3),
    infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
    kernel([g, ...inputs], a, out) {
      const [x] = inputs;
      const losses = allocateArray(x.dtype, a.reduction === 'none' ? g.count : 1);
      crossEntropyLoss(x, a.dim, targetsOf(inputs, a), elementsOf(out), losses);
      scaleRows(out, g, inputs[1], a);
    },
    derivative(h, node) {
      const a = node.attrs;
      const { dim } = a;
      const each = a.reduction === 'none';
      const g = node.input(0);
      const inputs = savedInputs(node, 1);
      const unit = apply(backward, [onesLike(g), ...inputs], a);
      let gx: Tensor | null = null;
      if (node.needs(1)) {
        const p = softmax(inputs[0], dim);
        const centred = sub(h, sum(mul(h, p), dim, { keepdim: true }));
        gx = mul(mul(p, centred), mul(massOf(inputs, a), each ? unsqueeze(g, dim) : g));
      }
      const product = node.needs(0) ? mul(h, unit) : null;
      const gg = product && (each ? sum(product, dim) : sum(product));
      return [gg, gx, null, null];
    },
  });

  return defineMulti<Attributes, Inputs, [loss: Tensor, ...unit: Tensor[]]>({
    name,
    saves: INPUT(0) | INPUT(1) | INPUT(2) | OUTPUT,
    infer([x], { dim, reduction, withGradient }) {
      const { shape, dtype } = x;
      const loss = { shape: reduction === 'none' ? rowsShape(x, dim) : [], dtype };
      return withGradient ? [loss, { shape, dtype }] : [loss];
    },
    kernel(inputs, a, [loss, unit]) {
      const grad = unit === undefined ? null : unit.storage.array;
      crossEntropyLoss(inputs[0], a.dim, targetsOf(inputs, a), grad, loss.storage.array);
    },
    derivative([g], node) {
      const a = node.attrs;
      const unit = node.takeOutput(1);
      if (g === null) return [null];
      if (unit === null || isGradEnabled()) return [apply(backward, [g, ...savedInputs(node, 0)], a)];
      updateInPlace(`${name}_backward_`, [unit], [unit, g, node.input(1)], a, scaleRowsAgain);
      return [unit];
    },
  });
}

/** PyTorch's names: a loss of classes is its negative log-likelihood, and has another for images. */
const ofRows = family('nll_loss');
const ofImages = family('nll_loss2_d');
const general = family('cross_entropy_loss');

const fusedCrossEntropyTakes = rowLossTakes<CrossEntropyAttributes>('fusedCrossEntropy', {
  ...rowLossKinds,
  labelSmoothing: K.probability,
});

/**
 * Cross-entropy of logits x with classes along `dim`, as one operation whose gradient is computed on the way.
 * Kindling's own.
 *
 * `target` holds a class for each row (int32 or uint8, of x's shape without `dim`), with `weight` for each class; or,
 * of x's shape and dtype, the target distribution itself, smoothing and weights included. The caller has checked shapes
 * and dtypes. No gradient flows to the target or to the weights.
 * @throws IndexError where a target is neither a class nor `ignoreIndex`
 */
export function fusedCrossEntropy(
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attributes: CrossEntropyAttributes,
): Tensor {
  fusedCrossEntropyTakes(arguments);
  const { dim, ignoreIndex, labelSmoothing, reduction, caller } = attributes;
  checkDim('fusedCrossEntropy', x, dim);
  const withGradient = x.requiresGrad && isGradEnabled();
  const primitive = labelSmoothing > 0 || !areClasses(target) ? general : x.ndim <= 2 ? ofRows : ofImages;
  const inputs: Inputs = weight == null || !areClasses(target) ? [x, target] : [x, target, weight];
  const own = { dim, ignoreIndex, labelSmoothing, reduction, caller, withGradient };
  return applyMulti(primitive, inputs, own)[0];
}

interface ShareAttributes {
  readonly ignoreIndex: number;
  readonly dtype: DType;
}

const sharesPrimitive = definePrimitive<ShareAttributes, [target: Tensor, ...weight: Tensor[]]>({
  name: 'class_shares',
  infer: ([target], { dtype }) => ({ shape: target.shape, dtype }),
  kernel: ([target, weight], { ignoreIndex }, out) => classWeights(target, weight ?? null, ignoreIndex, out),
});

const classSharesTakes = signature('classShares', {
  target: K.tensor,
  weight: K.nullable(K.tensor),
  ignoreIndex: K.integer,
  dtype: K.dtype,
});

/**
 * The share that each target (classes, any shape) has in what a mean divides by: its class's weight, 0 where it is
 * ignored. No gradient flows. Kindling's own.
 */
export function classShares(
  target: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
  dtype: DType,
): Tensor {
  classSharesTakes(arguments);
  return apply(sharesPrimitive, weight === null ? [target] : [target, weight], { ignoreIndex, dtype });
}
