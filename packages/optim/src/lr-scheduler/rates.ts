import { checkArguments, K } from '@kindling/core';
import type { Optimizer } from '../base/optimizer.ts';
import { setRate } from '../base/rate.ts';

/**
 * Sets the learning rate of each group, or none: the one place where schedulers do. A rate that is a tensor is filled.
 * What no number came of (a function that returned nothing, a phase without width) is refused here, before it turns
 * weights to NaN.
 * @throws ValueError for a rate that is no finite number
 */
export function setRates(
  scheduler: { readonly optimizer: Optimizer; readonly lastEpoch: number },
  rates: readonly number[],
): void {
  for (const [i, rate] of rates.entries()) {
    if (Number.isFinite(rate)) continue;
    const what = `the learning rate of group ${i} at epoch ${scheduler.lastEpoch}`;
    checkArguments(scheduler.constructor.name, { [what]: K.finite }, [rate]);
  }
  const { paramGroups } = scheduler.optimizer;
  for (const [i, rate] of rates.entries()) setRate(paramGroups[i]!, rate);
}
