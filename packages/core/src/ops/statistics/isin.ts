import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { elementsOf, findAmong } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { Tensor } from '../../tensor.ts';

const isinPrimitive = definePrimitive<{ invert: boolean }, [Tensor, Tensor]>({
  name: 'isin',
  infer: ([x]) => ({ shape: x.shape, dtype: 'bool' }),
  kernel([x, among], { invert }, out) {
    if (findAmong(elementsOf(x), elementsOf(among), invert, out.storage.array)) return;
    // NaN is equal to nothing.
    const known = new Set<number>(elementsOf(among).filter((value: number) => !Number.isNaN(value)));
    const found = out.storage.array;
    elementsOf(x).forEach((value, i) => {
      found[i] = known.has(value) === invert ? 0 : 1;
    });
  },
});

/** Options of {@link isin}. */
export interface IsinOptions {
  /** Whether both hold no element twice, which changes nothing here. Default: false. */
  readonly assumeUnique?: boolean;
  /** Whether to tell which elements are not among the others. Default: false. */
  readonly invert?: boolean;
}

/** A number as a tensor beside another one. */
const beside = (x: number, other: Tensor): Tensor =>
  Tensor.scalar(x, isFloatingPoint(other.dtype) || Number.isInteger(x) ? other.dtype : 'float32');

/**
 * Whether each element is equal to one of `testElements`: bools of the shape of `elements`. One of both may be a
 * number. Follows `torch.isin`.
 * @throws DTypeError for bools; ValueError for two numbers
 * @example isin(tensor([1, 2, 3]), tensor([2, 5])); // tensor([False,  True, False])
 */
export const isin = composition(
  'isin',
  {
    elements: K.tensorOrNumber,
    testElements: K.tensorOrNumber,
    options: K.options<IsinOptions>({ assumeUnique: K.flag, invert: K.flag }),
  },
  (elements: Tensor | number, testElements: Tensor | number, options: IsinOptions = {}): Tensor => {
    if (typeof elements === 'number' && typeof testElements === 'number')
      throw new ValueError('isin: expected a Tensor among elements and testElements, got two numbers');
    for (const x of [elements, testElements]) {
      if (x instanceof Tensor && x.dtype === 'bool')
        throw new DTypeError('isin: Unsupported input type encountered: bool');
    }
    const x = elements instanceof Tensor ? elements : beside(elements, testElements as Tensor);
    const among = testElements instanceof Tensor ? testElements : beside(testElements, x);
    return apply(isinPrimitive, [x, among], { invert: options.invert ?? false });
  },
);
