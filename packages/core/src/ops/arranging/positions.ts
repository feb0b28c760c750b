/** Positions in tensors, and what is chosen by them. */
import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { elementsOf, recordNonzero } from '../../kernels/index.ts';
import { apply, composed, definePrimitive } from '../../record/index.ts';
import { checkShape, formatShape, maxElements, numelOf, type Shape } from '../../shape.ts';
import { allocateZeroed } from '../../storage.ts';
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

/** How many choices of r of n there are; of more than a tensor could hold some number beyond that. */
function countChoices(n: number, r: number, repeated: boolean): number {
  const of = repeated ? n + r - 1 : n;
  if (r > of) return 0;
  const least = Math.min(r, of - r);
  let count = 1;
  for (let k = 1; k <= least && count <= maxElements; k++) count = (count * (of - least + k)) / k;
  return count;
}

/** The positions of each choice of r of n, in the order of positions, a row each. */
function choices(n: number, r: number, repeated: boolean): Tensor {
  const shape = [countChoices(n, r, repeated), r];
  checkShape(shape, 'combinations');
  const found = allocateZeroed('int32', numelOf(shape));
  if (found.length === 0) return wrapArray(found, shape, 'int32');
  const chosen = Int32Array.from({ length: r }, (_, k) => (repeated ? 0 : k));
  const greatest = (k: number): number => (repeated ? n - 1 : n - r + k);
  for (let at = 0; at < found.length; at += r) {
    found.set(chosen, at);
    let k = r - 1;
    while (k > 0 && chosen[k] === greatest(k)) k--;
    let next = (chosen[k] ?? 0) + 1;
    for (; k < r; k++) {
      chosen[k] = next;
      if (!repeated) next++;
    }
  }
  return wrapArray(found, shape, 'int32');
}

/**
 * All choices of `r` elements of a vector, one a row, in the order of their positions. Follows `torch.combinations`.
 * @throws ShapeError when x is no vector, or there are more choices than a tensor holds
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
    if (r === 0) return narrow(x.detach(), 0, 0, 0);
    const positions = choices(x.count, r, withReplacement);
    const chosen = indexSelect(x, 0, reshape(positions, [positions.count]));
    return composed('index', reshape(chosen, positions.shape));
  },
);

/**
 * The coordinates, in a tensor of `shape`, of positions counted in row-major order: one tensor a dimension. Follows
 * `torch.unravel_index`.
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
    if (recordNonzero(elements, x.shape, fillValue, target)) return;
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
 * The indices of the elements that are not 0, one a row, cut or filled up to `size` rows. Follows
 * `torch.nonzero_static`.
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
