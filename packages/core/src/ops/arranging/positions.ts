/** Positions in tensors, and what is chosen by them. */
import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { elementsOf } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { formatShape, numelOf, type Shape } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { floorDivide, remainder } from '../elementwise/arithmetic.ts';
import { indexSelect } from '../indexing/index-along.ts';
import { reshape } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';

/** Options of {@link combinations}. */
export interface CombinationsOptions {
  /** How many elements are chosen. Default: 2. */
  readonly r?: number;
  /** Whether an element may be chosen more than once. Default: false. */
  readonly withReplacement?: boolean;
}

/** The positions of each choice of r of n, in the order of positions, one after another. */
function choices(n: number, r: number, repeated: boolean): number[] {
  const found: number[] = [];
  const chosen: number[] = [];
  const choose = (from: number): void => {
    if (chosen.length === r) {
      found.push(...chosen);
      return;
    }
    for (let i = from; i < n; i++) {
      chosen.push(i);
      choose(repeated ? i : i + 1);
      chosen.pop();
    }
  };
  choose(0);
  return found;
}

/**
 * All choices of `r` elements of a vector, one a row, in the order of their positions. Follows `torch.combinations`.
 * @throws ShapeError when x is no vector
 * @throws ValueError when `r` is negative
 * @example combinations(tensor([1, 2, 3])); // tensor([[1, 2], [1, 3], [2, 3]])
 */
export const combinations = /* @__PURE__ */ composition(
  'combinations',
  { x: K.tensor, options: K.options<CombinationsOptions>({ r: K.integer, withReplacement: K.flag }) },
  (x: Tensor, options: CombinationsOptions = {}): Tensor => {
    const { r = 2, withReplacement = false } = options;
    if (x.ndim !== 1) throw new ShapeError(`expected a vector, but got shape ${formatShape(x.shape)}`);
    if (r < 0) throw new ValueError(`expected a non-negative number of elements, but got ${r}`);
    if (r === 0) return narrow(x, 0, 0, 0);
    const positions = choices(x.count, r, withReplacement);
    const index = wrapArray(Int32Array.from(positions), [positions.length], 'int32');
    return reshape(indexSelect(x, 0, index), [positions.length / r, r]);
  },
);

/**
 * The coordinates, in a tensor of `shape`, of positions counted in row-major order: one tensor a dimension. Follows `torch.unravel_index`.
 * @throws DTypeError when the positions are not int32 or uint8
 * @throws ValueError when a size is negative
 * @example unravelIndex(tensor([5, 7]), [2, 4]); // [ tensor([1, 1]), tensor([1, 3]) ]
 */
export const unravelIndex = /* @__PURE__ */ composition(
  'unravelIndex',
  { indices: K.tensor, shape: K.sizeOrSizes },
  (indices: Tensor, shape: Shape | number): Tensor[] => {
    if (isFloatingPoint(indices.dtype) || indices.dtype === 'bool')
      throw new DTypeError(`expected integer indices, got ${indices.dtype}`);
    const sizes = typeof shape === 'number' ? [shape] : shape;
    if (sizes.some((size) => size < 0))
      throw new ValueError(`the shape cannot have negative sizes, got ${formatShape(sizes)}`);
    const positions = to(indices, 'int32');
    return sizes.map((size, d) => remainder(floorDivide(positions, numelOf(sizes.slice(d + 1))), size));
  },
);

/** Options of {@link nonzeroStatic}. */
export interface NonzeroStaticOptions {
  /** How many rows the result has. */
  readonly size: number;
  /** What rows hold of which there is no element. Default: -1. */
  readonly fillValue?: number;
}

const nonzeroStaticPrimitive = definePrimitive<Required<NonzeroStaticOptions>>({
  name: 'nonzero_static',
  infer: ([x], { size }) => ({ shape: [size, x.ndim], dtype: 'int32' }),
  kernel([x], { size, fillValue }, out) {
    const elements = elementsOf(x);
    const target = out.storage.array;
    const rank = x.ndim;
    let row = 0;
    for (let i = 0; i < elements.length && row < size; i++) {
      if (elements[i] === 0) continue;
      let rest = i;
      for (let d = rank - 1; d >= 0; d--) {
        const extent = x.shape[d] ?? 1;
        target[out.offset + row * rank + d] = rest % extent;
        rest = Math.floor(rest / extent);
      }
      row++;
    }
    target.fill(fillValue, out.offset + row * rank, out.offset + size * rank);
  },
});

/**
 * The indices of the elements that are not 0, one a row, cut or filled up to `size` rows. Follows `torch.nonzero_static`.
 * @throws ValueError unless `size` is given, and not negative
 * @example nonzeroStatic(tensor([1, 0, 2]), { size: 3 }); // tensor([[ 0], [ 2], [-1]])
 */
export const nonzeroStatic = /* @__PURE__ */ composition(
  'nonzeroStatic',
  { x: K.tensor, options: K.options<NonzeroStaticOptions>({ size: K.count, fillValue: K.integer }) },
  (x: Tensor, options: NonzeroStaticOptions): Tensor => {
    const { size, fillValue = -1 }: Partial<NonzeroStaticOptions> = options ?? {};
    if (size === undefined) throw new ValueError('size must be given: write nonzeroStatic(x, { size: 3 })');
    return apply(nonzeroStaticPrimitive, [x], { size, fillValue });
  },
);

/** The functions of this file that are methods too. */
export default { nonzeroStatic };
