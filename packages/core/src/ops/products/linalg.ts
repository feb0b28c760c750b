/** PyTorch's `torch.linalg`, as far as it is there: exported as the namespace `linalg`. */

export { linalgNorm as norm, type MatrixNormOrder, matrixNorm, vectorNorm } from './linalg-norm.ts';
export { svdvals } from './singular-values.ts';
export { type CrossOptions, cross } from './tensordot.ts';
