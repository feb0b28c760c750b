/** What is told of an argument at sight: most are tensors, integers, lists of integers, or left out. */
import { isArray } from '../readable.ts';
import { Tensor } from '../tensor.ts';

type Accepts = (value: unknown) => boolean;

/** What can be told without calling a kind's test, another function each time, is a sum of these. */
const absent = 1;
const tensorAtSight = 2;
const integerAtSight = 4;
const sights = /* @__PURE__ */ new WeakMap<Accepts, number>();

/** Notes of a test that it takes `undefined`, and what is told at sight by the one that it asks otherwise. */
export function withAbsent(accepts: Accepts, of?: Accepts): Accepts {
  sights.set(accepts, absent | (of === undefined ? 0 : sightOf(of)));
  return accepts;
}

/** What {@link isAtSight} has to know of a kind's test. */
export const sightOf = (accepts: Accepts): number =>
  accepts === Tensor.is
    ? tensorAtSight
    : accepts === Number.isSafeInteger
      ? integerAtSight
      : (sights.get(accepts) ?? 0);

/** Whether a value surely fits, as most do that are given: a tensor, an integer, or nothing. */
export function isAtSight(sight: number, x: unknown): boolean {
  if (x === undefined) return (sight & absent) !== 0;
  if (typeof x === 'number') return (sight & integerAtSight) !== 0 && Number.isSafeInteger(x);
  return (sight & tensorAtSight) !== 0 && Tensor.is(x);
}

/**
 * Whether something is a list of integers; by a loop of its own, which the engine compiles to a comparison an item:
 * sizes are given to every other call.
 */
export function allIntegers(x: unknown): boolean {
  if (!isArray(x)) return false;
  for (let i = 0; i < x.length; i++) if (!Number.isSafeInteger(x[i])) return false;
  return true;
}
