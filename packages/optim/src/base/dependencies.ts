/** What a compiled step takes for given of an optimizer, and asks again before each call. */
import { assumes, comparisonOf, dependsOnGradient, readOnHost, type Tensor, tellsOnce } from '@kindling/core';
import { areSame, optionsOf, type ParamGroup } from './groups.ts';
import { isDifferentiable } from './implementation.ts';
import type { ParamState } from './state-dict.ts';
import { stateNames, type Update } from './update.ts';

/**
 * Which parameters there are: also where their gradients are forgotten, which may be all that a call does with them.
 */
export function dependsOnParameters(optimizer: {
  readonly constructor: { readonly name: string };
  readonly paramGroups: readonly ParamGroup<object>[];
}): void {
  const { paramGroups } = optimizer;
  if (!tellsOnce(paramGroups)) return;
  const groups = paramGroups.map((group) => ({ group, params: [...group.params] }));
  assumes(`the groups of ${optimizer.constructor.name}`, () => {
    if (paramGroups.length !== groups.length) return false;
    for (let i = 0; i < groups.length; i++) {
      const { group, params } = groups[i]!;
      if (paramGroups[i] !== group || !areSame(group.params, params)) return false;
    }
    return true;
  });
}

/** Which parameters there are, what is done to them, and on which state. */
export function dependsOnGroups<O extends object>(
  optimizer: {
    readonly constructor: { readonly name: string };
    readonly paramGroups: readonly ParamGroup<O>[];
    readonly state: ReadonlyMap<Tensor, ParamState>;
  },
  updateOf: (group: ParamGroup<O>) => Update,
): void {
  const { paramGroups, state } = optimizer;
  const { name } = optimizer.constructor;
  readOnHost(`an option of a group of ${name}`, () => optionsOf(paramGroups));
  for (const group of paramGroups) for (const p of group.params) dependsOnGradient(p);
  dependsOnParameters(optimizer);
  const groups = paramGroups.map((group) => ({
    group,
    update: updateOf(group),
    recorded: isDifferentiable(group),
  }));
  assumes(`the groups of ${name}`, () => {
    for (const { group, update, recorded } of groups)
      if (updateOf(group) !== update || isDifferentiable(group) !== recorded) return false;
    return true;
  });
  // Of parameters that share their numbers the host asks for the state of the first alone.
  const { size } = state;
  assumes(`the state of ${name}`, () => state.size >= size);
  // What came into being meanwhile had no state before.
  const held = groups.flatMap(({ update, group: { params } }) =>
    params.flatMap((p) => {
      const before = state.get(p) ?? {};
      const names = stateNames(update, p).filter((key) => before[key] !== undefined);
      const values = names.map((key) => before[key]);
      return names.length === 0 ? [] : { p, values, holds: comparisonOf(names) };
    }),
  );
  if (held.length === 0) return;
  assumes(`the state of ${name}`, () => {
    for (const { p, values, holds } of held) {
      const now = state.get(p);
      if (now === undefined || !holds(now, values)) return false;
    }
    return true;
  });
}
