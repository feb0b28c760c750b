/**
 * A polynomial in powers of x - middle, constant term first, good up to `end`; it begins where the piece
 * before it ends. `low` is what the constant term lost when it was rounded.
 */
export interface Piece {
  readonly end: number;
  readonly middle: number;
  readonly low: number;
  readonly coefficients: readonly number[];
}

/**
 * The value of the piece that x falls into. `shift` is added to the distance from the middle: a function of 1
 * + x, x being tiny, is evaluated at x with a shift of 1, so that no digit of x is lost.
 */
export function evaluate(pieces: readonly Piece[], x: number, shift = 0): number {
  const piece = pieceAt(pieces, x + shift);
  return piece.coefficients[0]! + varyingPart(piece, x - (piece.middle - shift));
}

/** The piece that x falls into; the last where x lies behind it. */
export function pieceAt(pieces: readonly Piece[], x: number): Piece {
  let i = 0;
  while (i < pieces.length - 1 && x > pieces[i]!.end) i++;
  return pieces[i]!;
}

/** p(t) less the first coefficient, t being the distance from the middle. */
export function varyingPart({ low, coefficients }: Piece, t: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i > 0; i--) sum = sum * t + coefficients[i]!;
  return t * sum + low;
}
