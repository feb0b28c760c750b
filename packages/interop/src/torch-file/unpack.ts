/** From Python's values to JavaScript's. */
import { isFloatingPoint, Tensor, ValueError } from '@kindling/core';
import { Parameter } from '@kindling/nn';
import type { Memories } from './memory.ts';
import {
  describe,
  isIntegerKey,
  MAX_DEPTH,
  PyDict,
  PyList,
  PySet,
  PyTensor,
  PyText,
  PyTuple,
  type PyValue,
  pathOf,
  type TorchValue,
} from './pickle/index.ts';

/** Makes JavaScript's values, one for each of Python's: what is shared there is shared here. */
export class Unpacker {
  readonly #memories: Memories;
  readonly #where: string;
  readonly #made = new Map<object, TorchValue>();
  readonly #open = new Set<object>();
  readonly #path: (string | number)[] = [];

  constructor(memories: Memories, where: string) {
    this.#memories = memories;
    this.#where = where;
  }

  unpack(value: PyValue): TorchValue {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (value instanceof PyText) return value.text;
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    if (this.#open.has(value)) throw this.#fail(`${describe(value)} holds itself`);
    if (this.#path.length > MAX_DEPTH) {
      throw new ValueError(`${this.#where}: values are nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#open.add(value);
    const made = this.#make(value);
    this.#open.delete(value);
    this.#made.set(value, made);
    return made;
  }

  #make(value: PyValue & object): TorchValue {
    if (value instanceof PyTensor) return this.#tensor(value);
    if (value instanceof PyTuple || value instanceof PyList)
      return value.items.map((item, i) => this.#below(i, item));
    if (value instanceof PySet)
      return new Set([...value.items.values()].map((item, i) => this.#below(i, item)));
    if (value instanceof PyDict) return this.#dict(value);
    throw this.#fail(
      `it is ${describe(value as PyValue)}, which is neither tensor nor container; save a tensor`,
    );
  }

  #below(step: string | number, value: PyValue): TorchValue {
    this.#path.push(step);
    const made = this.unpack(value);
    this.#path.pop();
    return made;
  }

  #fail(what: string): ValueError {
    return new ValueError(`${this.#where}: ${pathOf(this.#path)}: ${what}`);
  }

  /** An object, if that is written with the same keys again, else a Map. */
  #dict({ entries }: PyDict): TorchValue {
    const pairs = [...entries.values()];
    const keys = pairs.map(([key]) => key);
    const values = pairs.map(([key, value]) =>
      this.#below(typeof key === 'number' ? key : typeof key === 'string' ? key : describe(key), value),
    );
    const tensors = values.every((x) => x instanceof Tensor);
    const names = keys.map(String);
    const asNumbers = names.length > 0 && names.every(isIntegerKey) && !tensors;
    const kind = asNumbers ? 'number' : 'string';
    if (keys.every((key) => typeof key === kind && !Object.is(key, -0)))
      return Object.fromEntries(names.map((name, i) => [name, values[i] as TorchValue]));
    return new Map(keys.map((key, i) => [this.unpack(key), values[i] as TorchValue]));
  }

  #tensor(tensor: PyTensor): Tensor {
    const { type, shape, offset, strides, requiresGrad, isParameter } = tensor;
    if (requiresGrad && !isFloatingPoint(type.dtype))
      throw this.#fail(`a tensor of ${type.name} requires a gradient`);
    if (shape.reduce((n, size) => n * Math.max(size, 1), 1) >= 2 ** 31)
      throw this.#fail(`a tensor of size (${shape.join(', ')}) has more elements than one here can have`);
    const storage = this.#memories.of(tensor, `${this.#where}: ${pathOf(this.#path)}`);
    const x = new Tensor(storage, shape, type.dtype, shape.includes(0) ? 0 : offset, strides);
    if (isParameter) return new Parameter(x, { requiresGrad });
    return requiresGrad ? x.requiresGrad_() : x;
  }
}
