import type { DType } from '../../dtype.ts';
import { calledAs } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from './copy.ts';

/** {@link to} of what a dtype is given for, within a function whose name its errors bear. */
export function toWithin(caller: string, x: Tensor, dtype: DType | undefined): Tensor {
  if (dtype === undefined || dtype === x.dtype) return x;
  try {
    return to(x, dtype);
  } catch (error) {
    throw calledAs(caller, error);
  }
}
