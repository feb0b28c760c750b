import { composition, K, signature } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { elementsOf, searchRows } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { formatShape, sameShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { refuseBoolsInOrder } from '../elementwise/dtype-checks.ts';
import { gather } from '../indexing/gather.ts';

/** Options of {@link searchsorted}. */
export interface SearchsortedOptions {
  /** Where a value equals boundaries: after them, or else before. Default: false. */
  readonly right?: boolean;
  /** `'left'` or `'right'`: another way to say `right`. */
  readonly side?: 'left' | 'right' | null;
  /** The indices that sort an unsorted sequence, from `argsort`. */
  readonly sorter?: Tensor | null;
}

interface Searching {
  readonly right: boolean;
  readonly caller: string;
}

const searchPrimitive = definePrimitive<Searching, [Tensor, Tensor]>({
  name: 'searchsorted',
  infer([boundaries, values], { caller }) {
    if (boundaries.dtype === 'bool') refuseBoolsInOrder(caller)(values.dtype);
    const b = boundaries.shape;
    const v = values.shape;
    const fits = b.length === 1 || (b.length === v.length && b.slice(0, -1).every((n, d) => n === v[d]));
    if (b.length === 0 || !fits) {
      throw new ShapeError(
        `${caller}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input ` +
          `value tensor must match, but we got boundaries tensor ${formatShape(b)} and input value tensor ${formatShape(v)}`,
      );
    }
    return { shape: v, dtype: 'int32' };
  },
  kernel([boundaries, values], { right }, out) {
    const [size = 1] = boundaries.shape.slice(-1);
    const [perRow = 1] = boundaries.shape.length === 1 ? [values.count] : values.shape.slice(-1);
    searchRows(elementsOf(boundaries), elementsOf(values), { size, perRow, right }, out.storage.array);
  },
});

const asTensor = (x: Tensor | number): Tensor => (x instanceof Tensor ? x : Tensor.scalar(x, 'float64'));

/**
 * Where each of `values` is to be inserted to keep the last dimension of `sortedSequence` sorted, as int32: the i for
 * which s[i-1] < v <= s[i], or with `right` s[i-1] <= v < s[i]. Follows `torch.searchsorted`.
 * @throws ShapeError when the two agree in no dimension but the last, or the sorter has another shape than the
 *   sequence; ValueError when `side` is unknown or contradicts `right`; DTypeError for bools.
 * @example searchsorted(tensor([1, 3, 5]), tensor([0, 3, 9])); // tensor([0, 1, 3])
 */
export const searchsorted = composition(
  'searchsorted',
  {
    sortedSequence: K.tensor,
    values: K.operand,
    options: K.options<SearchsortedOptions>({
      right: K.flag,
      side: K.nullable(K.oneOf('left', 'right')),
      sorter: K.nullable(K.tensor),
    }),
  },
  (sortedSequence: Tensor, values: Tensor | number, options: SearchsortedOptions = {}): Tensor => {
    const { side = null, sorter = null } = options;
    if (side !== null && side !== 'left' && side !== 'right') {
      throw new ValueError(`searchsorted: side can only be 'left' or 'right' but got ${String(side)}`);
    }
    if (side === 'left' && options.right === true) {
      throw new ValueError(
        "searchsorted: side and right can't be set to opposites, got side of left while right was true",
      );
    }
    if (!(values instanceof Tensor) && sortedSequence.shape.length !== 1) {
      throw new ShapeError(
        'searchsorted: input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor ' +
          formatShape(sortedSequence.shape),
      );
    }
    if (sorter !== null && !sameShape(sorter.shape, sortedSequence.shape)) {
      throw new ShapeError(
        `searchsorted: boundary and sorter must have the same size, but got boundary tensor ${formatShape(sortedSequence.shape)} ` +
          `and sorter tensor ${formatShape(sorter.shape)}`,
      );
    }
    const sequence = sorter === null ? sortedSequence : gather(sortedSequence, -1, sorter);
    return apply(searchPrimitive, [sequence, asTensor(values)], {
      right: side === 'right' || (options.right ?? false),
      caller: 'searchsorted',
    });
  },
);

const bucketizeTakes = signature('bucketize', {
  x: K.operand,
  boundaries: K.tensor,
  options: K.options<{ readonly right?: boolean }>({ right: K.flag }),
});

/**
 * The index of the bucket, between ascending `boundaries`, into which each element of x falls: {@link searchsorted} the
 * other way round. Follows `torch.bucketize`.
 * @throws ShapeError when `boundaries` is no vector.
 */
export function bucketize(
  x: Tensor | number,
  boundaries: Tensor,
  options: { readonly right?: boolean } = {},
): Tensor {
  bucketizeTakes(arguments);
  if (boundaries.shape.length !== 1) {
    throw new ShapeError(
      `bucketize: boundaries tensor must be 1 dimension, but got dim(${boundaries.shape.length})`,
    );
  }
  return apply(searchPrimitive, [boundaries, asTensor(x)], {
    right: options.right ?? false,
    caller: 'bucketize',
  });
}
