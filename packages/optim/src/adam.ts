import { E, FusedUpdate, type Tensor, ValueError, zerosLike } from '@kindling/core';
import { checkNonNegative, Optimizer, type ParamGroup, type ParamState, type Params } from './optimizer.ts';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Decay of the running averages of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps?: number;
  /** Adam: L2 penalty, default 0. AdamW: decoupled weight decay, default 0.01. */
  weightDecay?: number;
  /** Divide by the greatest second moment so far. Default: false. */
  amsgrad?: boolean;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

type Ten = [E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr];
type Decay = 'none' | 'l2' | 'decoupled';

/** One kernel for each combination of features. */
const kernels: (FusedUpdate | undefined)[] = [];

function kernelFor(amsgrad: boolean, decay: Decay): FusedUpdate {
  const key = (amsgrad ? 3 : 0) + (decay === 'none' ? 0 : decay === 'l2' ? 1 : 2);
  let kernel = kernels[key];
  if (kernel === undefined) {
    kernel = new FusedUpdate('adam', amsgrad ? 4 : 3, 1, (w, m, v, ...rest) => {
      const [vMax, grad, fresh1, beta2, fresh2, stepSize, root2, eps, sign, shrink] = (
        amsgrad ? rest : [w, ...rest]
      ) as Ten;
      const kept = decay === 'decoupled' ? E.mul(w, shrink) : w;
      const signed = E.mul(sign, grad);
      const g = decay === 'l2' ? E.add(signed, E.mul(shrink, w)) : signed;
      const mean = E.add(m, E.mul(fresh1, E.sub(g, m)));
      const square = E.add(E.mul(v, beta2), E.mul(E.mul(fresh2, g), g));
      const bound = amsgrad ? E.max(vMax, square) : square;
      const denominator = E.add(E.div(E.sqrt(bound), root2), eps);
      const next = E.sub(kept, E.mul(stepSize, E.div(mean, denominator)));
      return amsgrad ? [next, mean, square, bound] : [next, mean, square];
    });
    kernels[key] = kernel;
  }
  return kernel;
}

abstract class AdamBase extends Optimizer<Required<AdamOptions>> {
  protected abstract readonly decoupled: boolean;

  constructor(params: Params<AdamOptions>, options: AdamOptions, defaultDecay: number) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = defaultDecay } = options;
    const { amsgrad = false, maximize = false } = options;
    super(params as Params<Required<AdamOptions>>, { lr, betas, eps, weightDecay, amsgrad, maximize });
  }

  protected override check({ lr, betas, eps, weightDecay }: Required<AdamOptions>): void {
    const { name } = this.constructor;
    checkNonNegative(name, 'learning rate', lr);
    checkNonNegative(name, 'epsilon value', eps);
    checkNonNegative(name, 'weightDecay value', weightDecay);
    for (const [i, beta] of betas.entries()) {
      if (!(beta >= 0 && beta < 1)) {
        throw new ValueError(
          `${name}: invalid beta parameter at index ${i}: ${beta}; expected a number in [0, 1)`,
        );
      }
    }
  }

  protected override update(
    p: Tensor,
    grad: Tensor,
    group: ParamGroup<Required<AdamOptions>>,
    state: ParamState,
  ): void {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    const [beta1, beta2] = betas;
    if (state.step === undefined) {
      state.step = 0;
      state.expAvg = zerosLike(p);
      state.expAvgSq = zerosLike(p);
    }
    if (amsgrad) state.maxExpAvgSq ??= zerosLike(p);
    const step = (state.step as number) + 1;
    state.step = step;
    const decay: Decay = weightDecay === 0 ? 'none' : this.decoupled ? 'decoupled' : 'l2';
    const tensors = [p, state.expAvg as Tensor, state.expAvgSq as Tensor];
    if (amsgrad) tensors.push(state.maxExpAvgSq as Tensor);
    tensors.push(grad);
    kernelFor(amsgrad, decay).run(tensors, [
      1 - beta1,
      beta2,
      1 - beta2,
      lr / (1 - beta1 ** step),
      Math.sqrt(1 - beta2 ** step),
      eps,
      maximize ? -1 : 1,
      decay === 'decoupled' ? 1 - lr * weightDecay : weightDecay,
    ]);
  }
}

/**
 * Adam: m = β₁ m + (1 - β₁) g, v = β₂ v + (1 - β₂) g², w = w - lr m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and
 * v̂ = v / (1 - β₂ᵗ). Follows `torch.optim.Adam`; Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014.
 *
 * @example
 * ```ts
 * const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
 * ```
 */
export class Adam extends AdamBase {
  protected readonly decoupled = false;

  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(params, options, 0);
  }
}

/**
 * Adam whose weight decay shrinks the weights directly, w = (1 - lr λ) w, instead of adding to the gradient. Follows
 * `torch.optim.AdamW`; Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017.
 */
export class AdamW extends AdamBase {
  protected readonly decoupled = true;

  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super(params, options, 0.01);
  }
}
