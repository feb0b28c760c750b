import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
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
  /** Whether it is all of its residence: that of state, which machines share. */
  readonly isAlone: boolean;
  /** How many machines work on it. */
  #machines = 0;

  constructor(residence: Residence, dtype: DType, at: number, length: number, isAlone = false) {
    this.isAlone = isAlone;
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

  /** How many bytes there are. */
  get bytes(): number {
    return this.#length * bytesOf(this.#dtype);
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

  /** Notes that one more machine works on it. */
  hold(): void {
    this.#machines++;
  }

  /** Gives the residence back once the last machine does so, with what `tenant` has there. */
  release(tenant: Storage): void {
    if (--this.#machines > 0) return;
    tenant.moveOut(this);
    this.#residence.giveBack();
  }

  /** A storage that lies here. */
  storage(): Storage {
    const storage = new Storage(allocateArray(this.#dtype, 0));
    storage.moveInto(this);
    return storage;
  }
}
