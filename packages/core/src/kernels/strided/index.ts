/** How elements lie in arrays, and moving them between layouts. */
export * from './extent.ts';
export * from './gather.ts';
export * from './int32.ts';
export { narrowKernel } from './narrow.ts';
export * from './runs.ts';
export * from './strided.ts';
