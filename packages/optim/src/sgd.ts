import { E, FusedUpdate, type Tensor, ValueError, zerosLike } from '@kindling/core';
import { checkNonNegative, Optimizer, type ParamGroup, type ParamState, type Params } from './optimizer.ts';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Momentum factor. Default: 0. */
  momentum?: number;
  /** Dampening of the momentum. Default: 0. */
  dampening?: number;
  /** L2 penalty. Default: 0. */
  weightDecay?: number;
  /** Nesterov momentum; needs momentum and no dampening. Default: false. */
  nesterov?: boolean;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

type Seven = [E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr, E.Expr];
/** One kernel for each combination of features, so that plain SGD reads and writes nothing but the parameter. */
const kernels: (FusedUpdate | undefined)[] = [];

function kernelFor(momentum: boolean, nesterov: boolean, decay: boolean): FusedUpdate {
  const key = (momentum ? 1 : 0) + (nesterov ? 2 : 0) + (decay ? 4 : 0);
  let kernel = kernels[key];
  if (kernel === undefined) {
    kernel = new FusedUpdate('sgd', momentum ? 2 : 1, 1, (w, ...rest) => {
      const [buffer, grad, lr, sign, weightDecay, mu, fresh] = (momentum ? rest : [w, ...rest]) as Seven;
      const signed = E.mul(sign, grad);
      const g = decay ? E.add(signed, E.mul(weightDecay, w)) : signed;
      if (!momentum) return [E.sub(w, E.mul(lr, g))];
      const v = E.add(E.mul(mu, buffer), E.mul(fresh, g));
      const direction = nesterov ? E.add(g, E.mul(mu, v)) : v;
      return [E.sub(w, E.mul(lr, direction)), v];
    });
    kernels[key] = kernel;
  }
  return kernel;
}

/**
 * Stochastic gradient descent, with momentum: v = μ v + (1 - τ) g, w = w - lr v; with Nesterov momentum
 * w = w - lr (g + μ v). The first step sets v to g. Follows `torch.optim.SGD`.
 *
 * @example
 * ```ts
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * optimizer.zeroGrad();
 * lossFn(model(x), y).backward();
 * optimizer.step();
 * ```
 */
export class SGD extends Optimizer<Required<SGDOptions>> {
  constructor(params: Params<SGDOptions>, options: SGDOptions = {}) {
    const {
      lr = 1e-3,
      momentum = 0,
      dampening = 0,
      weightDecay = 0,
      nesterov = false,
      maximize = false,
    } = options;
    super(params as Params<Required<SGDOptions>>, {
      lr,
      momentum,
      dampening,
      weightDecay,
      nesterov,
      maximize,
    });
  }

  protected override check({ lr, momentum, weightDecay, nesterov, dampening }: Required<SGDOptions>): void {
    checkNonNegative('SGD', 'learning rate', lr);
    checkNonNegative('SGD', 'momentum value', momentum);
    checkNonNegative('SGD', 'weightDecay value', weightDecay);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError('SGD: Nesterov momentum requires a momentum and zero dampening');
    }
  }

  protected override update(
    p: Tensor,
    grad: Tensor,
    group: ParamGroup<Required<SGDOptions>>,
    state: ParamState,
  ): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    const kernel = kernelFor(momentum !== 0, nesterov, weightDecay !== 0);
    const sign = maximize ? -1 : 1;
    if (momentum === 0) {
      kernel.run([p, grad], [lr, sign, weightDecay]);
      return;
    }
    const first = state.momentumBuffer === undefined;
    state.momentumBuffer ??= zerosLike(p);
    const buffer = state.momentumBuffer as Tensor;
    kernel.run([p, buffer, grad], [lr, sign, weightDecay, momentum, first ? 1 : 1 - dampening]);
  }
}
