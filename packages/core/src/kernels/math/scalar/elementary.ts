/** Elementary functions on float64 numbers that Math lacks, or has less accurate or with other edge values than C. */

/** sqrt(a^2 + b^2); both are scaled where a square would overflow or lose digits. */
export function hypot(a: number, b: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  if (x === Number.POSITIVE_INFINITY || y === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const larger = Math.max(x, y);
  const scale = larger > 2 ** 500 ? 2 ** 600 : larger < 2 ** -400 ? 2 ** -600 : 1;
  const u = x / scale;
  const v = y / scale;
  return scale * Math.sqrt(u * u + v * v);
}

/** The rest of division toward zero, with the sign of a (C's fmod). */
export function fmod(a: number, b: number): number {
  return a % b;
}

/** The rest of floor division, with the sign of b (Python's %). */
export function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** The quotient rounded down (Python's //), consistent with {@link remainder}; a / b where b is 0. */
export function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) quotient -= 1;
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const down = Math.floor(quotient);
  return quotient - down > 0.5 ? down + 1 : down;
}
