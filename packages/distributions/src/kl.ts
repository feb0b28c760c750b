/** Divergences between distributions, by pairs of classes. */
import { checkArguments, K, KindlingError, linalg, ShapeError, type Tensor, where } from '@kindling/core';
import { F } from '@kindling/nn';
import { Independent } from './combined/index.ts';
import {
  Cauchy,
  Exponential,
  Gumbel,
  HalfCauchy,
  HalfNormal,
  Laplace,
  LogNormal,
  MultivariateNormal,
  Normal,
  Pareto,
  Uniform,
  Weibull,
} from './continuous/index.ts';
import { halfLogDet, mahalanobis } from './continuous/multivariate-normal.ts';
import { Bernoulli, Categorical, Geometric, OneHotCategorical, Poisson } from './discrete/index.ts';
import { Distribution } from './distribution.ts';
import { eulerGamma, named, sumRightmost } from './values.ts';

type DistributionClass<D extends Distribution> = abstract new (...args: never[]) => D;
type Divergence<P, Q> = (p: P, q: Q) => Tensor;

interface Entry {
  readonly typeP: DistributionClass<Distribution>;
  readonly typeQ: DistributionClass<Distribution>;
  readonly divergence: Divergence<never, never>;
}

const pair = <P extends Distribution, Q extends Distribution>(
  typeP: DistributionClass<P>,
  typeQ: DistributionClass<Q>,
  divergence: Divergence<P, Q>,
): Entry => ({ typeP, typeQ, divergence });

function bernoulliKl(p: Bernoulli, q: Bernoulli): Tensor {
  const plus = (x: Tensor): Tensor => F.softplus(x);
  const ones = p.probs.mul(plus(q.logits.neg()).sub(plus(p.logits.neg())));
  const zeros = p.probs.rsub(1).mul(plus(q.logits).sub(plus(p.logits)));
  const bounded = (x: Tensor, value: number): Tensor =>
    where(p.probs.eq(value), 0, where(q.probs.eq(value), Number.POSITIVE_INFINITY, x));
  return bounded(ones, 0).add(bounded(zeros, 1));
}

function categoricalKl(p: Categorical | OneHotCategorical, q: Categorical | OneHotCategorical): Tensor {
  const terms = p.probs.mul(p.logits.sub(q.logits));
  const infinite = where(q.probs.eq(0), Number.POSITIVE_INFINITY, terms);
  return where(p.probs.eq(0), 0, infinite).sum(-1);
}

interface Scaled {
  readonly loc: Tensor;
  readonly scale: Tensor;
}

function normalKl(p: Scaled, q: Scaled): Tensor {
  const ratio = p.scale.div(q.scale).pow(2);
  const away = p.loc.sub(q.loc).div(q.scale).pow(2);
  return ratio.add(away).sub(1).sub(ratio.log()).mul(0.5);
}

function laplaceKl(p: Laplace, q: Laplace): Tensor {
  const ratio = p.scale.div(q.scale);
  const away = p.loc.sub(q.loc).abs();
  const inside = ratio.mul(away.neg().div(p.scale).exp());
  return ratio.log().neg().add(away.div(q.scale)).add(inside).sub(1);
}

function cauchyKl(p: Cauchy, q: Cauchy): Tensor {
  const apart = p.scale.add(q.scale).pow(2).add(p.loc.sub(q.loc).pow(2));
  return apart.log().sub(p.scale.mul(4).mul(q.scale).log());
}

function gumbelKl(p: Gumbel, q: Gumbel): Tensor {
  const ratio = p.scale.div(q.scale);
  const [first, second] = [q.loc.div(q.scale), p.loc.div(q.scale)];
  const logs = ratio.log().neg().sub(first).add(second);
  const inside = first.add(ratio.add(1).lgamma()).sub(second).exp();
  return logs
    .add(ratio.mul(eulerGamma))
    .add(inside)
    .sub(1 + eulerGamma);
}
function uniformKl(p: Uniform, q: Uniform): Tensor {
  const ratio = q.high.sub(q.low).div(p.high.sub(p.low)).log();
  const beyond = q.low.gt(p.low).logicalOr(q.high.lt(p.high));
  return where(beyond, Number.POSITIVE_INFINITY, ratio);
}

function exponentialKl(p: Exponential, q: Exponential): Tensor {
  const ratio = q.rate.div(p.rate);
  return ratio.log().neg().add(ratio).sub(1);
}

function paretoKl(p: Pareto, q: Pareto): Tensor {
  const ratio = q.alpha.div(p.alpha);
  const away = q.alpha.mul(p.scale.div(q.scale).log());
  return where(p.scale.lt(q.scale), Number.POSITIVE_INFINITY, away.sub(ratio.log()).add(ratio).sub(1));
}

function weibullKl(p: Weibull, q: Weibull): Tensor {
  const ratio = q.concentration.div(p.concentration);
  const apart = p.scale.div(q.scale);
  const inside = apart.pow(q.concentration).mul(ratio.add(1).lgamma().exp());
  const logs = ratio.log().neg().sub(q.concentration.mul(apart.log()));
  return logs.add(ratio.sub(1).mul(eulerGamma)).add(inside).sub(1);
}

