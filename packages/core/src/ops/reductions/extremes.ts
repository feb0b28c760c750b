import { alias, composition, K, signature } from '../../arguments/index.ts';
import { elementsOf, extentOf, findFirst, reduce } from '../../kernels/index.ts';
import { apply, composed, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import { allocateArray } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { maximum, minimum } from '../elementwise/binary.ts';
import { refuseBools } from '../elementwise/dtype-checks.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import type { Dims, ReduceOptions } from './options.ts';
import { alone, isDims, type Reduction, reduceOptions, reductionOf, requireElements } from './reduction.ts';
import { evenGradient, searchOf, selecting, valuesAndIndices } from './selection.ts';

type Side = 'max' | 'min';

const extremum = (name: string, side: Side, matchNaN: boolean) =>
  definePrimitive<Reduction>({
    name,
    overload: () => (matchNaN ? 1 : 0),
    saves: INPUT(0) | OUTPUT,
    infer([x], attrs) {
      requireElements(x, attrs, name);
      return { shape: attrs.shape, dtype: x.dtype };
    },
    kernel: ([x], { dims }, out) => reduce(side, x, dims, out.storage.array, out.offset),
    derivative: (g, node) => [evenGradient(g, node.input(0), node.output(), node.attrs, matchNaN)],
  });

function extremumOver(name: string, side: Side) {
  const primitive = extremum(name, side, false);
  const takes = signature(name, { x: K.tensor, dims: K.nullable(K.dims), options: reduceOptions });
  return function over(x: Tensor, dims?: Dims | ReduceOptions, options?: ReduceOptions): Tensor {
    if (!isDims(dims)) return over(x, undefined, alone(name, dims, options));
    takes(arguments);
    return apply(primitive, [x], reductionOf(x, dims, options?.keepdim, name));
  };
}

/**
 * The greatest element over all dimensions, one or several; NaN where there is one. Elements that tie share the
 * gradient. Follows `torch.amax`.
 * @throws IndexError when a dimension is out of range, or there is no element
 * @example amax(tensor([[1, 5], [3, 4]]), 0); // tensor([3, 5])
 */
export const amax = extremumOver('amax', 'max');

/** The least element; otherwise as {@link amax}. Follows `torch.amin`. */
export const amin = extremumOver('amin', 'min');

/** Options of {@link aminmax}. */
export interface AminmaxOptions extends ReduceOptions {
  /** The dimension that goes. Default: all of them. */
  readonly dim?: number;
}

/** {@link amin} and {@link amax} at once. Follows `torch.aminmax`. */
export const aminmax = composition(
  'aminmax',
  {
    x: K.tensor,
    options: K.options<AminmaxOptions>({ dim: K.integer, keepdim: K.flag }),
  },
  (x: Tensor, options: AminmaxOptions = {}): { min: Tensor; max: Tensor } => {
    const { dim, ...kept } = options;
    return { min: composed('aminmax', amin(x, dim, kept)), max: composed('aminmax', amax(x, dim, kept)) };
  },
);

/** `max` or `min` in its three forms: of all elements, of rows, and of two tensors. */
function extremumOf(side: Side) {
  const whole = extremum(side, side, true);
  const along = selecting(
    side,
    () => {},
    (x, { dims }, extent, values, indices) => {
      reduce(side, x, dims, values.storage.array);
      findFirst(elementsOf(x), values.storage.array, extent, indices.storage.array);
    },
  );
  const ofBoth = alias(side, side === 'max' ? maximum : minimum);
  const dimOrOther = K.nullable(K.either(K.integer, K.tensor));
  const takes = signature(side, { x: K.tensor, dim: dimOrOther, options: reduceOptions });
  function extreme(x: Tensor): Tensor;
  function extreme(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
  function extreme(x: Tensor, other: Tensor): Tensor;
  function extreme(
    x: Tensor,
    dim?: number | Tensor | null,
    options?: ReduceOptions,
  ): Tensor | ValuesAndIndices {
    takes(arguments);
    if (dim instanceof Tensor) return ofBoth(x, dim);
    if (dim === undefined || dim === null) {
      return apply(whole, [x], reductionOf(x, undefined, options?.keepdim, side));
    }
    return valuesAndIndices(along, x, searchOf(x, dim, options?.keepdim, side));
  }
  return extreme;
}

/**
 * The greatest element; along `dim`, the greatest of each row and its (first) index; with another tensor, the greater
 * of both, broadcast. NaN wins. Without `dim` ties share the gradient, with it all goes to the index. Follows
 * `torch.max`.
 * @throws IndexError when the dimension is out of range, or there is no element
 * @example
 * ```ts
 * const x = tensor([[1, 5], [3, 4]]);
 * x.max(); // tensor(5)
 * x.max(1); // { values: tensor([5, 4]), indices: tensor([1, 1]) }
 * ```
 */
export const max = extremumOf('max');

/** The least element, of all or along `dim`, or of two; otherwise as {@link max}. Follows `torch.min`. */
export const min = extremumOf('min');

/** The attributes of a search for indices: `dim` is `null` for all elements as one row. */
interface IndexSearch extends Reduction {
  readonly dim: number | null;
}

function searching(name: string, side: Side) {
  const check = refuseBools(`${name}()`, "does not support bool input; convert with to('uint8')");
  const primitive = definePrimitive<IndexSearch>({
    name,
    infer([x], { shape }) {
      check(x.dtype);
      return { shape, dtype: 'int32' };
    },
    kernel([x], { dims, dim }, out) {
      const values = allocateArray(x.dtype, out.count);
      reduce(side, x, dims, values);
      const extent = dim === null ? { outer: 1, n: x.count, inner: 1 } : extentOf(x.shape, dim);
      findFirst(elementsOf(x), values, extent, out.storage.array);
    },
  });
  const takes = signature(name, { x: K.tensor, dim: K.nullable(K.integer), options: reduceOptions });
  return function search(x: Tensor, dim?: number | null | ReduceOptions, options?: ReduceOptions): Tensor {
    if (!isDims(dim)) return search(x, undefined, alone(name, dim, options));
    takes(arguments);
    if (dim !== undefined && dim !== null) {
      return apply(primitive, [x], searchOf(x, dim, options?.keepdim, name));
    }
    const all = reductionOf(x, undefined, options?.keepdim, name);
    requireElements(x, all, name);
    return apply(primitive, [x], { dims: all.dims, shape: all.shape, dim: null });
  };
}

/**
 * The index (int32) of the greatest element along `dim`, or, without it, in the tensor taken as one row; the first
 * where several tie. Follows `torch.argmax`.
 * @throws DTypeError when x is bool
 * @throws IndexError when the dimension is out of range, or there is no element
 * @example argmax(tensor([[1, 5], [3, 4]]), 1); // tensor([1, 1])
 */
export const argmax = searching('argmax', 'max');

/** The index of the least element; otherwise as {@link argmax}. Follows `torch.argmin`. */
export const argmin = searching('argmin', 'min');
