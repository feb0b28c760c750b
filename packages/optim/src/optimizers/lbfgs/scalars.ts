/**
 * The numbers of a line search, which PyTorch holds in part as Python's floats and in part as tensors of the
 * parameters' dtype: what a tensor takes part in is rounded to that dtype, and what only floats do is not. Searches of
 * float32 end elsewhere otherwise.
 */

/** A number as the dtype of the parameters holds it. */
export type Rounded = (x: number) => number;

/** A number, and whether a tensor holds it. */
export interface Scalar {
  readonly value: number;
  readonly isTensor: boolean;
}

/** A number that is Python's own. */
export const python = (value: number): Scalar => ({ value, isTensor: false });

/** What a search does with its numbers. */
export interface Arithmetic {
  /** A number that a tensor holds. */
  tensor(value: number): Scalar;
  add(a: Scalar, b: Scalar): Scalar;
  sub(a: Scalar, b: Scalar): Scalar;
  mul(a: Scalar, b: Scalar): Scalar;
  div(a: Scalar, b: Scalar): Scalar;
  isLess(a: Scalar, b: Scalar): boolean;
  isAtMost(a: Scalar, b: Scalar): boolean;
  /** Python's: unlike that of Math it gives a NaN only where it comes first. So does `max`. */
  min(a: Scalar, b: Scalar): Scalar;
  max(a: Scalar, b: Scalar): Scalar;
}

/** The arithmetic of tensors that `r` rounds to their dtype, and of Python's numbers. */
export function arithmeticOf(r: Rounded): Arithmetic {
  const made =
    (operation: (a: number, b: number) => number) =>
    (a: Scalar, b: Scalar): Scalar =>
      a.isTensor || b.isTensor
        ? { value: r(operation(r(a.value), r(b.value))), isTensor: true }
        : python(operation(a.value, b.value));
  const compared =
    (relation: (a: number, b: number) => boolean) =>
    (a: Scalar, b: Scalar): boolean =>
      a.isTensor || b.isTensor ? relation(r(a.value), r(b.value)) : relation(a.value, b.value);
  const tensor = (value: number): Scalar => ({ value: r(value), isTensor: true });
  const mul = made((a, b) => a * b);
  const quotient = made((a, b) => a / b);
  const isLess = compared((a, b) => a < b);
  return {
    tensor,
    add: made((a, b) => a + b),
    sub: made((a, b) => a - b),
    mul,
    // A float over a tensor is the float times the tensor's reciprocal.
    div: (a, b) => (b.isTensor && !a.isTensor ? mul(tensor(1 / b.value), a) : quotient(a, b)),
    isLess,
    isAtMost: compared((a, b) => a <= b),
    min: (a, b) => (isLess(b, a) ? b : a),
    max: (a, b) => (isLess(a, b) ? b : a),
  };
}
