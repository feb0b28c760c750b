/** PyTorch's printed form of tensors, and how it is set. */
export { getPrintOptions, type PrintOptions, setPrintOptions } from './options.ts';
