/** Other shapes and parts of a tensor that share its memory. */
export * from './parts.ts';
export * from './region.ts';
export * from './shape.ts';
