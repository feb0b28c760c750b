/** The memory of tensors: a storage of the file as one of ours, whatever is viewed of it. */
import { Storage, ValueError } from '@kindling/core';
import type { ElementType, PyTensor } from './pickle/index.ts';

/** Elements that are looked at one by one, of all tensors together. */
const MAX_LOOKS = 2 ** 26;

/** A storage in memory. */
interface Memory {
  readonly type: ElementType;
  readonly storage: Storage;
  /** The integer at a position where it does not fit into int32, else null. Null where all fit. */
  readonly beyond: ((position: number) => bigint | null) | null;
}

/** The elements of bytes that nobody else needs. */
function memoryOf(bytes: Uint8Array<ArrayBuffer>, type: ElementType, littleEndian: boolean): Memory {
  const count = Math.floor(bytes.length / type.bytes);
  const exact = bytes.length === count * type.bytes ? bytes : bytes.slice(0, count * type.bytes);
  const { wide } = type;
  if (wide === undefined)
    return { type, storage: new Storage(type.read(exact.buffer, littleEndian)), beyond: null };
  try {
    // Of a copy, since reading may turn the bytes around.
    const array = type.read(exact.buffer.slice(0), littleEndian);
    return { type, storage: new Storage(array), beyond: null };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
  }
  const view = new DataView(exact.buffer);
  const at = (position: number): bigint => wide(view, position * type.bytes, littleEndian);
  const beyond = (position: number): bigint | null => {
    const value = at(position);
    return BigInt.asIntN(32, value) === value ? null : value;
  };
  const array = Int32Array.from({ length: count }, (_, i) => (beyond(i) === null ? Number(at(i)) : 0));
  return { type, storage: new Storage(array), beyond };
}

/** The positions in memory of a tensor's elements, in row-major order. */
function* positions({ shape, strides, offset }: PyTensor): Generator<number> {
  if (shape.includes(0)) return;
  const index = shape.map(() => 0);
  let position = offset;
  while (true) {
    yield position;
    let d = shape.length - 1;
    for (; d >= 0; d--) {
      const [at, size, stride] = [index[d] as number, shape[d] as number, strides[d] as number];
      if (at + 1 < size) {
        index[d] = at + 1;
        position += stride;
        break;
      }
      index[d] = 0;
      position -= at * stride;
    }
    if (d < 0) return;
  }
}

/** The storages of a file, each read once, when a tensor first asks for it. */
export class Memories {
  readonly #bytes: Map<string, Uint8Array<ArrayBuffer>>;
  readonly #littleEndian: boolean;
  readonly #memories = new Map<string, Memory>();
  #looks = 0;

  constructor(bytes: Map<string, Uint8Array<ArrayBuffer>>, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#littleEndian = littleEndian;
  }

  /**
   * The memory of a tensor.
   * @throws ValueError that begins with `where`, for an integer that the tensor shows and int32 does not hold; others
   *   may lie beside it
   */
  of(tensor: PyTensor, where: string): Storage {
    const { type, storage } = tensor;
    if (storage.bytes === 0) return new Storage(type.read(new ArrayBuffer(0), true));
    const memory = this.#memories.get(storage.key) ?? this.#read(storage.key, type, where);
    if (memory.type !== type) {
      throw new ValueError(
        `${where}: a tensor of ${type.name} shares its memory with one of ${memory.type.name}; save one of them cloned, ` +
          'x.clone()',
      );
    }
    if (memory.beyond !== null) this.#check(tensor, memory.beyond, where);
    return memory.storage;
  }

  #read(key: string, type: ElementType, where: string): Memory {
    const bytes = this.#bytes.get(key);
    if (bytes === undefined) throw new ValueError(`${where}: the memory of a tensor is missing`);
    this.#bytes.delete(key);
    const memory = memoryOf(bytes, type, this.#littleEndian);
    this.#memories.set(key, memory);
    return memory;
  }

  #check(tensor: PyTensor, beyond: NonNullable<Memory['beyond']>, where: string): void {
    let index = 0;
    for (const position of positions(tensor)) {
      const value = beyond(position);
      if (value !== null) {
        throw new ValueError(
          `${where}: element ${index} is ${value}, which does not fit into int32 (integers are read as int32)`,
        );
      }
      index++;
      if (++this.#looks > MAX_LOOKS)
        throw new ValueError(`${where}: its memory holds integers that do not fit into int32`);
    }
  }
}
