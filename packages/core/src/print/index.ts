/** PyTorch's printed form of tensors, and how it is set. */
export { installConsoleFormatter } from './console-formatter.ts';
export { getPrintOptions, type PrintOptions, setPrintOptions } from './options.ts';
export { Shown } from './shown.ts';
