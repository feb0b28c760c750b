import type { DType, TypedArray } from './dtype.ts';
import { allocateArray, type Lodging, Storage } from './storage.ts';
import { Tensor } from './tensor.ts';

/**
 * One element, as a number until somebody asks for an array: a loss is mostly read once, by `item()`, and dropped, and
 * the array would be the larger part of it.
 */
export class Single implements Lodging {
  readonly #value: number;
  readonly #dtype: DType;
  #array: TypedArray | null = null;
  shown = false;

  constructor(value: number, dtype: DType) {
    this.#value = value;
    this.#dtype = dtype;
  }

  /** `null` where there is an array, which may have been changed. */
  get value(): number | null {
    return this.#array === null ? this.#value : null;
  }

  array(): TypedArray {
    if (this.#array === null) {
      this.#array = allocateArray(this.#dtype, 1);
      this.#array[0] = this.#value;
    }
    return this.#array;
  }
}

/** A tensor of one element, which is `value` as an array of that dtype holds it. */
export function singleTensor(value: number, shape: Tensor['shape'], dtype: DType): Tensor {
  return new Tensor(Storage.lodgedIn(new Single(value, dtype), 1), shape, dtype);
}
