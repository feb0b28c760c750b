/** What a compiled call takes for given, and asks again before each call. */
import { joining } from '../record/properties.ts';
import { sameShape } from '../shape.ts';
import type { Storage } from '../storage.ts';
import { autogradOf, type Tensor } from '../tensor.ts';

/** Says what has changed, or `null` where all is as it was; `tensors` are those among the arguments of the call. */
export type Guard = (tensors: readonly Tensor[]) => string | null;

/** A leaf: one that was there before, or one that is an argument of the call. */
export interface LeafPlace {
  readonly tensor: Tensor;
  /** Its number among the arguments' tensors, or `null`. */
  readonly argument: number | null;
}

/** The leaf of a call with these arguments. */
export const leafAt = ({ tensor, argument }: LeafPlace, tensors: readonly Tensor[]): Tensor =>
  argument === null ? tensor : (tensors[argument] ?? tensor);

/** That leaves are in the same memory as before, require gradients as then, and have the same hooks. */
export function guardOfLeaves(leaves: readonly Tensor[]): Guard {
  const before = leaves.map((leaf) => {
    const x = autogradOf(leaf);
    const { leafRequiresGrad, hooks, accumulateHooks } = x;
    return { leaf, storage: leaf.storage, x, leafRequiresGrad, hooks, accumulateHooks };
  });
  return () => {
    for (const { leaf, storage, x, leafRequiresGrad, hooks, accumulateHooks } of before) {
      if (leaf.storage !== storage) return 'a tensor has another dtype';
      if (x.leafRequiresGrad !== leafRequiresGrad) return 'requiresGrad of a tensor has changed';
      if (x.hooks !== hooks || x.accumulateHooks !== accumulateHooks) return 'hooks came or went';
    }
    return null;
  };
}

/** That arguments share memory as these do, with each other and with state, whose memory is this. */
export function guardOfSharing(before: readonly Tensor[], state: ReadonlySet<Storage>): Guard {
  const distances = distancesAmong(before);
  const fixed = placesIn(state, before);
  const changed = 'arguments share memory otherwise';
  const areApart = fixed.every((place) => place === null) && distances.flat().every((d) => d === null);
  if (areApart)
    return (tensors) => {
      for (let i = 0; i < tensors.length; i++) {
        const x = tensors[i] as Tensor;
        if (state.has(x.storage) || isOfEarlier(x, tensors, i)) return changed;
      }
      return null;
    };
  return (tensors) => {
    for (let i = 0; i < tensors.length; i++) {
      const x = tensors[i] as Tensor;
      const place = fixed[i] ?? null;
      if (place === null ? state.has(x.storage) : !isAt(place, x))
        return 'an argument that is a tensor of the closure too, or may be, is another one';
      for (let j = 0; j < i; j++) if (distance(x, tensors[j] as Tensor) !== distances[i]?.[j]) return changed;
    }
    return null;
  };
}

/** From where one tensor begins to where the other does, if they share memory. */
const distance = (x: Tensor, y: Tensor): number | null =>
  x.storage === y.storage ? x.offset - y.offset : null;

// Apart from the guard, which would keep the arguments themselves as long as the program.
const distancesAmong = (tensors: readonly Tensor[]): (number | null)[][] =>
  tensors.map((x, i) => tensors.slice(0, i).map((y) => distance(x, y)));

/** Where in state's memory a tensor begins. */
type Place = Pick<Tensor, 'storage' | 'offset'>;
const placeIn = (state: ReadonlySet<Storage>, { storage, offset }: Tensor): Place | null =>
  state.has(storage) ? { storage, offset } : null;
const placesIn = (state: ReadonlySet<Storage>, tensors: readonly Tensor[]): (Place | null)[] =>
  tensors.map((x) => placeIn(state, x));
const isAt = (place: Place, x: Tensor): boolean => x.storage === place.storage && x.offset === place.offset;

/** Whether one of the tensors before number `i` has the memory of `x`. */
function isOfEarlier({ storage }: Tensor, tensors: readonly Tensor[], i: number): boolean {
  for (let j = 0; j < i; j++) if (tensors[j]?.storage === storage) return true;
  return false;
}

/**
 * That a leaf has a gradient which lies as this one does, or none; in the same place, where that is in the memory of
 * state.
 */
