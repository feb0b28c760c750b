/**
 * Functions that few programs need: of the gamma family, of whole and of binary numbers, of reals as of complex
 * numbers, angles.
 */
export * from './angles.ts';
export * from './binary-numbers.ts';
export * from './complex.ts';
export * from './functions.ts';
export * from './incomplete-gamma.ts';
export { polygamma } from './polygamma.ts';
export * from './whole-numbers.ts';
