/** What a call gives: tensors of the user's own, which share memory where those of the function do. */
import { copyStrided } from '../../kernels/index.ts';
import { contiguousStrides, sameShape } from '../../shape.ts';
import { singleTensor } from '../../single.ts';
import type { Storage } from '../../storage.ts';
import { autogradOf, emptyTensor, setGradient, type Tensor } from '../../tensor.ts';
import { gradientGone } from '../calls.ts';
import { leafAt } from '../guards.ts';
import type { GradientLeft, Memory, Program, Value } from '../program.ts';
import { argumentAs, argumentsIn, extentOf, moved } from '../values.ts';
import { gradientOf } from './bring-in.ts';
import type { Lodged } from './lodged.ts';

/** A tensor among the results, and where the program has it. */
interface Result {
  readonly value: Value;
  readonly lies: Tensor;
  /** Whether it lies in memory of an argument. */
  readonly mayBeGiven: boolean;
  /** The copy that it is part of; `null` where it is one of its own. */
  readonly copy: SharedCopy | null;
  /** Whether a dimension of no element or one has another stride than a tensor that is made anew. */
  readonly isTurned: boolean;
}

/** The results of a program, and the gradients that it leaves in memory of theirs. */
export class Results {
  readonly #results: readonly Result[];
  readonly #copies = new Map<Memory, SharedCopy>();

  /** @param tensorOf the tensor that a value is in the memory of the program */
  constructor({ results, gradients }: Program, tensorOf: (value: Value) => Tensor) {
    const values = [...results, ...gradients.flatMap(({ value }) => value ?? [])];
    // Each call may be given another leaf, which keeps its gradient.
    const ofArguments = gradients.map(({ leaf, value }) => (leaf.argument === null ? null : value));
    for (const memory of new Set(values.map((value) => value.memory))) {
      const { kind } = memory.origin;
      const sharing = values.filter((value) => value.memory === memory);
      const isOneOf = (list: readonly (Value | null)[]): boolean => sharing.some((x) => list.includes(x));
      const isCopied =
        isOneOf(ofArguments) || (isOneOf(results) && (sharing.length > 1 || sharing[0]?.dense === false));
      if ((kind === 'local' || kind === 'constant') && isCopied)
        this.#copies.set(memory, new SharedCopy(memory, sharing, tensorOf));
    }
    this.#results = results.map((value) => ({
      value,
      lies: tensorOf(value),
      mayBeGiven: argumentsIn(value.memory).length > 0,
      copy: this.#copies.get(value.memory) ?? null,
      isTurned: !sameShape(value.strides, contiguousStrides(value.shape)),
    }));
  }

  /** Those of a call. */
  of(given: readonly Tensor[]): Tensor[] {
    const found = new Array<Tensor>(this.#results.length);
    for (let i = 0; i < found.length; i++) found[i] = resultOf(this.#results[i] as Result, given);
    return found;
  }

  /** The gradient that a call leaves, where it shares memory with results of the call, or is one; else `null`. */
  gradient(value: Value): Tensor | null {
    return this.#copies.size === 0 ? null : (this.#copies.get(value.memory)?.tensorOf(value) ?? null);
  }

  /** Ends a call: the next one has other memory. */
  end(): void {
    if (this.#copies.size > 0) for (const copy of this.#copies.values()) copy.end();
  }
}

function resultOf({ value, lies, mayBeGiven, copy, isTurned }: Result, given: readonly Tensor[]): Tensor {
  const { memory, shape, strides, dtype } = value;
  const { origin } = memory;
  const x = mayBeGiven ? argumentAs(value, given) : null;
  if (x !== null) return x;
  if (origin.kind === 'state') return moved(value, origin.storage, 0);
  if (origin.kind === 'argument') {
    const { index, at } = origin.members[0];
    const { storage, offset } = given[index] as Tensor;
    return moved(value, storage, offset - at - memory.base);
  }
  if (copy !== null) return copy.tensorOf(value);
  if (origin.kind === 'gradient') {
    const gradient = gradientOf(memory, given);
    if (gradient !== null) {
      const isAll = sameShape(gradient.shape, shape) && sameShape(gradient.strides, strides);
      return isAll ? gradient : moved(value, gradient.storage, gradient.offset - memory.base);
    }
  }
  if (lies.count === 1 && !isTurned) return singleTensor(lies.storage.array[lies.offset]!, shape, dtype);
  const own = emptyTensor(shape, dtype);
  copyStrided(lies, own.storage.array);
  return isTurned ? moved({ ...value, offset: 0 }, own.storage, 0) : own;
}

/** What lies in one memory of the program, copied as a whole in each call. */
class SharedCopy {
  readonly #first: number;
  readonly #lies: Tensor;
  #storage: Storage | null = null;
  readonly #tensors = new Map<Value, Tensor>();

  constructor(memory: Memory, values: readonly Value[], tensorOf: (value: Value) => Tensor) {
    const first = Math.min(...values.map(({ offset }) => offset));
    const count = Math.max(...values.map((x) => x.offset + extentOf(x))) - first;
    const [some] = values as readonly [Value, ...Value[]];
    this.#first = first;
    this.#lies = tensorOf({
      ...some,
      dtype: memory.dtype,
      shape: [count],
      strides: [1],
      offset: first,
      dense: true,
    });
  }

  /** The tensor that a value is in this call: the same one each time. */
  tensorOf(value: Value): Tensor {
    const known = this.#tensors.get(value);
    if (known !== undefined) return known;
    if (this.#storage === null) {
      const { storage } = emptyTensor(this.#lies.shape, this.#lies.dtype);
      copyStrided(this.#lies, storage.array);
      this.#storage = storage;
    }
    const x = moved(value, this.#storage, -this.#first);
    this.#tensors.set(value, x);
    return x;
  }

  end(): void {
    this.#storage = null;
    this.#tensors.clear();
  }
}

/** A gradient that a call leaves, and the tensor for it, which stays the same until somebody was shown it. */
export interface Left extends GradientLeft {
  readonly left: OwnGradient | null;
}

interface OwnGradient {
  readonly lodged: Lodged;
  tensor: Tensor;
}

/** Whether a storage is that of it, or was: one that was handed to the user has left the place, and yet will be gone. */
export const isLeftIn = ({ lodged, tensor }: OwnGradient, storage: Storage): boolean =>
  storage.lodging === lodged || tensor.storage === storage;

/** That tensor, or a new one where it was shown: the one before says from now on that it is gone. */
function ownGradient(value: Value, left: OwnGradient): Tensor {
  const { lodged } = left;
  if (lodged.shown) {
    lodged.shown = false;
    left.tensor.storage.leaveBehind(gradientGone);
    left.tensor = moved(value, lodged.storage(), -value.memory.base);
  }
  return left.tensor;
}

/** Gives a leaf the gradient that the call leaves; one that was shown says from now on that it is gone. */
export function leave({ leaf, value, left }: Left, results: Results, given: readonly Tensor[]): void {
  const isNone = value === null || left === null;
  const gradient = isNone ? null : (results.gradient(value) ?? ownGradient(value, left));
  setGradient(autogradOf(leafAt(leaf, given)), gradient);
}
