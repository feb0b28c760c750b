/**
 * What stands, in later calls, for memory that a recorded call found: the same memory, an argument's, a leaf's
 * gradient's.
 */
import type { Storage } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import {
  type Guard,
  type Guards,
  guardOfArgumentsApart,
  guardOfGradient,
  guardOfGradientGiven,
  guardOfGradientsApart,
  guardOfSharing,
  type LeafPlace,
} from '../guards.ts';
import { argumentOf, type Memory, type Value } from '../program.ts';
import { extentOf } from '../values.ts';

/** A memory while a call is being recorded. */
export interface MutableMemory extends Memory {
  length: number;
  /** How often it was written. */
  version: number;
  readonly values: Map<string, Value>;
}

/** The gradient that a leaf had when the call began. */
export interface GradientAtFirst {
  readonly leaf: LeafPlace;
  readonly before: Tensor | null;
  /** Whether the call looked at it before it was replaced. */
  readonly matters: boolean;
}

/**
 * Settles what memories are: a gradient that is nothing else gets its place from its leaf in each call, one that is an
 * argument too from the argument; what is a tensor of the closure too, or may be, is state, and so is a gradient that
 * only shares memory with an argument. Gives the guards which see to it that this is so in a call.
 * @param alsoOutside whether the memory of an argument or a gradient was, or may have been, found outside too
 */
export function settleMemories(
  memories: ReadonlyMap<Storage, MutableMemory>,
  given: readonly Tensor[],
  gradients: readonly GradientAtFirst[],
  leaves: ReadonlySet<Tensor>,
  alsoOutside: (storage: Storage) => boolean,
): Guards {
  const free: LeafPlace[] = [];
  const state = new Set<Storage>();
  for (const [storage, memory] of memories) {
    const here = gradients.filter(({ before }) => before?.storage === storage);
    const [first, another] = here;
    const isGiven = ({ before }: GradientAtFirst): boolean => before !== null && given.includes(before);
    if (memory.origin.kind === 'argument' && (!here.every(isGiven) || alsoOutside(storage))) {
      makeState(memory, storage, given);
      state.add(storage);
      continue;
    }
    if (memory.origin.kind !== 'state') continue;
    const before = first?.before ?? null;
    const isMore = (gradient: Tensor): boolean =>
      another !== undefined ||
      alsoOutside(storage) ||
      [...leaves].some((leaf) => leaf.storage === storage && leaf !== gradient) ||
      reachesBeyond(gradient, memory);
    if (first === undefined || before === null || isMore(before)) state.add(storage);
    else {
      memory.origin = { kind: 'gradient', leaf: first.leaf };
      memory.base = before.offset;
      memory.length = extentOf(before);
      free.push(first.leaf);
    }
  }
  const guards = { seldom: [] as Guard[], always: [guardOfSharing(given, state)] };
  const guardsOf = (places: readonly LeafPlace[]): Guard[] =>
    places.every(({ argument }) => argument === null) ? guards.seldom : guards.always;
  for (const { leaf, before, matters } of gradients) {
    const memory = before === null ? undefined : memories.get(before.storage);
    if (before !== null && memory?.origin.kind === 'argument')
      guards.always.push(guardOfGradientGiven(leaf, given.indexOf(before)));
    else if (before === null ? matters : memory !== undefined)
      guardsOf([leaf]).push(guardOfGradient(leaf, before, state));
  }
  if (free.length > 0) guardsOf(free).push(guardOfGradientsApart(free, state));
  if (free.length > 0 && given.length > 0) guards.always.push(guardOfArgumentsApart(free));
  return guards;
}

function makeState(memory: MutableMemory, storage: Storage, given: readonly Tensor[]): void {
  const members = given.flatMap((x, index) =>
    x.storage === storage ? [argumentOf(x, index, x.offset)] : [],
  );
  memory.origin = { kind: 'state', storage, given: members };
  memory.base = 0;
  memory.length = storage.array.length;
}

/** Whether something was read or written of a gradient's memory that is not of the gradient. */
function reachesBeyond(gradient: Tensor, { values }: MutableMemory): boolean {
  const [first, end] = [gradient.offset, gradient.offset + extentOf(gradient)];
  return [...values.values()].some((x) => x.offset < first || x.offset + extentOf(x) > end);
}
