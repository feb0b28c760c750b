/** What the operations are, a folder a family. */
export * from './arranging/index.ts';
export * from './creation/index.ts';
export * from './elementwise/index.ts';
export * from './indexing/index.ts';
export * from './losses/index.ts';
export * from './order/index.ts';
export * from './products/index.ts';
export * as linalg from './linalg/index.ts';
export * from './linalg/top-level.ts';
export * from './random/index.ts';
export * from './reductions/index.ts';
export * from './scans/index.ts';
export * from './views/index.ts';
export * from './windows/index.ts';
