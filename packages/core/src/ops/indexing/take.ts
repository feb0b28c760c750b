import { K, signature } from '../../arguments/index.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { apply, applyInPlace } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { putFlat, takeFlat } from './flat-primitives.ts';
import { requireIndexDType } from './index-positions.ts';

const takeTakes = signature('take', { x: K.tensor, index: K.tensor });

/**
 * The elements of x, taken as one row, at the int32 indices `index`, whose shape the result has. Negative indices count
 * from the end. Follows `torch.take`.
 * @throws DTypeError when `index` is not int32, IndexError when an index is out of range or x is empty.
 * @example take(tensor([[1, 2], [3, 4]]), tensor([0, -1])); // tensor([1, 4])
 */
export function take(x: Tensor, index: Tensor): Tensor {
  takeTakes(arguments);
  requireIndexDType(index, 'take');
  return takeFlat('take', x, index);
}

/** Options of {@link put}. */
export interface PutOptions {
  /** Add to what is there instead of overwriting it. Default: false. */
  readonly accumulate?: boolean;
}

function putting(run: typeof apply, caller: string) {
  const takes = signature(caller, {
    x: K.tensor,
    index: K.tensor,
    source: K.tensor,
    options: K.options<PutOptions>({ accumulate: K.flag }),
  });
  return function (x: Tensor, index: Tensor, source: Tensor, options: PutOptions = {}): Tensor {
    takes(arguments);
    requireIndexDType(index, caller);
    if (source.dtype !== x.dtype) {
      throw new DTypeError(
        `${caller}: expected self and source to have the same dtype, but got ${x.dtype} and ${source.dtype}`,
      );
    }
    if (source.count !== index.count) {
      throw new ShapeError(
        `${caller}: Expected source and index to have the same number of elements, but got ${source.count} and ${index.count}`,
      );
    }
    return putFlat('put', x, index, source, { accumulate: options.accumulate ?? false, caller }, run);
  };
}

/**
 * A copy of x, taken as one row, with the elements of `source` at the int32 indices `index`. Follows `torch.put`.
 * @throws DTypeError when `index` is not int32 or `source` has another dtype than x, ShapeError when `source` and
 * `index` differ in size, IndexError when an index is out of range.
 */
export const put = putting(apply, 'put');

/** {@link put} in place, with its errors. Follows `Tensor.put_`. */
export const put_: typeof put = putting(applyInPlace, 'put_');
