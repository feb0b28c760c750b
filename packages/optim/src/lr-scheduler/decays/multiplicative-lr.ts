import type { ParamGroup } from '../../base/groups.ts';
import { FunctionLR } from './functions.ts';

/**
 * Multiplies each group's learning rate by a function of the epoch, at each step: one function for all groups, or one
 * for each. The functions are not part of the state dict. Follows `torch.optim.lr_scheduler.MultiplicativeLR`.
 * @throws ValueError for a list with another number of functions than there are groups, and for a function that returns
 * anything but a finite number
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.MultiplicativeLR(optimizer, (epoch) => (epoch < 3 ? 0.5 : 1));
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr(); // [ 0.25 ]
 * ```
 */
export class MultiplicativeLR extends FunctionLR {
  protected override nextRate({ lr }: ParamGroup<{ lr: number }>, _baseLr: number, i: number): number {
    return this.isInitial ? lr : lr * this.factorOf(i);
  }
}
