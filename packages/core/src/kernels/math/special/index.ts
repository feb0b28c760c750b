/** Functions of float64 numbers that few programs need: those of torch.special, and of whole and of binary numbers. */
export * from './bessel.ts';
export * from './binary-numbers.ts';
export * from './incomplete-gamma.ts';
export * from './modified-bessel.ts';
export * from './normal.ts';
export * from './polynomials.ts';
