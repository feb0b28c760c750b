/** PyTorch's `torch.linalg`, as far as it is there: exported as the namespace `linalg`. */

export { type CrossOptions, linalgCross as cross } from './cross.ts';
export { linalgNorm as norm, type MatrixNormOrder, matrixNorm, vectorNorm } from './linalg-norm.ts';
export { svdvals } from './singular-values.ts';
