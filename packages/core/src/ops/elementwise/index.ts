/** Operations element by element, each declared as a scalar expression. */
export * from './arithmetic.ts';
export * from './binary.ts';
export * from './compare.ts';
export { type DTypeCheck, floatsOnly } from './dtype-checks.ts';
export * from './functions.ts';
export * from './fused/index.ts';
export * from './operation.ts';
export { ElementwiseReduction, type Reduction } from './reduced.ts';
export { resultType } from './result-type.ts';
export * from './rounding.ts';
export * from './select.ts';
