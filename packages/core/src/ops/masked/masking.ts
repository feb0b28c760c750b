/** What the functions of `masked` share: elements that a mask leaves out count as the number that changes nothing. */
import { K } from '../../arguments/index.ts';
import { type DType, isFloatingPoint } from '../../dtype.ts';
import { IndexError, ShapeError } from '../../errors.ts';
import { expandsTo, formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { where } from '../elementwise/select.ts';
import { expand } from '../views/shape.ts';

/** Options of the functions of `masked`. */
export interface MaskedOptions {
  /** Which elements count: true, or not 0; of the input's shape, or one that broadcasts to it. Default: all. */
  readonly mask?: Tensor;
  /** The dtype of the result. Default: that of the input. */
  readonly dtype?: DType;
}

/** Options of the reductions of `masked`. */
export interface MaskedReduceOptions extends MaskedOptions {
  /** Whether reduced dimensions stay, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

export const maskedKinds: K.Kinds<MaskedOptions> = { mask: K.tensor, dtype: K.dtype };
export const reduceKinds: K.Kinds<MaskedReduceOptions> = { ...maskedKinds, keepdim: K.flag };

/** What the reductions take. */
export const reduceTakes = {
  x: K.tensor,
  dim: K.nullable(K.dims),
  options: K.options<MaskedReduceOptions>(reduceKinds),
};

/** The mask as bools of the shape of x. */
export function maskOver(x: Tensor, mask: Tensor): Tensor {
  if (!sameShape(mask.shape, x.shape)) {
    if (mask.ndim > x.ndim)
      throw new IndexError(
        `expected a mask that broadcasts to the input (got a mask of shape ${formatShape(mask.shape)}, which has more ` +
          `dimensions than the input's ${formatShape(x.shape)})`,
      );
    if (!expandsTo(mask.shape, x.shape))
      throw new ShapeError(
        `a mask of shape ${formatShape(mask.shape)} does not broadcast to the input's ${formatShape(x.shape)}`,
      );
  }
  return to(expand(mask, x.shape), 'bool');
}

/** x, with `neutral` where the mask leaves it out. */
export const masking = (x: Tensor, mask: Tensor | undefined, neutral: number): Tensor =>
  mask === undefined ? x : where(maskOver(x, mask), x, neutral);

/** The least (or greatest) number of a dtype. */
export function extremeOf(dtype: DType, least: boolean): number {
  if (isFloatingPoint(dtype)) return least ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (dtype === 'int32') return least ? -(2 ** 31) : 2 ** 31 - 1;
  return least ? 0 : 255;
}
