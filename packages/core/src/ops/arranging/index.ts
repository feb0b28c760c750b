/** Tensors joined, repeated, turned and padded. */
export * from './joining.ts';
export * from './pad.ts';
export * from './rearrange.ts';
export * from './triangle.ts';
