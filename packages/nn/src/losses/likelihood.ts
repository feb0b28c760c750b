import {
  composition,
  E,
  ElementwiseReduction,
  elementsOf,
  floatsOnly,
  formatShape,
  holdsOutside,
  K,
  ShapeError,
  sameShape,
  type Tensor,
  type TypedArray,
  tensor,
  ValueError,
  valuesOf,
} from '@kindling/core';
import { withDefaults } from '../module/options.ts';
import { checkLogProbabilities, checkReduction, checkSameSize } from './checks.ts';
import { elementwiseLoss } from './elementwise-loss.ts';
import { lossClass } from './loss-class.ts';
import {
  type LossOptions,
  type LossReduction,
  lossKinds,
  lossParameters,
  lossSignature,
  reduced,
  type SampleWeightOptions,
} from './reduction.ts';

/** Options of {@link poissonNllLoss} and {@link PoissonNLLLoss}. */
export interface PoissonNLLLossOptions extends LossOptions {
  /** Whether the input is the logarithm of the expectation. Default: true. */
  readonly logInput?: boolean;
  /** Whether to add Stirling's approximation of log(y!), which does not depend on the input. Default: false. */
  readonly full?: boolean;
  /** Keeps the logarithm of an expectation of 0 finite, where `logInput` is false. Default: 1e-8. */
  readonly eps?: number;
}

const poissonDefaults = { logInput: true, full: false, eps: 1e-8 };

const stirling = (y: E.Expr): E.Expr =>
  E.add(E.sub(E.mul(y, E.log(y)), y), E.mul(0.5, E.log(E.mul(2 * Math.PI, y))));

/**
 * Times g, with the y / y of the product rule, as in PyTorch: NaN at 0 and at infinity, and inf - inf of an infinite g.
 */
const stirlingSlope = (g: E.Expr, y: E.Expr): E.Expr =>
  E.add(E.sub(E.add(E.mul(g, E.log(y)), E.div(E.mul(g, y), y)), g), E.div(E.mul(0.5, g), y));
/** By y, of the slope times g: what PyTorch divides by y is g, which is 0 where the term is left out. */
const stirlingBend = (g: E.Expr, y: E.Expr): E.Expr => {
  const part = E.div(g, y);
  const rest = E.sub(part, E.div(E.div(E.mul(g, y), y), y));
  return E.add(E.sub(part, E.div(E.div(E.mul(0.5, g), y), y)), rest);
};

const poisson = (logInput: boolean, full: boolean): ElementwiseReduction =>
  new ElementwiseReduction({
    name: 'poisson_nll_loss',
    arity: 2,
    expression(x, y, eps) {
      const loss = logInput ? E.sub(E.exp(x), E.mul(y, x)) : E.sub(x, E.mul(y, E.log(E.add(x, eps))));
      return full ? E.add(loss, E.select(E.gt(y, 1), stirling(y), 0)) : loss;
    },
    gradient({ g }, x, y, eps) {
      const expected = logInput ? E.exp(x) : E.constant(1);
      const ratio = logInput ? y : E.mul(E.reciprocal(E.add(x, eps)), y);
      const ofY = E.mul(g, E.neg(logInput ? x : E.log(E.add(x, eps))));
      return [
        E.sub(E.mul(g, expected), E.mul(g, ratio)),
        // PyTorch multiplies by 0 where the term is left out: NaN where it has no slope.
        full ? E.add(ofY, stirlingSlope(E.select(E.gt(y, 1), g, 0), y)) : ofY,
      ];
    },
    ...(full && {
      second({ h, g }, x, y, eps) {
        const counts = E.gt(y, 1);
        const slope = E.neg(logInput ? x : E.log(E.add(x, eps)));
        const byX = E.neg(logInput ? E.mul(h, g) : E.div(E.mul(h, g), E.add(x, eps)));
        return [
          null,
          [
            E.add(E.mul(h, slope), E.select(counts, stirlingSlope(h, y), 0)),
            byX,
            E.mul(h, stirlingBend(E.select(counts, g, 0), y)),
          ],
        ];
      },
    }),
  });

const poissonOps = {
  ofLogs: { plain: poisson(true, false), full: poisson(true, true) },
  ofRates: { plain: poisson(false, false), full: poisson(false, true) },
};

const poissonNllLossTakes = /* @__PURE__ */ lossSignature<PoissonNLLLossOptions>('poissonNllLoss', () => ({
  logInput: K.flag,
  full: K.flag,
  eps: K.number,
}));

