import type { DType, TypedArray } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';

/** An array of half precision, which the libraries of TypeScript know only from ES2025 on. */
interface HalfArray {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly length: number;
  readonly [index: number]: number;
}

/** JavaScript's other typed arrays, for whose elements there is no dtype of their own. */
export type OtherTypedArray =
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | HalfArray;

/** The elements of a typed array, as an array that tensors have, or that holds them all. */
export interface Elements {
  readonly array: TypedArray;
  /** What they are where no dtype is given. */
  readonly dtype: DType;
  /** Whether some may not fit it. */
  readonly wide: boolean;
}

type Numbers = ArrayLike<number>;
type Held = (x: unknown) => Elements;
const own =
  (dtype: DType): Held =>
  (x) => ({ array: x as TypedArray, dtype, wide: false });
const small: Held = (x) => ({ array: Int32Array.from(x as Numbers), dtype: 'int32', wide: false });
const large: Held = (x) => ({ array: Float64Array.from(x as Numbers, Number), dtype: 'int32', wide: true });

/** The nearest dtype that holds each kind of element, as files of such elements are read. */
const kinds: Readonly<Record<string, Held>> = {
  Float32Array: own('float32'),
  Float64Array: own('float64'),
  Int32Array: own('int32'),
  Uint8Array: own('uint8'),
  Uint8ClampedArray(x) {
    const { buffer, byteOffset, length } = x as Uint8ClampedArray;
    return { array: new Uint8Array(buffer, byteOffset, length), dtype: 'uint8', wide: false };
  },
  Int8Array: small,
  Int16Array: small,
  Uint16Array: small,
  Uint32Array: large,
  BigInt64Array: large,
  BigUint64Array: large,
  Float16Array: (x) => ({ array: Float32Array.from(x as Numbers), dtype: 'float32', wide: false }),
};

function tagOfTypedArrays(): () => string | undefined {
  const every: unknown = Object.getPrototypeOf(Uint8Array.prototype);
  const { get } = Object.getOwnPropertyDescriptor(every, Symbol.toStringTag) ?? {};
  return get ?? (() => undefined);
}

/** What JavaScript itself calls a typed array, of another realm too; nothing of all else. */
const nameOf = /* @__PURE__ */ tagOfTypedArrays();

const heldBy = (x: unknown): Held | undefined => {
  const name = nameOf.call(x);
  return name === undefined ? undefined : kinds[name];
};

/** Whether something is a typed array of any kind: a DataView is none. */
export const isTypedArray = (x: unknown): x is TypedArray | OtherTypedArray => heldBy(x) !== undefined;

/** The elements of a typed array of any kind; bytes are not copied, nor is what tensors have as it is. */
export const elementsOfArray = (x: TypedArray | OtherTypedArray): Elements => {
  const held = heldBy(x);
  if (held === undefined) throw new DTypeError(`expected a typed array, got ${typeof x}`);
  return held(x);
};

/** The array over the same memory, where a dtype has its elements. */
export function sharedArray(x: unknown): TypedArray | null {
  if (!isTypedArray(x)) return null;
  const { array } = elementsOfArray(x);
  return array.buffer === (x as TypedArray).buffer ? array : null;
}
