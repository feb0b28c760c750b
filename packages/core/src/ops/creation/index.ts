/** Tensors made from numbers, and copies. */
export * from './copy.ts';
export * from './fill.ts';
export * from './from-data.ts';
export * from './layouts.ts';
export * from './options.ts';
export * from './ranges.ts';
