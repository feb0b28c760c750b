import type { FusedUpdate } from '@kindling/core';

/** The second part of an update: the kernel that changes a parameter and its state in one pass over memory. */
export interface Update {
  /** Names, in {@link ParamState}, of the tensors that are changed beside the parameter: zeros at first. */
  readonly state: readonly string[];
  /** Names of the counts that `numbers` keeps there. */
  readonly counts?: readonly string[];
  /** Takes the parameter, the state tensors, the gradient and the numbers; gives the parameter and the state tensors anew. */
  readonly kernel: FusedUpdate;
}

/** One update for each combination of features, made when first asked for. */
export function updatesByFeatures<F extends boolean[]>(
  make: (...features: F) => Update,
): (...features: F) => Update {
  const made: Update[] = [];
  return (...features) => {
    let key = 0;
    for (const feature of features) key = 2 * key + Number(feature);
    let update = made[key];
    if (update === undefined) {
      update = make(...features);
      made[key] = update;
    }
    return update;
  };
}
