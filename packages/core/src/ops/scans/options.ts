import { K } from '../../arguments/index.ts';
import type { DType } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';

/** Options of `cumsum` and `cumprod`. */
export interface ScanOptions {
  /** x is converted to this dtype first. Default: its own, int32 for bools and integers. In place: its own alone. */
  readonly dtype?: DType;
}

/** What these two take. */
export const scanParameters = {
  x: K.tensor,
  dim: K.integer,
  options: K.options<ScanOptions>({ dtype: K.dtype }),
};

/** Running sums and products are no bools: a bool could not tell them apart. */
export function checkScanType(dtype: DType | undefined, caller: string): void {
  if (dtype === 'bool') throw new DTypeError(`${caller}: not implemented for bool; write { dtype: 'int32' }`);
}
