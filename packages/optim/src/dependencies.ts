/** What a compiled step takes for given of an optimizer, and asks again before each call. */
import { assumes, assumesSame, dependsOnGradient, readOnHost, type Tensor } from '@kindling/core';
import { areSame, optionsOf, type ParamGroup } from './groups.ts';
import { isDifferentiable } from './implementation.ts';
import type { ParamState } from './state-dict.ts';
import { stateNames, type Update } from './update.ts';

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
  const groups = paramGroups.map((group) => ({
    group,
    update: updateOf(group),
    params: [...group.params],
    recorded: isDifferentiable(group),
  }));
  const isAsItWas = ({ group, update, params, recorded }: (typeof groups)[number]): boolean =>
    updateOf(group) === update && areSame(group.params, params) && isDifferentiable(group) === recorded;
  assumes(`the groups of ${name}`, () => paramGroups.length === groups.length && groups.every(isAsItWas));
  const held = groups.flatMap(({ update, params }) =>
    params.flatMap((p) => stateNames(update, p).map((key) => ({ p, key, value: state.get(p)?.[key] }))),
  );
  assumes(`the state of ${name}`, () => {
    for (const { p, key, value } of held)
      if (value !== undefined && state.get(p)?.[key] !== value) return false;
    return true;
  });
}

/** Which hooks there are, which `noteChange` tells of. */
export function dependsOnHooks(
  { constructor: { name } }: object,
  lists: readonly ReadonlyMap<object, unknown>[],
): void {
  assumesSame(`the hooks of ${name}`, () => lists.flatMap((hooks) => [...hooks.values(), null]), true);
}
