/** Tensors made from numbers, and copies; which numbers dtypes hold. */
export * from './copy.ts';
export * from './fill.ts';
export * from './from-data.ts';
export * from './layouts.ts';
export * from './limits.ts';
export * from './options.ts';
export * from './ranges.ts';