/**
 * Negative log-likelihood of counts y under Poisson distributions: exp(x) - y x, elementwise, x being the logarithm of
 * the expectation; x - y log(x + eps) where `logInput` is false. `input` x and `target` y have one shape. Follows
 * `torch.nn.functional.poisson_nll_loss`.
 * @throws ValueError for an unknown reduction
 * @example F.poissonNllLoss(tensor([0.5, 1]), tensor([1, 3]), { full: true }); // tensor(1.3155)
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options: PoissonNLLLossOptions = {}): Tensor {
  poissonNllLossTakes(arguments);
  const { logInput, full, eps } = withDefaults(poissonDefaults, options);
  checkSameSize('poissonNllLoss', input, target);
  const op = (logInput ? poissonOps.ofLogs : poissonOps.ofRates)[full ? 'full' : 'plain'];
  return elementwiseLoss(op, [input, target], 'poissonNllLoss', options, [eps]);
}

/**
 * Likelihood of counts under Poisson distributions: {@link poissonNllLoss} as a module. Follows
 * `torch.nn.PoissonNLLLoss`.
 */
export class PoissonNLLLoss extends /* @__PURE__ */ lossClass(poissonNllLoss, poissonDefaults) {}

/** Options of {@link gaussianNllLoss} and {@link GaussianNLLLoss}. */
export interface GaussianNLLLossOptions extends LossOptions {
  /** Whether to add the constant log(2 pi) / 2. Default: false. */
  readonly full?: boolean;
  /** Variances below it count as it. Default: 1e-6. */
  readonly eps?: number;
}

const gaussianDefaults = { full: false, eps: 1e-6 };

/** Refuses negative variances. */
function requireVariances(variances: TypedArray): void {
  let least = 0;
  for (const v of variances) if (v < least) least = v;
  if (least < 0) throw new ValueError(`gaussianNllLoss: var has negative entry/entries (${least})`);
}

/**
 * Of differences and variances. As in PyTorch the clamp is no part of the gradients: a variance below eps is still told
 * to grow.
 */
const gaussian = /* @__PURE__ */ new ElementwiseReduction({
  name: 'gaussian_nll_loss',
  arity: 2,
  inspect([, variance]) {
    if (holdsOutside(variance as Tensor, 0, Number.POSITIVE_INFINITY))
      requireVariances(elementsOf(variance as Tensor));
  },
  expression(d, variance, eps, constant) {
    const v = E.max(variance, eps);
    return E.add(E.mul(0.5, E.add(E.log(v), E.div(E.square(d), v))), constant);
  },
  gradient({ g }, d, variance, eps) {
    const v = E.max(variance, eps);
    const half = E.mul(0.5, g);
    const square = E.div(E.div(E.square(d), v), v);
    return [E.mul(E.div(half, v), E.mul(2, d)), E.sub(E.div(half, v), E.mul(half, square))];
  },
  second({ h, g }, d, variance, eps) {
    const v = E.max(variance, eps);
    const [half, halfH] = [E.mul(0.5, g), E.mul(0.5, h)];
    const part = E.div(E.mul(h, half), v);
    const square = E.div(E.div(E.square(d), v), v);
    const byBoth = E.neg(E.mul(E.div(part, v), E.mul(2, d)));
    return [
      [E.mul(E.div(halfH, v), E.mul(2, d)), E.mul(2, part), byBoth],
      [
        E.sub(E.div(halfH, v), E.mul(halfH, square)),
        byBoth,
        E.add(E.neg(E.div(part, v)), E.mul(2, E.mul(part, square))),
      ],
    ];
  },
});

/**
 * Negative log-likelihood of y under Gaussians of mean x and variance v: (log(v) + (x - y)^2 / v) / 2, elementwise.
 * `input` x and `target` y have one shape; `variance` has it too, or lacks the last dimension, or has size 1 there, or
 * is a number. Follows `torch.nn.functional.gaussian_nll_loss`.
 * @throws ValueError for a negative variance or an unknown reduction, ShapeError for a variance of another shape
 * @example F.gaussianNllLoss(tensor([0.5, 1]), tensor([1, 1]), tensor([1, 0.25])); // tensor(-0.2841)
 */
export const gaussianNllLoss = /* @__PURE__ */ composition(
  'gaussianNllLoss',
  () => ({
    input: K.tensor,
    target: K.tensor,
    variance: K.tensorOrNumber,
    options: K.options<GaussianNLLLossOptions>({ ...lossKinds, full: K.flag, eps: K.number }),
  }),
  (
    input: Tensor,
    target: Tensor,
    variance: Tensor | number,
    options: GaussianNLLLossOptions = {},
  ): Tensor => {
    const { full = gaussianDefaults.full, eps = gaussianDefaults.eps } = options;
    checkSameSize('gaussianNllLoss', input, target);
    const v = varianceFor(input, variance);
    const constant = full ? 0.5 * Math.log(2 * Math.PI) : 0;
    return elementwiseLoss(gaussian, [input.sub(target), v], 'gaussianNllLoss', options, [eps, constant]);
  },
);

