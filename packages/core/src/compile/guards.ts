/** What a compiled call takes for given, and asks again before each call. */
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
  tensors[argument ?? -1] ?? tensor;

/** That leaves require gradients as before, and have the same hooks. */
export function guardOfLeaves(leaves: readonly Tensor[]): Guard {
  // Side by side, and not in objects: this is asked at each call.
  const states = leaves.map(autogradOf);
  const requiring = states.map(({ leafRequiresGrad }) => leafRequiresGrad);
  const hooks = states.map((x) => x.hooks);
  const accumulateHooks = states.map((x) => x.accumulateHooks);
  return () => {
    for (let i = 0; i < states.length; i++) {
      const x = states[i]!;
      if (x.leafRequiresGrad !== requiring[i]) return 'requiresGrad of a tensor has changed';
      if (x.hooks !== hooks[i] || x.accumulateHooks !== accumulateHooks[i]) return 'hooks came or went';
    }
    return null;
  };
}

/** That arguments share memory as these do, with each other and with tensors of the closure that have this memory. */
export function guardOfSharing(before: readonly Tensor[], alsoState: ReadonlySet<Storage>): Guard {
  const distances = before.map((x, i) =>
    before.slice(0, i).map((y) => (x.storage === y.storage ? x.offset - y.offset : null)),
  );
  const fixed = before.map(({ storage }) => (alsoState.has(storage) ? storage : null));
  const changed = 'arguments share memory otherwise';
  const areApart = fixed.every((storage) => storage === null) && distances.flat().every((d) => d === null);
  if (areApart)
    return (tensors) => {
      for (let i = 1; i < tensors.length; i++)
        for (let j = 0; j < i; j++) if (tensors[i]!.storage === tensors[j]!.storage) return changed;
      return null;
    };
  return (tensors) => {
    for (let i = 0; i < tensors.length; i++) {
      const x = tensors[i]!;
      if (fixed[i] !== null && x.storage !== fixed[i])
        return 'an argument that was given twice, and may be a tensor of the closure, is another one';
      for (let j = 0; j < i; j++) {
        const y = tensors[j]!;
        const distance = x.storage === y.storage ? x.offset - y.offset : null;
        if (distance !== distances[i]![j]) return changed;
      }
    }
    return null;
  };
}

/** That a leaf has a gradient which lies as this one does, or none. */
export function guardOfGradient(leaf: LeafPlace, gradient: Tensor | null): Guard {
  return (tensors) => {
    const now = autogradOf(leafAt(leaf, tensors)).gradient;
    if (now === null || gradient === null)
      return now === gradient ? null : `a tensor has ${now === null ? 'no' : 'a'} gradient`;
    if (now.dense !== gradient.dense || (!now.dense && !sameShape(now.strides, gradient.strides)))
      return 'a gradient lies otherwise in memory';
    return null;
  };
}

/** Something that a call takes for given. */
export interface Assumption {
  readonly what: string;
  readonly holds: () => boolean;
}

/** That all that a call takes for given holds. */
export const guardOfAssumptions =
  (assumptions: readonly Assumption[]): Guard =>
  () => {
    for (let i = 0; i < assumptions.length; i++)
      if (!assumptions[i]!.holds()) return `${assumptions[i]!.what} changed`;
    return null;
  };
