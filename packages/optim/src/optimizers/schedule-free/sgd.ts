import { E, K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { type Rate, rate } from '../../base/rate.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import {
  type ScheduleFreeGroup,
  type ScheduleFreeOptions,
  scheduleFreeClass,
  stepped,
} from './schedule-free.ts';

/** Options of {@link SGDScheduleFree}. */
export interface SGDScheduleFreeOptions extends ScheduleFreeOptions {
  /** Learning rate: often ten times that of SGD with a schedule. Default: 1. */
  lr?: Rate;
  /** Where y lies between z and x. Default: 0.9. */
  momentum?: number;
}

const defaults = { lr: 1, momentum: 0.9 };
const kinds: K.Kinds<Omit<SGDScheduleFreeOptions, keyof ScheduleFreeOptions>> = {
  lr: rate,
  momentum: /* @__PURE__ */ K.kind('a number in (0, 1)', (x) => typeof x === 'number' && x > 0 && x < 1),
};

type Group = ParamGroup<ScheduleFreeGroup<SGDScheduleFreeOptions>>;

/** What a step takes beside tensors: the decay, the share of z, the rate of y, and lr. */
type Numbers<T> = [decay: T, share: T, rate: T, lr: T];

const updates = updatesByFeatures((decays: boolean) =>
  fusedUpdate('sgd_schedule_free', ['z'], [], (w, grad, { z }, [decay, share, rate, lr]: Numbers<E.Expr>) =>
    stepped(w, z, decays ? E.add(grad, E.mul(decay, w)) : grad, { share, rate, lr }),
  ),
);

/**
 * SGD that needs no schedule and is told of no last step: the gradient is taken at y = (1 - β) z + β x with β the
 * momentum, z = z - lr g, and x is the average of all z, weighted by lr² (and tʳ). In training the parameters stand at
 * y, after {@link eval} at x, after {@link train} at y again. Kindling's own, with the names of the reference package
 * `schedulefree`; Defazio et al., "The Road Less Scheduled", 2024.
 * @throws ValueError for options that are negative or not finite, a momentum that is not in (0, 1), and a step that is
 * not preceded by `train()`
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.SGDScheduleFree([w], { lr: 0.25 });
 * optimizer.train();
 * for (let i = 0; i < 3; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * optimizer.eval();
 * w; // tensor([ 0.4094, -0.5458], requires_grad=True)
 * ```
 */
export class SGDScheduleFree extends /* @__PURE__ */ scheduleFreeClass<SGDScheduleFreeOptions>(
  defaults,
  kinds,
) {
  protected override interpolation({ momentum }: ScheduleFreeGroup<SGDScheduleFreeOptions>): number {
    return momentum;
  }

  protected override updateOf({ weightDecay }: Group): Update {
    return updates(weightDecay !== 0);
  }

  protected override numbers(group: Group & { lr: number }): Numbers<number> {
    return [group.weightDecay, ...this.moves(group)];
  }
}
