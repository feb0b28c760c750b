import { type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';

/** Refuses a dtype by a DTypeError that names the operation: the `check` of an `ElementwiseSpec`. */
export type DTypeCheck = (dtype: DType) => void;

const refusing =
  (name: string, refuses: (dtype: DType) => boolean, words: (dtype: DType) => string): DTypeCheck =>
  (dtype) => {
    if (refuses(dtype)) throw new DTypeError(`${name}: ${words(dtype)}`);
  };

/**
 * A check that refuses integers and bools; `words` is what the error says after the operation's name. Kindling's own.
 * @example floatsOnly('glu')('int32'); // throws DTypeError: glu: not implemented for int32; convert to a float dtype
 */
export const floatsOnly = (
  name: string,
  words = (dtype: DType): string => `not implemented for ${dtype}; convert to a float dtype`,
): DTypeCheck => refusing(name, (dtype) => !isFloatingPoint(dtype), words);

/** A check that refuses bools; `words` is what the error says after the operation's name. Kindling's own. */
export const refuseBools = (name: string, words = 'Boolean inputs not supported'): DTypeCheck =>
  refusing(
    name,
    (dtype) => dtype === 'bool',
    () => words,
  );

/** {@link refuseBools} where elements are found by their place in an order: as in PyTorch, bools have none. */
export const refuseBoolsInOrder = (name: string): DTypeCheck =>
  refuseBools(name, "not implemented for 'Bool'; convert with to('uint8')");

/** The error for an alpha with a fraction, which integers would lose. */
export const fractionOfIntegers = (caller: string, alpha: number | boolean): ValueError =>
  new ValueError(
    `${caller}: For integral input tensors, argument alpha must not be a floating point number, got ${alpha}`,
  );

/** A check that refuses floating point. Kindling's own. */
export const integersOnly = (name: string): DTypeCheck =>
  refusing(name, isFloatingPoint, (dtype) => `expected integer or bool tensors, got ${dtype}`);
