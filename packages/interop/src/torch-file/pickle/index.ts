/** Pickles: Python's values as bytes, read without Python by who builds tensors and containers alone, and written. */
export type { ElementType } from './dtypes.ts';
export { type Caller, dtypeOfStorage, readableType } from './globals.ts';
export { Pickler } from './pickler.ts';
export { pyFloat } from './py-float.ts';
export * from './python.ts';
export { Ranges } from './ranges.ts';
export { unpickle } from './unpickler.ts';
export { isIntegerKey, MAX_DEPTH, pathOf, type TorchValue } from './values.ts';
