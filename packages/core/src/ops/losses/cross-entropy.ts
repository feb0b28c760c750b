import { type DType, laneOf, type TypedArray } from '../../dtype.ts';
import {
  E,
  ElementwiseKernel,
  rows,
  runElementwise,
  type Strided,
  stridedOver,
} from '../../kernels/index.ts';
import { isGradEnabled } from '../../record/grad-mode.ts';
import { apply, definePrimitive, type GradNode, INPUT, type Primitive } from '../../record/index.ts';
import { notifyAfter, notifyBefore, observed } from '../../record/observe.ts';
import type { Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { onesLike } from '../creation/fill.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import type { Reduction } from '../elementwise/reduced.ts';
import { softmax } from '../reductions/softmax.ts';
import { sum } from '../reductions/sum.ts';
import { unsqueeze } from '../views/shape.ts';

/** What a cross-entropy is computed with. */
export interface CrossEntropyAttributes {
  /** The dimension of the classes, normalised. */
  readonly dim: number;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: Reduction;
  /** Who is named in errors. */
  readonly caller: string;
}

interface Attributes extends CrossEntropyAttributes {
  /**
   * The gradient of the result by the logits, where one is wanted: the forward pass has the exponentials at hand. It is
   * given away to the first backward; a second one computes it anew.
   */
  ready: TypedArray | null;
}

/** The shape of what is left of x without its classes. */
const rowsShape = (x: Tensor, dim: number): Shape => x.shape.filter((_, d) => d !== dim);

const isClasses = (target: Tensor): boolean => target.dtype === 'int32' || target.dtype === 'uint8';

/** The inputs of the primitives, after the gradient where there is one: logits, target, and class weights if there are any. */
function targetOf(
  x: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  a: Attributes,
): rows.CrossEntropyTarget {
  const { labelSmoothing, ignoreIndex, dim } = a;
  if (!isClasses(target)) {
    return { classes: null, onClass: 0, ignoreIndex, weight: null, spread: target };
  }
  const weights = weight === undefined ? null : weight.data;
  return {
    classes: target.data,
    onClass: 1 - labelSmoothing,
    ignoreIndex,
    weight: weights,
    spread: labelSmoothing === 0 ? null : evenly(x.shape[dim] ?? 1, labelSmoothing, weights, laneOf(x.dtype)),
  };
}

/** The part of the target that label smoothing gives to every class. */
function evenly(
  n: number,
  smoothing: number,
  weights: TypedArray | null,
  lane: 'f32' | 'f64' | 'i32',
): Strided {
  const dtype: DType = lane === 'f64' ? 'float64' : 'float32';
  const array = allocateArray(dtype, n);
  for (let c = 0; c < n; c++) array[c] = (smoothing / n) * (weights === null ? 1 : weights[c]!);
  return stridedOver(array, dtype, [n]);
}

/** What the reduction divides by; refuses targets that are no class. */
function divisorOf(x: Tensor, target: Tensor, weight: Tensor | undefined, a: Attributes): number {
  const n = x.shape[a.dim] ?? 1;
  if (!isClasses(target)) return a.reduction === 'mean' ? x.count / n : 1;
  const weights = weight === undefined ? null : weight.data;
  const total = rows.crossEntropyDenominator(target.data, n, a.ignoreIndex, weights, target.shape, a.caller);
  return a.reduction === 'mean' ? total : 1;
}

const scale = new ElementwiseKernel('cross_entropy_backward', 2, (u, g) => E.mul(u, g));

/** Multiplies the rows of `unit` by the gradient of their losses, in place; one number for all if those were reduced. */
function scaleRows(unit: Tensor, g: Tensor, a: Attributes): void {
  const rows = a.reduction === 'none' ? unsqueeze(g.detach(), a.dim) : g;
  if (rows.count === 1 && rows.storage.array[rows.offset] === 1) return;
  runElementwise(scale, laneOf(unit.dtype), [unit, rows], [], unit);
}

/** How much the target distribution of each row sums up to, the dimension of classes kept with size 1. */
function massOf(x: Tensor, target: Tensor, weight: Tensor | undefined, a: Attributes): Tensor {
  if (!isClasses(target)) return sum(target.detach(), a.dim, { keepdim: true });
  const { classes, onClass, weight: weights, spread } = targetOf(x, target, weight, a);
  let rest = 0;
  if (spread !== null) for (const q of spread.storage.array.subarray(0, spread.count)) rest += q;
  const mass = allocateArray(x.dtype, classes!.length);
  for (let i = 0; i < mass.length; i++) {
    const t = classes![i]!;
    mass[i] = t === a.ignoreIndex ? 0 : onClass * (weights === null ? 1 : weights[t]!) + rest;
  }
  return unsqueeze(wrapArray(mass, target.shape, x.dtype), a.dim);
}

type Inputs = [logits: Tensor, target: Tensor, ...weight: Tensor[]];

function family(name: string): Primitive<Attributes, Inputs> {
  /** The gradient: inputs g, logits, target, weight. */
  const backward: Primitive<Attributes, [g: Tensor, ...Inputs]> = definePrimitive({
    name: `${name}_backward`,
    saves: INPUT(0) | INPUT(1) | INPUT(2) | INPUT(3),
    infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
    kernel([g, x, target, weight], a, out) {
      const unit = 1 / divisorOf(x, target, weight, a);
      rows.crossEntropy(x, a.dim, targetOf(x, target, weight, a), unit, out.data);
      scaleRows(out, g, a);
    },
    derivative(h, node) {
      const a = node.attrs;
      const { dim } = a;
      const [g, x, target, weight] = savedInputs(node);
      const unit = apply(backward, [onesLike(g!), x!, target!, ...rest(weight)], a);
      let gx: Tensor | null = null;
      if (node.needs(1)) {
        const p = softmax(x!, dim);
        const centred = sub(h, sum(mul(h, p), dim, { keepdim: true }));
        const mass = mul(massOf(x!, target!, weight, a), 1 / divisorOf(x!, target!, weight, a));
        gx = mul(mul(p, centred), mul(mass, a.reduction === 'none' ? unsqueeze(g!, dim) : g!));
      }
      const product = node.needs(0) ? mul(h, unit) : null;
      const gg = product && (a.reduction === 'none' ? sum(product, dim) : sum(product));
      return [gg, gx, null, null];
    },
  });

  return definePrimitive<Attributes, Inputs>({
    name,
    saves: INPUT(0) | INPUT(1) | INPUT(2),
    infer: ([x], { dim, reduction }) => ({
      shape: reduction === 'none' ? rowsShape(x, dim) : [],
      dtype: x.dtype,
    }),
    kernel([x, target, weight], a, out) {
      const divisor = divisorOf(x, target, weight, a);
      const grad = isGradEnabled() && x.requiresGrad ? allocateArray(x.dtype, x.count) : null;
      const { array } = out.storage;
      const each = a.reduction === 'none';
      const t = targetOf(x, target, weight, a);
      const total = rows.crossEntropy(x, a.dim, t, 1 / divisor, grad, each ? array : null, out.offset);
      if (!each) array[out.offset] = total / divisor;
      a.ready = grad;
    },
    derivative(g, node) {
      const a = node.attrs;
      const { ready } = a;
      a.ready = null;
      if (ready !== null && !isGradEnabled()) {
        const unit = wrapArray(ready, node.shape(0), node.dtype(0));
        scaleRows(unit, g, a);
        if (observed) {
          notifyBefore(backward.name, [g], a);
          notifyAfter(backward.name, [g], a, [unit]);
        }
        return [unit, null, null];
      }
      return [apply(backward, [g, ...savedInputs(node)], a), null, null];
    },
  });
}

const rest = (weight: Tensor | undefined): Tensor[] => (weight === undefined ? [] : [weight]);
const savedInputs = (node: GradNode<Attributes>): Tensor[] => node.inputShapes.map((_, i) => node.input(i));

/** PyTorch's names: a loss of classes is its negative log-likelihood, and has another for images. */
const ofRows = family('nll_loss');
const ofImages = family('nll_loss2_d');
const general = family('cross_entropy_loss');

/**
 * Cross-entropy of logits x with classes along `dim`, as one operation whose gradient is computed on the way.
 *
 * `target` holds a class for each row (int32 or uint8, of x's shape without `dim`), with `weight` for each class; or, of x's shape
 * and dtype, the target distribution itself, smoothing and weights included. The caller has checked shapes and dtypes.
 * No gradient flows to the target or to the weights.
 *
 * @throws IndexError where a target is neither a class nor `ignoreIndex`
 */
export function fusedCrossEntropy(
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attributes: CrossEntropyAttributes,
): Tensor {
  const { dim, ignoreIndex, labelSmoothing, reduction, caller } = attributes;
  const primitive = labelSmoothing > 0 || !isClasses(target) ? general : x.ndim <= 2 ? ofRows : ofImages;
  const inputs = weight === null || !isClasses(target) ? [x, target] : [x, target, weight];
  return apply(primitive, inputs, { dim, ignoreIndex, labelSmoothing, reduction, caller, ready: null });
}

/** The share that each target has in what a mean divides by: its class's weight, 0 where it is ignored. */
export function classShares(
  target: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
  dtype: DType,
): Tensor {
  const classes = target.data;
  const weights = weight === null ? null : weight.data;
  const shares = allocateArray(dtype, classes.length);
  for (let i = 0; i < shares.length; i++) {
    const t = classes[i]!;
    shares[i] = t === ignoreIndex ? 0 : weights === null ? 1 : weights[t]!;
  }
  return wrapArray(shares, target.shape, dtype);
}