function geometricKl(p: Geometric, q: Geometric): Tensor {
  return p.entropy().neg().sub(q.probs.neg().log1p().div(p.probs)).sub(q.logits);
}

function poissonKl(p: Poisson, q: Poisson): Tensor {
  return p.rate.mul(p.rate.log().sub(q.rate.log())).sub(p.rate.sub(q.rate));
}

function multivariateNormalKl(p: MultivariateNormal, q: MultivariateNormal): Tensor {
  const [size = 0] = p.eventShape;
  if (size !== q.eventShape[0])
    throw new ShapeError(`klDivergence: vectors of ${size} and of ${q.eventShape[0]} numbers have none`);
  const logs = halfLogDet(q.scaleTril).sub(halfLogDet(p.scaleTril));
  const trace = linalg.solveTriangular(q.scaleTril, p.scaleTril, { upper: false }).pow(2).sum([-2, -1]);
  const away = mahalanobis(q.scaleTril, q.loc.sub(p.loc));
  return logs.add(trace.add(away).sub(size).mul(0.5));
}

function independentKl(p: Independent, q: Independent): Tensor {
  const dims = p.reinterpretedBatchNdims;
  if (dims !== q.reinterpretedBatchNdims)
    throw new ShapeError(
      `klDivergence: expected one reinterpretedBatchNdims, got ${dims} and ${q.reinterpretedBatchNdims}`,
    );
  return sumRightmost(klDivergence(p.baseDist, q.baseDist), dims);
}

/** Those that were registered last come first. */
const entries: Entry[] = [
  pair(Bernoulli, Bernoulli, bernoulliKl),
  pair(Categorical, Categorical, categoricalKl),
  pair(OneHotCategorical, OneHotCategorical, categoricalKl),
  pair(Cauchy, Cauchy, cauchyKl),
  pair(Exponential, Exponential, exponentialKl),
  pair(Geometric, Geometric, geometricKl),
  pair(Gumbel, Gumbel, gumbelKl),
  pair(HalfCauchy, HalfCauchy, (p, q) => cauchyKl(p.baseDist, q.baseDist)),
  pair(HalfNormal, HalfNormal, (p, q) => normalKl(p.baseDist, q.baseDist)),
  pair(Laplace, Laplace, laplaceKl),
  pair(LogNormal, LogNormal, normalKl),
  pair(Normal, Normal, normalKl),
  pair(MultivariateNormal, MultivariateNormal, multivariateNormalKl),
  pair(Pareto, Pareto, paretoKl),
  pair(Poisson, Poisson, poissonKl),
  pair(Uniform, Uniform, uniformKl),
  pair(Weibull, Weibull, weibullKl),
  pair(Independent, Independent, independentKl),
];

const distribution = K.instanceOf(Distribution);
const pairTakes = { p: distribution, q: distribution };
const isClassOfThem = (x: unknown): boolean => typeof x === 'function' && x.prototype instanceof Distribution;
const classKind = K.kind('a class of distributions', isClassOfThem);
const registerTakes = { typeP: classKind, typeQ: classKind, divergence: K.callable };

/**
 * The Kullback-Leibler divergence of q from p, the mean of log(p(x) / q(x)) over what p draws, of shape `batchShape`.
 * Follows `torch.distributions.kl_divergence`.
 * @throws KindlingError for two classes of which none is known: see {@link registerKl}; ShapeError for two whose
 * batches do not broadcast
 * @example klDivergence(new Normal(0, 1), new Normal(1, 2)); // tensor(0.4431)
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  checkArguments('klDivergence', pairTakes, arguments);
  const found = entries.find(({ typeP, typeQ }) => p instanceof typeP && q instanceof typeQ);
  if (found === undefined)
    throw new KindlingError(
      `klDivergence: none is known of ${p.constructor.name} and ${q.constructor.name}; average p.logProb(x).sub(q.logProb(x)) over samples, or tell it by registerKl`,
    );
  return named('klDivergence', () => found.divergence(p as never, q as never));
}

/**
 * Tells {@link klDivergence} of a pair of classes, and of those that extend them; what is registered last counts.
 * Follows `torch.distributions.register_kl`.
 * @throws ValueError for what are no classes of distributions, or no function
 * @example
 * ```ts
 * class Unit extends Normal {}
 * registerKl(Unit, Unit, (p, q) => p.loc.sub(q.loc).square().div(2));
 * klDivergence(new Unit(0, 1), new Unit(2, 1)); // tensor(2.)
 * ```
 */
export function registerKl<P extends Distribution, Q extends Distribution>(
  typeP: DistributionClass<P>,
  typeQ: DistributionClass<Q>,
  divergence: (p: P, q: Q) => Tensor,
): void {
  checkArguments('registerKl', registerTakes, arguments);
  entries.unshift(pair(typeP, typeQ, divergence));
}
