/**
 * Probabilities, which are given as such or as logits: PyTorch works with what was given, and makes the other from it.
 */
import { checkArguments, enableGrad, finfo, K, type Tensor, ValueError } from '@kindling/core';
import { type DistributionOptions, distributionKinds } from '../distribution.ts';
import { asFloat } from '../values.ts';

/** Options of distributions that probabilities tell: either of the two. */
export interface ProbabilityOptions<T = Tensor | number> extends DistributionOptions {
  /** Probabilities. */
  readonly probs?: T;
  /** Their logarithms, or logits: what a net gives. */
  readonly logits?: T;
}

const optionsOf = (kind: K.Kind) =>
  K.options<ProbabilityOptions>({ ...distributionKinds, probs: kind, logits: kind });
const takes = {
  numbers: { options: /* @__PURE__ */ optionsOf(K.tensorOrNumber) },
  tensors: { options: /* @__PURE__ */ optionsOf(K.tensor) },
};

/** What was given, checked. */
export interface Given {
  readonly isProbs: boolean;
  readonly x: Tensor;
}

/**
 * Which was given.
 * @throws ValueError unless it is one of the two
 */
export function given(name: string, kind: keyof typeof takes, args: ArrayLike<unknown>): Given {
  checkArguments(name, takes[kind], args);
  const { probs, logits } = (args[0] ?? {}) as ProbabilityOptions;
  const x = probs ?? logits;
  if (x === undefined || (probs !== undefined && logits !== undefined))
    throw new ValueError(`${name}: expected one of probs and logits: write new ${name}({ logits })`);
  return { isProbs: probs !== undefined, x: asFloat(x) };
}

/** Probabilities and logits: one is there, the other is worked out when it is asked for, recorded wherever that is. */
export class Probabilities {
  readonly isProbs: boolean;
  #probs: Tensor | null;
  #logits: Tensor | null;
  readonly #probsOf: (logits: Tensor) => Tensor;
  readonly #logitsOf: (probs: Tensor) => Tensor;

  constructor(
    { isProbs, x }: Given,
    probsOf: (logits: Tensor) => Tensor,
    logitsOf: (probs: Tensor) => Tensor,
  ) {
    this.isProbs = isProbs;
    this.#probs = isProbs ? x : null;
    this.#logits = isProbs ? null : x;
    this.#probsOf = probsOf;
    this.#logitsOf = logitsOf;
  }

  get probs(): Tensor {
    this.#probs ??= enableGrad(() => this.#probsOf(this.#logits as Tensor));
    return this.#probs;
  }

  get logits(): Tensor {
    this.#logits ??= enableGrad(() => this.#logitsOf(this.#probs as Tensor));
    return this.#logits;
  }

  /** What was given, by its name. */
  map<T>(f: (x: Tensor) => T): { probs: T } | { logits: T } {
    return this.isProbs ? { probs: f(this.probs) } : { logits: f(this.logits) };
  }
}

/** Probabilities of which a logarithm can be taken. */
function clamped(probs: Tensor): Tensor {
  const { eps } = finfo(probs.dtype);
  return probs.clamp({ min: eps, max: 1 - eps });
}

/** log p of classes. */
export const logsOf = (probs: Tensor): Tensor => clamped(probs).log();

/** log(p / (1 - p)). */
export function logOddsOf(probs: Tensor): Tensor {
  const p = clamped(probs);
  return p.log().sub(p.neg().log1p());
}
