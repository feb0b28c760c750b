import type { UnaryFunction } from '../elementwise/operation.ts';
import { ofSpecial } from './define.ts';

/** Bessel functions of `torch.special`; integers become float32. */

/**
 * e^-|x| I₀(x), which stays finite. Follows `torch.special.i0e`.
 * @example special.i0e(tensor([0, 100])); // tensor([1.0000, 0.0399])
 */
export const i0e: UnaryFunction = ofSpecial('i0e');
/**
 * The modified Bessel function of the first kind of order 1: (x/2) Σ (x²/4)ᵏ / (k! (k + 1)!). Follows
 * `torch.special.i1`.
 * @example special.i1(tensor([0, 1])); // tensor([0.0000, 0.5652])
 */
export const i1: UnaryFunction = ofSpecial('i1');
/** e^-|x| I₁(x). Follows `torch.special.i1e`. */
export const i1e: UnaryFunction = ofSpecial('i1e');

/** The Bessel function of the first kind of order 0. Follows `torch.special.bessel_j0`. */
export const besselJ0: UnaryFunction = ofSpecial('besselJ0');
/** The Bessel function of the first kind of order 1. Follows `torch.special.bessel_j1`. */
export const besselJ1: UnaryFunction = ofSpecial('besselJ1');
/** The Bessel function of the second kind of order 0: -inf at 0, NaN below. Follows `torch.special.bessel_y0`. */
export const besselY0: UnaryFunction = ofSpecial('besselY0');
/** The Bessel function of the second kind of order 1: -inf at 0, NaN below. Follows `torch.special.bessel_y1`. */
export const besselY1: UnaryFunction = ofSpecial('besselY1');
/** {@link i0}, by its longer name. Follows `torch.special.modified_bessel_i0`. */
export const modifiedBesselI0: UnaryFunction = ofSpecial('modifiedBesselI0', 'i0');
/** {@link i1}, by its longer name. Follows `torch.special.modified_bessel_i1`. */
export const modifiedBesselI1: UnaryFunction = ofSpecial('modifiedBesselI1', 'i1');
/**
 * The modified Bessel function of the second kind of order 0: infinite at 0, NaN below. Follows
 * `torch.special.modified_bessel_k0`.
 */
export const modifiedBesselK0: UnaryFunction = ofSpecial('modifiedBesselK0', 'k0');
/**
 * The modified Bessel function of the second kind of order 1: infinite at 0, NaN below. Follows
 * `torch.special.modified_bessel_k1`.
 */
export const modifiedBesselK1: UnaryFunction = ofSpecial('modifiedBesselK1', 'k1');

/** A function that is not differentiable in PyTorch either. */
const withoutSlope = (name: string, called = name): UnaryFunction =>
  ofSpecial(name, called, { gradient: false });

/** eˣ K₀(x); not differentiable, as in PyTorch. Follows `torch.special.scaled_modified_bessel_k0`. */
export const scaledModifiedBesselK0: UnaryFunction = withoutSlope('scaledModifiedBesselK0', 'k0e');
/** eˣ K₁(x); not differentiable, as in PyTorch. Follows `torch.special.scaled_modified_bessel_k1`. */
export const scaledModifiedBesselK1: UnaryFunction = withoutSlope('scaledModifiedBesselK1', 'k1e');
/**
 * sin(x) / x, the spherical Bessel function of order 0; not differentiable, as in PyTorch. Follows
 * `torch.special.spherical_bessel_j0`.
 */
export const sphericalBesselJ0: UnaryFunction = withoutSlope('sphericalBesselJ0');
