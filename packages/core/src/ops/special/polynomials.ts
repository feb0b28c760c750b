import type { BinaryFunction } from '../elementwise/operation.ts';
import { namedPair } from './define.ts';

/**
 * Orthogonal polynomials of `torch.special`, of degree n at x, broadcast. The degree is cut to a whole number; below 0
 * the value is 0, and NaN beyond 1e6 where that takes as many steps. Not differentiable, as in PyTorch.
 */
const polynomial = (torchName: string, name: string, kernel: string): BinaryFunction =>
  namedPair(`special_${torchName}`, kernel, `special.${name}`, { gradient: false });

/**
 * Chebyshev's polynomial of the first kind: cos(n t) at x = cos t. Follows `torch.special.chebyshev_polynomial_t`.
 * @throws ShapeError when the shapes do not broadcast, as of all these
 * @example special.chebyshevPolynomialT(tensor([0.5, 2]), 3); // tensor([-1., 26.])
 */
export const chebyshevPolynomialT = polynomial(
  'chebyshev_polynomial_t',
  'chebyshevPolynomialT',
  'chebyshevT',
);
/**
 * Chebyshev's polynomial of the second kind: sin((n + 1) t) / sin t at x = cos t. Follows
 * `torch.special.chebyshev_polynomial_u`.
 */
export const chebyshevPolynomialU = polynomial(
  'chebyshev_polynomial_u',
  'chebyshevPolynomialU',
  'chebyshevU',
);
/**
 * Chebyshev's polynomial of the third kind: cos((n + ½) t) / cos(t / 2) at x = cos t. Follows
 * `torch.special.chebyshev_polynomial_v`.
 */
export const chebyshevPolynomialV = polynomial(
  'chebyshev_polynomial_v',
  'chebyshevPolynomialV',
  'chebyshevV',
);
/**
 * Chebyshev's polynomial of the fourth kind: sin((n + ½) t) / sin(t / 2) at x = cos t. Follows
 * `torch.special.chebyshev_polynomial_w`.
 */
export const chebyshevPolynomialW = polynomial(
  'chebyshev_polynomial_w',
  'chebyshevPolynomialW',
  'chebyshevW',
);
/** {@link chebyshevPolynomialT} at 2x - 1. Follows `torch.special.shifted_chebyshev_polynomial_t`. */
export const shiftedChebyshevPolynomialT = polynomial(
  'shifted_chebyshev_polynomial_t',
  'shiftedChebyshevPolynomialT',
  'shiftedChebyshevT',
);
/** {@link chebyshevPolynomialU} at 2x - 1. Follows `torch.special.shifted_chebyshev_polynomial_u`. */
export const shiftedChebyshevPolynomialU = polynomial(
  'shifted_chebyshev_polynomial_u',
  'shiftedChebyshevPolynomialU',
  'shiftedChebyshevU',
);
/** {@link chebyshevPolynomialV} at 2x - 1. Follows `torch.special.shifted_chebyshev_polynomial_v`. */
export const shiftedChebyshevPolynomialV = polynomial(
  'shifted_chebyshev_polynomial_v',
  'shiftedChebyshevPolynomialV',
  'shiftedChebyshevV',
);
/** {@link chebyshevPolynomialW} at 2x - 1. Follows `torch.special.shifted_chebyshev_polynomial_w`. */
export const shiftedChebyshevPolynomialW = polynomial(
  'shifted_chebyshev_polynomial_w',
  'shiftedChebyshevPolynomialW',
  'shiftedChebyshevW',
);
/** Hermite's polynomial, the physicists': 2x pₙ - 2n pₙ₋₁ is the next. Follows `torch.special.hermite_polynomial_h`. */
export const hermitePolynomialH = polynomial('hermite_polynomial_h', 'hermitePolynomialH', 'hermiteH');
/**
 * Hermite's polynomial, the probabilists': x pₙ - n pₙ₋₁ is the next. Follows `torch.special.hermite_polynomial_he`.
 */
export const hermitePolynomialHe = polynomial('hermite_polynomial_he', 'hermitePolynomialHe', 'hermiteHe');
/** Laguerre's polynomial. Follows `torch.special.laguerre_polynomial_l`. */
export const laguerrePolynomialL = polynomial('laguerre_polynomial_l', 'laguerrePolynomialL', 'laguerreL');
/** Legendre's polynomial. Follows `torch.special.legendre_polynomial_p`. */
export const legendrePolynomialP = polynomial('legendre_polynomial_p', 'legendrePolynomialP', 'legendreP');
