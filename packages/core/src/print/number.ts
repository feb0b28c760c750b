/**
 * Decimal forms of a double as Python prints them. JavaScript's `toFixed` and `toExponential` are exact as well, but
 * round a tie upwards where Python rounds to even, drop the sign of zero, and give exponents a single digit.
 */

const isOdd = (n: number): boolean => Math.abs(n % 2) === 1;

/** Whether `x * 10^digits` lies exactly half-way between two integers; `x` is not negative. */
function isTie(x: number, digits: number): boolean {
  // A double is a binary fraction, so x * 10^d = 5^d * (x * 2^d) has a half exactly where 2 * x * 2^d is odd.
  if (digits >= 0) return isOdd(x * 2 ** (digits + 1));
  const unit = 10n ** BigInt(-digits);
  return Number.isInteger(x) && (BigInt(x) % unit) * 2n === unit;
}

/** Turns the result of rounding a tie upwards into that of rounding it to even: an odd last digit goes down by one. */
function toEven(digits: string): string {
  const last = digits.charCodeAt(digits.length - 1) - 48;
  return isOdd(last) ? digits.slice(0, -1) + (last - 1) : digits;
}

const nonFinite = (x: number): string => (Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf');
const signOf = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');

/** Python's `f'{x:.{precision}f}'`. */
export function toPythonFixed(x: number, precision: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const magnitude = Math.abs(x);
  if (magnitude >= 1e21) {
    return signOf(x) + BigInt(magnitude).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
  }
  const digits = magnitude.toFixed(precision);
  return signOf(x) + (isTie(magnitude, precision) ? toEven(digits) : digits);
}

/** Python's `f'{x:.{precision}e}'`. */
export function toPythonExponential(x: number, precision: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const magnitude = Math.abs(x);
  const [mantissa, exponentText] = magnitude.toExponential(precision).split('e') as [string, string];
  const exponent = Number(exponentText);
  const digits = isTie(magnitude, precision - exponent) ? toEven(mantissa) : mantissa;
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${signOf(x)}${digits}e${exponent < 0 ? '-' : '+'}${size}`;
}
