/** Takes the data of a program apart, and says what of it is not as it should be. */
import { describe } from '../arguments/explain.ts';
import { arrayConstructor, type DType, dtypes, type TypedArray } from '../dtype.ts';
import { KindlingError } from '../errors.ts';

/** Numbers that JSON does not have, in words. */
const inWords: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '-0': -0,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** A part of the data, and where it stands: `equations[3].inputs`. */
export class Data {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path = '') {
    this.#value = value;
    this.#path = path;
  }

  /** What it is, not looked at. */
  get value(): unknown {
    return this.#value;
  }

  /** The error for what does not stand for a program. */
  refuse(expected: string): KindlingError {
    return this.#error(`expected ${expected}, got ${describe(this.#value)}`);
  }

  /** The same error, where it came of what stands here. */
  refuseFor(error: unknown): unknown {
    return error instanceof KindlingError ? this.#error(error.message) : error;
  }

  #error(why: string): KindlingError {
    return new KindlingError(`readProgram: ${this.#path === '' ? 'the program' : this.#path}: ${why}`);
  }

  /** A property of an object. */
  at(key: string): Data {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.refuse('an object');
    return new Data(
      (value as Readonly<Record<string, unknown>>)[key],
      this.#path === '' ? key : `${this.#path}.${key}`,
    );
  }

  list(): Data[] {
    const value = this.#value;
    if (!Array.isArray(value)) throw this.refuse('an array');
    return value.map((x, i) => new Data(x, `${this.#path}[${i}]`));
  }

  isNull(): boolean {
    return this.#value === null || this.#value === undefined;
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.refuse('a text');
    return this.#value;
  }

  whole(): number {
    const value = this.#value;
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.refuse('an integer, 0 or more');
    return value as number;
  }

  wholes(): number[] {
    return this.list().map((x) => x.whole());
  }

  dtype(): DType {
    if (!dtypes.includes(this.#value as DType)) throw this.refuse(`one of ${dtypes.join(', ')}`);
    return this.#value as DType;
  }

  number(): number {
    const value = typeof this.#value === 'string' ? inWords[this.#value] : this.#value;
    if (typeof value !== 'number') throw this.refuse('a number');
    return value;
  }

  elements(dtype: DType): TypedArray {
    const numbers = this.list().map((x) => x.number());
    const array = new (arrayConstructor(dtype))(numbers.length);
    array.set(numbers);
    return array;
  }

  /** The entry of a list that this is the number of. */
  of<T>(list: readonly T[], what: string): T {
    const found = list[this.whole()];
    if (found === undefined) throw this.refuse(`the number of one of ${list.length} ${what}`);
    return found;
  }

  /** What was written as text. */
  parsed(): unknown {
    const text = this.text();
    if (text === '') return undefined;
    try {
      return JSON.parse(text, (_, value: unknown) =>
        typeof value === 'string' && Object.hasOwn(inWords, value) ? inWords[value] : value,
      );
    } catch {
      throw this.refuse('JSON');
    }
  }
}
