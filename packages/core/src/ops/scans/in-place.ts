import { signature } from '../../arguments/index.ts';
import { DTypeError } from '../../errors.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { copy_, to } from '../creation/copy.ts';
import { totalType } from '../reductions/reduction.ts';
import { type ScanOptions, scanParameters } from './options.ts';

/**
 * A scan in place, from the one that gives a new tensor and, for dtypes that hold all that comes up, the one in place.
 */
export function scanInPlace(
  name: string,
  scan: (x: Tensor, dim: number) => Tensor,
  inPlace: (x: Tensor, dim: number) => Tensor,
) {
  const takes = signature(name, scanParameters);
  return function (x: Tensor, dim: number, options?: ScanOptions): Tensor {
    takes(arguments);
    const d = normalizeDim(dim, x.ndim, name);
    if (x.dtype === 'bool') throw new DTypeError(`${name}: not implemented for bool; convert with to()`);
    const { dtype = x.dtype } = options ?? {};
    if (dtype !== x.dtype) {
      throw new DTypeError(
        `${name}: the dtype of the input and that of the result should match, got ${x.dtype} and ${dtype}`,
      );
    }
    return totalType(dtype) === dtype ? inPlace(x, d) : copy_(x, to(scan(x, d), dtype));
  };
}
