import './methods.ts';
export * from './ops/arithmetic.ts';
export * from './ops/math.ts';
export * from './ops/compare.ts';
export * from './ops/creation.ts';
export * from './ops/matmul.ts';
export { sum } from './ops/sum.ts';
export { Tensor } from './tensor.ts';
export { backward } from './autograd/engine.ts';
