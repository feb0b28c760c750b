/** Whole numbers, and the parts of binary ones. */

/** The greatest common divisor, 0 of two zeros. */
export function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}

/** The least common multiple, 0 where either is 0. */
export function lcm(a: number, b: number): number {
  const divisor = gcd(a, b);
  return divisor === 0 ? 0 : Math.abs((a / divisor) * b);
}

/** The e with |x| = m 2^e, 1/2 <= m < 1; 0 for 0 and for what is not finite. */
export function binaryExponent(x: number): number {
  const a = Math.abs(x);
  if (a === 0 || !(a < Number.POSITIVE_INFINITY)) return 0;
  let e = Math.floor(Math.log2(a)) + 1;
  // log2 may be off by its rounding next to a power of two.
  while (timesPowerOf2(a, -e) >= 1) e++;
  while (timesPowerOf2(a, -e) < 0.5) e--;
  return e;
}

/** x 2^e in two steps, as 2^e alone may be beyond the range. */
function timesPowerOf2(x: number, e: number): number {
  const half = Math.trunc(e / 2);
  return x * 2 ** half * 2 ** (e - half);
}

/** The m of {@link binaryExponent}, with the sign of x; x itself where it is 0 or not finite. */
export const mantissa = (x: number): number => timesPowerOf2(x, -binaryExponent(x));
