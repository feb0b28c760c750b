import type { ParamGroup } from '../../base/groups.ts';
import { FunctionLR } from './functions.ts';

/**
 * Sets each group's learning rate to its first one times a function of the epoch: one function for all groups, or one
 * for each. The functions are not part of the state dict. Follows `torch.optim.lr_scheduler.LambdaLR`.
 * @throws ValueError for a list with another number of functions than there are groups, and for a function that returns
 * anything but a finite number
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const warmup = new lrScheduler.LambdaLR(optimizer, (epoch) => Math.min(1, (epoch + 1) / 10));
 * warmup.getLastLr(); // [ 0.1 ]
 * ```
 */
export class LambdaLR extends FunctionLR {
  protected override nextRate(_group: ParamGroup<{ lr: number }>, baseLr: number, i: number): number {
    return baseLr * this.factorOf(i);
  }
}
