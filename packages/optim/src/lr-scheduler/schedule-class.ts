import { checkArguments, K } from '@kindling/core';
import type { Optimizer } from '../base/optimizer.ts';
import { anOptimizer, LRScheduler, type SchedulerOptions, schedulerOptions } from './scheduler.ts';

/** The options of a schedule that are fields of it. */
type Own<O> = { -readonly [P in keyof O as Exclude<P, keyof SchedulerOptions>]-?: O[P] };

/** A class of schedules: what {@link scheduleClass} gives. */
export type ScheduleClass<O, First extends readonly unknown[]> = abstract new (
  optimizer: Optimizer,
  ...given: [...First, options?: O]
) => LRScheduler & Own<O>;

/** What the constructor of a schedule takes: the optimizer, what it needs, and options. */
export const scheduleTakes = <O extends SchedulerOptions>(
  needed: Readonly<Record<string, K.Kind>>,
  optional: K.Kinds<Omit<O, keyof SchedulerOptions>>,
): Readonly<Record<string, K.Kind>> => ({
  optimizer: anOptimizer,
  ...needed,
  options: K.options<O>({ ...optional, ...schedulerOptions } as K.Kinds<O>),
});

/**
 * What a schedule extends whose numbers are all given: by options with these kinds and defaults, and before them by
 * what it `needs`, for which it declares fields of those names.
 *
 *     export class StepLR extends scheduleClass<StepLROptions, [stepSize: number]>(
 *       { gamma: 0.1 }, { gamma: K.finite }, { stepSize: K.positiveCount },
 *     ) {
 *       declare stepSize: number;
 *
 * All are fields, and the state of the schedule. Calls are marked pure, so that bundlers leave out the schedules that
 * nobody uses.
 */
export function scheduleClass<O extends SchedulerOptions, First extends readonly unknown[] = []>(
  defaults: Own<O>,
  optional: K.Kinds<Omit<O, keyof SchedulerOptions>>,
  needed: Readonly<Record<string, K.Kind>> = {},
): ScheduleClass<O, First> {
  const takes = scheduleTakes<O>(needed, optional);
  const kinds = { ...needed, ...optional };
  const names = Object.keys(needed);
  abstract class Schedule extends LRScheduler {
    constructor(optimizer: Optimizer, ...given: readonly unknown[]) {
      checkArguments(new.target.name, takes, arguments);
      const options = (given[names.length] ?? {}) as O;
      super(optimizer, options);
      const fields = Object.entries({ ...defaults }).map(([name, value]) => [
        name,
        options[name as keyof O] ?? value,
      ]);
      Object.assign(this, Object.fromEntries([...names.map((name, i) => [name, given[i]]), ...fields]));
      this.start();
    }

    protected override stateKinds(): Readonly<Record<string, K.Kind>> {
      return kinds;
    }
  }
  return Schedule as unknown as ScheduleClass<O, First>;
}
