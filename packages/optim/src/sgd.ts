import { E, FusedUpdate, ValueError } from '@kindling/core';
import {
  checkNonNegative,
  Optimizer,
  type ParamGroup,
  type ParamState,
  type Params,
  type Update,
  updatesByFeatures,
} from './optimizer.ts';

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

/** So that plain SGD reads and writes nothing but the parameter. */
const updates = updatesByFeatures((momentum, nesterov, decay) => {
  const gradient = (w: E.Expr, grad: E.Expr, sign: E.Expr, weightDecay: E.Expr): E.Expr =>
    decay ? E.add(E.mul(sign, grad), E.mul(weightDecay, w)) : E.mul(sign, grad);
  if (!momentum) {
    const kernel = new FusedUpdate('sgd', 1, 1, (w, grad, lr, sign, weightDecay) => [
      E.sub(w, E.mul(lr, gradient(w, grad, sign, weightDecay))),
    ]);
    return { state: [], kernel };
  }
  const kernel = new FusedUpdate('sgd', 2, 1, (w, buffer, grad, lr, sign, weightDecay, mu, fresh) => {
    const g = gradient(w, grad, sign, weightDecay);
    const v = E.add(E.mul(mu, buffer), E.mul(fresh, g));
    const direction = nesterov ? E.add(g, E.mul(mu, v)) : v;
    return [E.sub(w, E.mul(lr, direction)), v];
  });
  return { state: ['momentumBuffer'], kernel };
});

/**
 * Stochastic gradient descent, with momentum: v = μ v + (1 - τ) g, w = w - lr v; with Nesterov momentum
 * w = w - lr (g + μ v). The first step sets v to g. Follows `torch.optim.SGD`.
 * @throws ValueError for a negative lr, momentum or weightDecay, or nesterov without momentum
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.25, momentum: 0.9 });
 * for (let i = 0; i < 2; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * w; // tensor([-0.3000,  0.4000], requires_grad=True)
 * ```
 */
export class SGD extends Optimizer<Required<SGDOptions>> {
  constructor(params: Params<SGDOptions>, options: SGDOptions = {}) {
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0 } = options;
    const { nesterov = false, maximize = false } = options;
    const filled = { lr, momentum, dampening, weightDecay, nesterov, maximize };
    super(params as Params<Required<SGDOptions>>, filled);
  }

  protected override check({ lr, momentum, weightDecay, nesterov, dampening }: Required<SGDOptions>): void {
    checkNonNegative('SGD', 'learning rate', lr);
    checkNonNegative('SGD', 'momentum value', momentum);
    checkNonNegative('SGD', 'weightDecay value', weightDecay);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError('SGD: Nesterov momentum requires a momentum and zero dampening');
    }
  }

  protected override updateOf({ momentum, nesterov, weightDecay }: ParamGroup<Required<SGDOptions>>): Update {
    return updates(momentum !== 0, nesterov, weightDecay !== 0);
  }

  protected override numbers(group: ParamGroup<Required<SGDOptions>>, state: ParamState): number[] {
    const { lr, momentum, dampening, weightDecay, maximize } = group;
    const sign = maximize ? -1 : 1;
    if (momentum === 0) return [lr, sign, weightDecay];
    return [lr, sign, weightDecay, momentum, state.momentumBuffer === undefined ? 1 : 1 - dampening];
  }
}