/** The variances in a shape that broadcasts to the input's. */
function varianceFor(input: Tensor, variance: Tensor | number): Tensor {
  const v = typeof variance === 'number' ? tensor(variance, { dtype: input.dtype }) : variance;
  if (typeof variance === 'number' || sameShape(v.shape, input.shape)) return v;
  if (sameShape(v.shape, input.shape.slice(0, -1))) return v.unsqueeze(-1);
  const differing = v.shape.filter((size, d) => size !== input.shape[d]);
  if (v.ndim === input.ndim && differing.length === 1 && differing[0] === 1) return v;
  // PyTorch looks at the values first.
  requireVariances(valuesOf(v, 'gaussianNllLoss: which error a variance of another size is'));
  throw new ShapeError(
    `gaussianNllLoss: var is of incorrect size: ${formatShape(v.shape)} for an input of ${formatShape(input.shape)}; ` +
      `expected the input's shape, ${formatShape(input.shape.slice(0, -1))}, or the input's with one size of 1`,
  );
}

/** Called with input, target and variance: {@link gaussianNllLoss} as a module. Follows `torch.nn.GaussianNLLLoss`. */
export class GaussianNLLLoss extends /* @__PURE__ */ lossClass(gaussianNllLoss, gaussianDefaults) {}

/** Options of {@link klDiv} and {@link KLDivLoss}. */
export interface KLDivLossOptions extends SampleWeightOptions {
  /**
   * `'batchmean'` divides the sum by the batch size, which is the divergence as mathematics has it. Default: `'mean'`.
   */
  readonly reduction?: LossReduction | 'batchmean';
  /** Whether the target too is a logarithm. Default: false. */
  readonly logTarget?: boolean;
}

const klDefaults = { logTarget: false };

/** a log y, and 0 where a is. */
const timesLog = (a: E.Expr, y: E.Expr): E.Expr =>
  E.select(E.isNaN(y), Number.NaN, E.select(E.eq(a, 0), 0, E.mul(a, E.log(y))));

const kl = /* @__PURE__ */ new ElementwiseReduction({
  name: 'kl_div',
  arity: 2,
  // y log y is 0 for y = 0.
  expression: (x, y) => E.sub(timesLog(y, y), E.mul(y, x)),
  gradient: ({ g }, x, y) => [
    E.mul(g, E.neg(y)),
    // y / y is 1, and NaN at 0, as in PyTorch.
    E.sub(E.add(E.select(E.eq(y, 0), 0, timesLog(g, y)), E.div(E.mul(g, y), y)), E.mul(g, x)),
  ],
});

/** Of differences y - x, and y. */
const klOfLogs = /* @__PURE__ */ new ElementwiseReduction({
  name: 'kl_div',
  arity: 2,
  expression: (d, y) => E.mul(E.exp(y), d),
  gradient: ({ g }, d, y) => [E.mul(g, E.exp(y)), E.mul(E.mul(g, d), E.exp(y))],
});

const klFloats = /* @__PURE__ */ floatsOnly('klDiv');
const klReductions = ['none', 'batchmean', 'mean', 'sum', 'weightedMean'];

/**
 * The pointwise Kullback-Leibler divergence y (log(y) - x) of log-probabilities x from probabilities y, 0 where y is 0;
 * with `logTarget`, exp(y) (y - x). `input` x and `target` y have one shape, samples first. `'batchmean'` gives the
 * divergence of mathematics; `'mean'` divides by the number of classes too. Follows `torch.nn.functional.kl_div`.
 * @throws ValueError for an unknown reduction, DTypeError for integers
 * @example
 * ```ts
 * const x = F.logSoftmax(tensor([[0.5, 2, 3]]), 1);
 * F.klDiv(x, tensor([[0.2, 0.3, 0.5]]), { reduction: 'batchmean' }); // tensor(0.1419)
 * ```
 */
export const klDiv = /* @__PURE__ */ composition(
  'klDiv',
  () => lossParameters<KLDivLossOptions>({ logTarget: K.flag }),
  (input: Tensor, target: Tensor, options: KLDivLossOptions = {}): Tensor => {
    for (const { dtype } of [input, target]) klFloats(dtype);
    const { logTarget = klDefaults.logTarget, sampleWeight = null } = options;
    const reduction = checkReduction<LossReduction | 'batchmean'>(
      'klDiv',
      options.reduction ?? 'mean',
      klReductions,
    );
    checkSameSize('klDiv', input, target);
    if (input.ndim > 0) checkLogProbabilities('klDiv', input, input.ndim - 1);
    const op = logTarget ? klOfLogs : kl;
    const operands = [logTarget ? target.sub(input) : input, target];
    const [batch = 1] = input.shape;
    if (reduction !== 'batchmean') {
      return elementwiseLoss(op, operands, 'klDiv', { sampleWeight, reduction });
    }
    if (sampleWeight !== null) {
      const loss = op.apply(operands, 'none');
      return reduced(loss, { sampleWeight, reduction: 'mean', denominator: batch }, 'klDiv');
    }
    const sum = op.apply(operands, 'sum');
    return input.ndim === 0 ? sum : sum.div(batch);
  },
);

/** The divergence of log-probabilities from probabilities: {@link klDiv} as a module. Follows `torch.nn.KLDivLoss`. */
export class KLDivLoss extends /* @__PURE__ */ lossClass(klDiv, klDefaults, [], klReductions) {}