export function guardOfGradient(
  leaf: LeafPlace,
  gradient: Tensor | null,
  state: ReadonlySet<Storage>,
): Guard {
  // The gradient itself would be kept as long as the program.
  const before = gradient === null ? null : { dense: gradient.dense, strides: gradient.strides };
  const place = gradient === null ? null : placeIn(state, gradient);
  return (tensors) => {
    const now = autogradOf(leafAt(leaf, tensors)).gradient;
    if (now === null || before === null)
      return now === before ? null : `a tensor has ${now === null ? 'no' : 'a'} gradient`;
    if (now.dense !== before.dense || (!now.dense && !sameShape(now.strides, before.strides)))
      return 'a gradient lies otherwise in memory';
    return place === null || isAt(place, now)
      ? null
      : 'a gradient that is a tensor of the closure too, or may be, is another one';
  };
}

/** That a leaf has this of the arguments' tensors for its gradient. */
export const guardOfGradientGiven =
  (leaf: LeafPlace, argument: number): Guard =>
  (tensors) =>
    autogradOf(leafAt(leaf, tensors)).gradient === tensors[argument]
      ? null
      : 'an argument that is a gradient too is none, or of another tensor';

/** That gradients share memory with nothing: not with each other, with arguments, or with state. */
export function guardOfGradientsApart(leaves: readonly LeafPlace[], state: ReadonlySet<Storage>): Guard {
  return (tensors) => {
    const met = new Set(state);
    for (const { storage } of tensors) met.add(storage);
    for (const leaf of leaves) {
      const storage = autogradOf(leafAt(leaf, tensors)).gradient?.storage;
      if (storage === undefined) continue;
      if (met.has(storage)) return 'a gradient shares memory otherwise';
      met.add(storage);
    }
    return null;
  };
}

/** The same of arguments, which are others in each call: that none is a gradient. */
export function guardOfArgumentsApart(leaves: readonly LeafPlace[]): Guard {
  const has = (storage: Storage, tensors: readonly Tensor[]): boolean => {
    for (const leaf of leaves)
      if (autogradOf(leafAt(leaf, tensors)).gradient?.storage === storage) return true;
    return false;
  };
  return (tensors) => {
    for (let i = 0; i < tensors.length; i++)
      if (has((tensors[i] as Tensor).storage, tensors)) return 'an argument is a gradient';
    return null;
  };
}

/** What a program takes for given. */
export interface Guards {
  /** Asked before a call if `noteChange` was called since the last one. */
  readonly seldom: readonly Guard[];
  /** Asked before each call. */
  readonly always: readonly Guard[];
}

/** Something that a call takes for given. */
export interface Assumption {
  /** What to call it; where it is a function, by what of it does not hold any more. */
  readonly what: string | (() => string);
  readonly holds: () => boolean;
}

export const nameOf = ({ what }: Assumption): string => (typeof what === 'string' ? what : what());

/**
 * To join tests takes as long as to ask them so often: programs may serve a call or two. From then on each call joins
 * some, as all at once are a pause of ten milliseconds for a net of hundreds of layers.
 */
const joinedAfter = 8;

/** That all that a call takes for given holds. */
export function guardOfAssumptions(assumptions: readonly Assumption[]): Guard {
  let tests: readonly (() => boolean)[] = assumptions.map(({ holds }) => holds);
  const steps = joining(tests);
  let asked = 0;
  let isJoined = false;
  return () => {
    if (!isJoined && ++asked >= joinedAfter) {
      const { value, done = false } = steps.next();
      isJoined = done;
      if (value !== undefined) tests = value;
    }
    for (let i = 0; i < tests.length; i++) if (tests[i]?.() !== true) return firstThatFails(assumptions);
    return null;
  };
}

function firstThatFails(assumptions: readonly Assumption[]): string {
  const one = assumptions.find(({ holds }) => !holds());
  return one === undefined ? 'something that the call takes for given changed' : `${nameOf(one)} changed`;
}

/** What the first guard says that finds something changed. */
export function firstChange(guards: readonly Guard[], tensors: readonly Tensor[]): string | null {
  for (let i = 0; i < guards.length; i++) {
    const changed = (guards[i] as Guard)(tensors);
    if (changed !== null) return changed;
  }
  return null;
}
