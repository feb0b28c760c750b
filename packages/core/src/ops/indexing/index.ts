/** Elements picked and stored by index, mask or position. */
export * from './gather.ts';
export * from './index-along.ts';
export * from './masked.ts';
export * from './nonzero.ts';
export * from './scatter.ts';
export * from './subscript.ts';
export * from './take.ts';
