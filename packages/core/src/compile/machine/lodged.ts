import type { DType, TypedArray } from '../../dtype.ts';
import type { Residence, SharedMemory } from '../../kernels/index.ts';
import { allocateArray, type Lodging, Storage } from '../../storage.ts';

/** A part of the memory that stays where kernels work, for the elements of one dtype. */
export class Lodged implements Lodging {
  readonly #residence: Residence;
  readonly #dtype: DType;
  readonly #at: number;
  readonly #length: number;
  #array: TypedArray;
  shown = false;

  constructor(residence: Residence, dtype: DType, at: number, length: number) {
    this.#residence = residence;
    this.#dtype = dtype;
    this.#at = at;
    this.#length = length;
    this.#array = residence.array(dtype, at, length);
  }

  /** Its first byte in the memory of kernels. */
  get address(): number {
    return this.#residence.address + this.#at;
  }

  /** The memory, where threads share it. */
  get memory(): SharedMemory | null {
    return this.#residence.memory;
  }

  array(): TypedArray {
    if (this.#array.length !== this.#length)
      this.#array = this.#residence.array(this.#dtype, this.#at, this.#length);
    return this.#array;
  }

  /** A storage that lies here. */
  storage(): Storage {
    const storage = new Storage(allocateArray(this.#dtype, 0));
    storage.moveInto(this);
    return storage;
  }
}
