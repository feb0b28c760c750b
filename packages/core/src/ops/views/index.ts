/** Other shapes and parts of a tensor that share its memory. */
export * from './broadcasting.ts';
export * from './copies.ts';
export * from './diagonal.ts';
export * from './permute.ts';
export type { SliceRange } from './ranges.ts';
export * from './shape.ts';
export * from './slices.ts';
export * from './split.ts';
export * from './windows.ts';
