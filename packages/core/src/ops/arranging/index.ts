/** Tensors joined, repeated, turned and padded. */
export * from './flip-and-roll.ts';
export * from './grids.ts';
export * from './joining.ts';
export * from './pad.ts';
export * from './positions.ts';
export * from './repeat.ts';
export * from './triangle.ts';
