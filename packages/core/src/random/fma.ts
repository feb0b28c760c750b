/**
 * Fused multiply-add in software. PyTorch's kernels are compiled for processors that round `a * b + c` once, and its
 * streams are equal number for number only where the same single rounding is done here.
 */

/** Splits a double into halves of 26 bits. */
export const SPLITTER = 2 ** 27 + 1;

/** What rounding lost of `product`, which is `a * b`: Dekker's product, exact unless a factor is too large to split. */
export function lostOfProduct(a: number, b: number, product: number): number {
  const aScaled = a * SPLITTER;
  const bScaled = b * SPLITTER;
  const aHigh = aScaled - (aScaled - a);
  const bHigh = bScaled - (bScaled - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

const bits = new DataView(new ArrayBuffer(8));

/** `a + b` rounded to odd: where it is inexact, the neighbour whose last bit is set. */
function addRoundedToOdd(a: number, b: number): number {
  const sum = a + b;
  const back = sum - a;
  const lost = a - (sum - back) + (b - back);
  if (lost === 0) return sum;
  bits.setFloat64(0, sum);
  const pattern = bits.getBigInt64(0);
  if (pattern & 1n) return sum;
  bits.setBigInt64(0, pattern + (lost > 0 === sum > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

/** `a * b + c` in float64, rounded once (Boldo and Melquiond's algorithm). */
export function fma64(a: number, b: number, c: number): number {
  const product = a * b;
  if (c === 0 || product === 0) return product + c;
  const productLow = lostOfProduct(a, b, product);
  const inner = c + productLow;
  const innerBack = inner - c;
  const innerLow = c - (inner - innerBack) + (productLow - innerBack);
  const outer = product + inner;
  const outerBack = outer - product;
  const outerLow = product - (outer - outerBack) + (inner - outerBack);
  const result = outer + addRoundedToOdd(innerLow, outerLow);
  // Numbers too large to split: their product is far beyond any distribution's range.
  return Number.isNaN(result) ? product + c : result;
}
