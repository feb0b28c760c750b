/** Several expressions over one list of tensors in one pass over memory: what optimizers are made of. */
export * from './norms.ts';
export * from './summed-update.ts';
export * from './update.ts';
