/** The limits of dtypes. */
import { checkArguments, K } from '../../arguments/index.ts';
import { bytesOf, type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';

/** What {@link finfo} says. */
export interface FloatInfo {
  /** Whose limits they are. */
  readonly dtype: DType;
  /** The bits of a number. */
  readonly bits: number;
  /** The largest finite number. */
  readonly max: number;
  /** The least finite number: -{@link max}. */
  readonly min: number;
  /** The distance from 1 to the next larger number. */
  readonly eps: number;
  /** The smallest positive number of full precision. */
  readonly smallestNormal: number;
  /** Another name of {@link smallestNormal}. */
  readonly tiny: number;
  /** A power of ten: numbers near 1 that differ by as much of it print differently. */
  readonly resolution: number;
}

/**
 * The limits of a floating-point dtype. Follows `torch.finfo`.
 * @throws ValueError for what is no dtype; DTypeError for integers and bool
 * @example finfo('float32').eps; // 1.1920928955078125e-7
 */
export function finfo(dtype: DType): FloatInfo {
  checkArguments('finfo', { dtype: K.dtype }, arguments);
  if (!isFloatingPoint(dtype))
    throw new DTypeError(
      `finfo: expected a floating-point dtype, got ${dtype}; iinfo says the limits of integers`,
    );
  const isSingle = dtype === 'float32';
  const max = isSingle ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const smallestNormal = isSingle ? 2 ** -126 : 2 ** -1022;
  return {
    dtype,
    bits: 8 * bytesOf(dtype),
    max,
    min: -max,
    eps: isSingle ? 2 ** -23 : Number.EPSILON,
    smallestNormal,
    tiny: smallestNormal,
    resolution: isSingle ? 1e-6 : 1e-15,
  };
}

/** What {@link iinfo} says. */
export interface IntegerInfo {
  /** Whose limits they are. */
  readonly dtype: DType;
  /** The bits of a number. */
  readonly bits: number;
  /** The largest number. */
  readonly max: number;
  /** The least number. */
  readonly min: number;
}

/**
 * The limits of an integer dtype. Follows `torch.iinfo`.
 * @throws ValueError for what is no dtype; DTypeError for floating-point dtypes and bool
 * @example iinfo('int32').max; // 2147483647
 */
export function iinfo(dtype: DType): IntegerInfo {
  checkArguments('iinfo', { dtype: K.dtype }, arguments);
  if (isFloatingPoint(dtype) || dtype === 'bool')
    throw new DTypeError(`iinfo: expected an integer dtype, int32 or uint8, got ${dtype}`);
  const bits = 8 * bytesOf(dtype);
  return dtype === 'uint8'
    ? { dtype, bits, max: 255, min: 0 }
    : { dtype, bits, max: 2 ** 31 - 1, min: -(2 ** 31) };
}
