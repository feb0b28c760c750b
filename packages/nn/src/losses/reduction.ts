import { formatShape, K, type Reduction, ShapeError, sameShape, signature, Tensor } from '@kindling/core';
import { checkReduction } from './checks.ts';

/**
 * How the losses of the elements (or samples) become one number. `'weightedMean'` divides by the sum of the sample
 * weights where `'mean'` divides by what it would divide by without them; with no sample weights the two are the same.
 */
export type LossReduction = Reduction | 'weightedMean';

/** What every call of a loss takes. */
export interface SampleWeightOptions {
  /**
   * A weight for each sample, shape (N,), or anything that broadcasts to the unreduced loss: multiplies the unreduced
   * loss before it is reduced. Gradients flow to it.
   */
  readonly sampleWeight?: Tensor | null;
}

/** What every loss takes. */
export interface LossOptions extends SampleWeightOptions {
  /** How the losses of the elements or samples become one number; `'none'` keeps them. Default: `'mean'`. */
  readonly reduction?: LossReduction;
}

/** What the options of every loss take; which reductions there are, each loss says itself. */
export const lossKinds: K.Kinds<LossOptions> = {
  reduction: K.text,
  sampleWeight: /* @__PURE__ */ K.nullable(K.tensor),
};

/**
 * What a loss of an input and a target takes; `own` are the kinds of the options that it has beside those of every
 * loss.
 */
export const lossParameters = <O extends SampleWeightOptions>(own: Omit<K.Kinds<O>, keyof LossOptions>) => ({
  input: K.tensor,
  target: K.tensor,
  options: K.options({ ...lossKinds, ...own }),
});

/** The check of that. */
export const lossSignature = <O extends SampleWeightOptions>(
  name: string,
  own: () => Omit<K.Kinds<O>, keyof LossOptions>,
): ReturnType<typeof signature> => signature(name, () => lossParameters<O>(own()));

/** Options of {@link reduceLoss}. */
export interface ReduceLossOptions extends LossOptions {
  /**
   * What a mean divides by: a number, or a tensor that broadcasts to the unreduced loss and holds the share of each of
   * its elements in the count (a class's weight, 0 for an element that is ignored). Default: the number of elements.
   */
  readonly denominator?: Tensor | number;
}

/** Sample weights in a shape that broadcasts to the loss: (N,) stands for the first dimension. */
function fitted(weight: Tensor, loss: Tensor, caller: string): Tensor {
  let w = weight.dtype === loss.dtype ? weight : weight.to(loss.dtype);
  const [n] = loss.shape;
  if (w.ndim === 1 && loss.ndim > 1 && n !== undefined && w.shape[0] === n) {
    w = w.reshape([n, ...loss.shape.slice(1).map(() => 1)]);
  }
  const lead = loss.ndim - w.ndim;
  if (lead < 0 || w.shape.some((size, d) => size !== 1 && size !== loss.shape[lead + d])) {
    throw new ShapeError(
      `${caller}: sampleWeight: shape ${formatShape(weight.shape)} does not broadcast to the unreduced loss's ` +
        `${formatShape(loss.shape)}; expected one weight for each sample` +
        (loss.ndim > 0 ? `, shape [${n}], or that of the loss` : ', a single number'),
    );
  }
  return w;
}

/** The sum over `loss`'s elements of something that broadcasts to it. */
const total = (x: Tensor, loss: Tensor): Tensor =>
  (sameShape(x.shape, loss.shape) ? x : x.expand(loss.shape)).sum();

const reduceLossTakes = /* @__PURE__ */ signature('reduceLoss', () => ({
  unreduced: K.tensor,
  options: K.options<ReduceLossOptions>({ ...lossKinds, denominator: K.operand }),
}));

/**
 * Reduces an unreduced loss l with sample weights w: what every loss ends with, public for losses of your own.
 *
 * `'none'`: w l. `'sum'`: sum(w l). `'mean'`: sum(w l) / denominator, whatever the weights. `'weightedMean'`: sum(w l)
 * / sum(w d), d being the share of each element in the denominator: a weight of 0 leaves a sample out, a weight of 2
 * counts it twice. Kindling's own.
 * @throws ValueError for an unknown reduction, ShapeError for weights that do not broadcast to the loss
 * @example
 * ```ts
 * const perSample = tensor([1.5, 100, 3]);
 * nn.reduceLoss(perSample, { reduction: 'weightedMean', sampleWeight: tensor([1, 0, 2]) }); // tensor(2.5000)
 * ```
 */
export function reduceLoss(unreduced: Tensor, options: ReduceLossOptions = {}): Tensor {
  reduceLossTakes(arguments);
  return reduced(unreduced, options, 'reduceLoss');
}

/** {@link reduceLoss} for the losses here, whose options may hold others besides. */
export function reduced(unreduced: Tensor, options: ReduceLossOptions, caller: string): Tensor {
  const { sampleWeight = null, denominator } = options;
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  const w = sampleWeight === null ? null : fitted(sampleWeight, unreduced, caller);
  const loss = w === null ? unreduced : unreduced.mul(w);
  if (reduction === 'none') return loss;
  if (reduction === 'sum') return loss.sum();
  if (w === null || reduction === 'mean') {
    if (denominator === undefined) return loss.mean();
    return loss.sum().div(denominator instanceof Tensor ? total(denominator, loss) : denominator);
  }
  if (denominator instanceof Tensor) return loss.sum().div(total(w.mul(denominator), loss));
  const sum = total(w, loss);
  return loss.sum().div(denominator === undefined ? sum : sum.mul(denominator / loss.count));
}
