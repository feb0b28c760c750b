import { DTypeError, ValueError } from './errors.ts';

/** Element types. `int32` stands for PyTorch's int64 (indices, counts); `uint8` and `bool` share a representation. */
export type DType = 'float32' | 'float64' | 'int32' | 'uint8' | 'bool';

/** The arrays that hold the elements of tensors. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Single precision, the default of floats: `torch.float32`. */
export const float32 = 'float32' satisfies DType;
/** Double precision: `torch.float64`. */
export const float64 = 'float64' satisfies DType;
/** Signed integers, the default of whole numbers: `torch.int32`, in the place of `torch.int64`. */
export const int32 = 'int32' satisfies DType;
/** Bytes: `torch.uint8`. */
export const uint8 = 'uint8' satisfies DType;
/** Truth values, stored as 0 and 1: `torch.bool`. */
export const bool = 'bool' satisfies DType;

/** The lane type in which a kernel computes a dtype: bytes are widened to 32-bit integers. */
export type Lane = 'f32' | 'f64' | 'i32';

interface DTypeInfo {
  /** Order within the lattice bool < uint8 < int32 < float32 < float64. */
  readonly rank: number;
  /** PyTorch's name in error messages. */
  readonly scalarName: string;
}

const table: Record<DType, DTypeInfo> = {
  bool: { rank: 0, scalarName: 'Bool' },
  uint8: { rank: 1, scalarName: 'Byte' },
  int32: { rank: 2, scalarName: 'Int' },
  float32: { rank: 3, scalarName: 'Float' },
  float64: { rank: 4, scalarName: 'Double' },
};

/** All dtypes, in the order of promotion. */
export const dtypes = Object.keys(table) as readonly DType[];

/**
 * Whether a dtype is float32 or float64. Follows `torch.dtype.is_floating_point`.
 * @throws DTypeError for what is no dtype
 */
export function isFloatingPoint(dtype: DType): boolean {
  if (dtype === 'float32' || dtype === 'float64') return true;
  if (dtype !== 'int32' && dtype !== 'bool' && dtype !== 'uint8') checkDType(dtype, 'isFloatingPoint');
  return false;
}
/** As {@link bytesOf} by comparing: it is asked at each call of an operation. */
export const laneOf = (dtype: DType): Lane =>
  dtype === 'float32' ? 'f32' : dtype === 'float64' ? 'f64' : 'i32';
/** Asked of each tensor that is made, where looking names up in a table costs more than comparing some. */
export const bytesOf = (dtype: DType): number =>
  dtype === 'float32' || dtype === 'int32' ? 4 : dtype === 'float64' ? 8 : 1;
export const scalarNameOf = (dtype: DType): string => table[dtype].scalarName;
/** bool 0, integers 1, floating point 2: a Python scalar changes a dtype only across categories. */
export const categoryOf = (dtype: DType): 0 | 1 | 2 =>
  dtype === 'float32' || dtype === 'float64' ? 2 : dtype === 'bool' ? 0 : 1;

/** Throws a {@link DTypeError} unless `dtype` is one of the five. */
export function checkDType(dtype: unknown, caller: string): asserts dtype is DType {
  if (typeof dtype !== 'string' || !Object.hasOwn(table, dtype)) {
    throw new DTypeError(
      `${caller}: unknown dtype ${typeof dtype === 'string' ? dtype : `of type ${typeof dtype}`}; expected one of ${dtypes.join(', ')}`,
    );
  }
}

/** The row of a dtype, which a caller gave. */
function known(dtype: DType, caller: string) {
  checkDType(dtype, caller);
  return table[dtype];
}

/** The dtype of an operation on two tensors of dimension one or more (PyTorch's `torch.promote_types`). */
export function promoteTypes(a: DType, b: DType): DType {
  return known(a, 'promoteTypes').rank >= known(b, 'promoteTypes').rank ? a : b;
}

/** A `number` counts as a Python int where it is an integer, else as a float; a `boolean` as a bool. */
function scalarCategory(value: number | boolean): 0 | 1 | 2 {
  if (typeof value === 'boolean') return 0;
  return Number.isInteger(value) ? 1 : 2;
}

const defaultOfCategory: readonly DType[] = ['bool', 'int32', 'float32'];

/** The dtype of a tensor of `dtype` combined with a JavaScript scalar: only a higher category changes it. */
export function promoteScalar(dtype: DType, value: number | boolean): DType {
  const category = scalarCategory(value);
  return category > categoryOf(dtype) ? (defaultOfCategory[category] as DType) : dtype;
}

/**
 * Whether a result of dtype `from` may be written into a tensor of dtype `to` (PyTorch's `torch.can_cast`).
 * @throws DTypeError where one is no dtype
 */
export function canCast(from: DType, to: DType): boolean {
  if (from === to && (from === 'float32' || from === 'float64')) return true;
  checkDType(from, 'canCast');
  checkDType(to, 'canCast');
  return categoryOf(from) <= categoryOf(to);
}

/** The least and the greatest number that converts to an integer dtype; negative integers wrap around in uint8. */
export const integerRange: Partial<Record<DType, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
};

/**
 * What a tensor of `dtype` stores for a number given by the caller: integers lose its fraction, bools know only 0 and
 * others. A number beyond the dtype's range is a ValueError, as in PyTorch, and never a silent other number.
 */
export function storedNumber(value: number | boolean, dtype: DType, caller: string): number {
  const x = Number(value);
  if (dtype === 'bool') return Number(x !== 0);
  const range = integerRange[dtype];
  const fits =
    range === undefined
      ? dtype !== 'float32' || Number.isFinite(Math.fround(x)) || !Number.isFinite(x)
      : (x >= range[0] && x <= range[1]) || (Number.isInteger(x) && x >= -range[1] && x < 0);
  if (!fits) {
    const hint =
      dtype === 'int32'
        ? ", as it does not fit int32; for floats pass { dtype: 'float32' } or 'float64'"
        : '';
    throw new ValueError(
      `${caller}: value ${x} cannot be converted to type ${dtype} without overflow${hint}`,
    );
  }
  return range === undefined ? x : Math.trunc(x);
}

interface ArrayConstructor {
  new (length: number): TypedArray;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray;
}

/** The typed-array constructor that stores a dtype. */
export function arrayConstructor(dtype: DType): ArrayConstructor {
  switch (dtype) {
    case 'float32':
      return Float32Array as unknown as ArrayConstructor;
    case 'float64':
      return Float64Array as unknown as ArrayConstructor;
    case 'int32':
      return Int32Array as unknown as ArrayConstructor;
    default:
      return Uint8Array as unknown as ArrayConstructor;
  }
}
