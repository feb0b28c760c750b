/** What a call finds, brought to where the program has it. */
import type { Storage } from '../../storage.ts';
import { autogradOf, type Tensor } from '../../tensor.ts';
import { leafAt } from '../guards.ts';
import type { Argument, Memory } from '../program.ts';
import type { Lodged } from './lodged.ts';

/** Memory of arguments, and where the program has it. */
export interface Input {
  readonly members: readonly [Argument, ...Argument[]];
  readonly lodged: Lodged;
  readonly written: boolean;
}

/** Where the program has a gradient that a leaf has when a call begins. */
export interface GradientPlace {
  readonly memory: Memory;
  readonly lodged: Lodged;
  readonly written: boolean;
  /** The storage of such a gradient, if it has moved in. */
  resident: Storage | null;
}

/** The gradient that lies in a memory, if the leaf has one. */
export const gradientOf = ({ origin }: Memory, given: readonly Tensor[]): Tensor | null =>
  origin.kind === 'gradient' ? autogradOf(leafAt(origin.leaf, given)).gradient : null;

/** Brings a gradient to its place, where it stays if it has come before; one that lives there makes room. */
export function bringGradient({ storage, offset }: Tensor, place: GradientPlace): void {
  const { memory, lodged, resident } = place;
  if (resident?.lodging === lodged) resident.handOut();
  place.resident = null;
  if (storage.lodging === null && storage.array.length === memory.length && storage.moveIntoAgain(lodged))
    place.resident = storage;
  else lodged.array().set(storage.array.subarray(offset, offset + memory.length));
}

/** Up to this many elements a loop beats the call of a built-in. */
const fewElements = 16;

/** Brings what arguments span of their memory to where the program has it. */
export function bringElements(given: readonly Tensor[], { index, at }: Argument, lodged: Lodged): void {
  const { storage, offset } = given[index]!;
  const { array } = storage;
  const target = lodged.array();
  const from = offset - at;
  if (target.length <= fewElements) for (let i = 0; i < target.length; i++) target[i] = array[from + i]!;
  else
    target.set(
      from === 0 && array.length === target.length ? array : array.subarray(from, from + target.length),
    );
}
