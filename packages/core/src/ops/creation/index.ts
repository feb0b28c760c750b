/** Tensors made from numbers, and copies. */
export * from './copy.ts';
export * from './fill.ts';
export * from './tensor.ts';
