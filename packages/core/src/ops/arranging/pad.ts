import { ShapeError, ValueError } from '../../errors.ts';
import { scatterStrided, stridedOver } from '../../kernels/index.ts';
import { apply, definePrimitive, type Primitive } from '../../record/index.ts';
import { checkInteger, formatShape, type Shape } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { indexSelect } from '../indexing/index-along.ts';
import { denseLayout, type Layout } from '../views/layout.ts';
import { rangeLayout } from '../views/ranges.ts';

interface Padding {
  /** Entries added (or, where negative, cut off) before and after each dimension. */
  readonly before: Shape;
  readonly after: Shape;
  readonly value: number;
}

/** What is left of each dimension where `before` and `after` cut off entries; paddings are left out. */
function crop(x: Layout, before: Shape, after: Shape): Layout {
  return x.shape.reduce<Layout>((part, size, dim) => {
    const start = Math.max(before[dim]!, 0);
    return rangeLayout(part, { dim, start, step: 1, length: size - start - Math.max(after[dim]!, 0) });
  }, x);
}

const negated = (sizes: Shape): number[] => sizes.map((n) => 0 - n);

const constantPrimitive: Primitive<Padding> = definePrimitive({
  name: 'constant_pad_nd',
  saves: 0,
  infer: ([x], { before, after }) => ({
    shape: x.shape.map((n, d) => n + before[d]! + after[d]!),
    dtype: x.dtype,
  }),
  kernel([x], { before, after, value }, out) {
    const target = out.storage.array;
    target.fill(out.dtype === 'bool' ? Number(value !== 0) : value);
    const from = crop(x, negated(before), negated(after));
    const to = crop(denseLayout(out.shape), before, after);
    if (from.shape.includes(0) || from.shape.some((n) => n < 0)) return;
    scatterStrided(
      stridedOver(x.storage.array, x.dtype, from.shape, from.offset, from.strides),
      stridedOver(target, out.dtype, to.shape, to.offset, to.strides),
    );
  },
  derivative: (g, { attrs }) => [
    apply(constantPrimitive, [g], { before: negated(attrs.before), after: negated(attrs.after), value: 0 }),
  ],
});

/** Which entry of a dimension of `size` stands at each place, counted from the first entry, of one padded by `left` and `right`. */
const sources: Record<
  'reflect' | 'replicate' | 'circular',
  (i: number, size: number, left: number, right: number) => number
> = {
  reflect: (i, size) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i),
  replicate: (i, size) => Math.min(Math.max(i, 0), size - 1),
  circular(i, size, left, right) {
    // What negative padding cuts off does not come back on the other side.
    const first = Math.max(-left, 0);
    const kept = size - first - Math.max(-right, 0);
    return first + ((((i - first) % kept) + kept) % kept);
  },
};

/** Options of {@link pad}. */
export interface PadOptions {
  /** What the padding is filled with. Default: `'constant'`. */
  readonly mode?: 'constant' | 'reflect' | 'replicate' | 'circular';
  /** The constant of mode `'constant'`. Default: 0. */
  readonly value?: number | null;
}

/**
 * x with its last dimensions padded: `padding` is `[left, right]` of the last one, then `[top, bottom]` of the one before, and so on.
 * Negative numbers cut off. Mode `'reflect'` mirrors at the edge entry, `'replicate'` repeats it, `'circular'` wraps around; these
 * pad 1, 2 or 3 dimensions of tensors that have one or two more. Follows `torch.nn.functional.pad`.
 *
 * @example
 * ```ts
 * pad(tensor([[1, 2, 3]]), [1, 2]); // [[0, 1, 2, 3, 0, 0]]
 * pad(tensor([[1, 2, 3]]), [1, 2], { mode: 'reflect' }); // [[2, 1, 2, 3, 2, 1]]
 * ```
 */
export function pad(x: Tensor, padding: Shape, options: PadOptions = {}): Tensor {
  const { mode = 'constant', value = null } = options;
  const rank = x.shape.length;
  for (const amount of padding) checkInteger(amount, 'each padding', 'pad');
  if (padding.length % 2 !== 0)
    throw new ShapeError(`pad: Padding length must be divisible by 2, got ${formatShape(padding)}`);
  if (padding.length > 2 * rank) {
    throw new ShapeError(
      'pad: Padding length should be less than or equal to two times the input dimension but got padding length ' +
        `${padding.length} and input of dimension ${rank}`,
    );
  }
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  for (let k = 0; k < padding.length / 2; k++) {
    before[rank - 1 - k] = padding[2 * k]!;
    after[rank - 1 - k] = padding[2 * k + 1]!;
  }
  if (mode === 'constant') {
    checkSizes(x, before, after, padding);
    return apply(constantPrimitive, [x], { before, after, value: value ?? 0 });
  }
  if (!Object.hasOwn(sources, mode)) throw new ValueError(`pad: Unrecognised padding mode ${String(mode)}`);
  if (value !== null && value !== 0)
    throw new ValueError(`pad: Padding mode "${mode}" doesn't take in value argument`);
  checkMode(x, before, after, padding, mode);
  let result = x;
  for (let d = rank - padding.length / 2; d < rank; d++) {
    const left = before[d]!;
    const right = after[d]!;
    const size = x.shape[d]!;
    if (left === 0 && right === 0) continue;
    const indices = Int32Array.from({ length: size + left + right }, (_, i) =>
      sources[mode](i - left, size, left, right),
    );
    result = indexSelect(result, d, wrapArray(indices, [indices.length], 'int32'));
  }
  return result === x ? clone(x) : result;
}

function checkSizes(x: Tensor, before: Shape, after: Shape, padding: Shape): void {
  for (let d = 0; d < before.length; d++) {
    const size = x.shape[d]! + before[d]! + after[d]!;
    if (size >= 0) continue;
    throw new ShapeError(
      `pad: The input size ${x.shape[d]}, plus negative padding ${before[d]} and ${after[d]}, resulted in a negative ` +
        `output size of dimension ${d}: shape ${formatShape(x.shape)}, padding ${formatShape(padding)}`,
    );
  }
}

function checkMode(
  x: Tensor,
  before: Shape,
  after: Shape,
  padding: Shape,
  mode: 'reflect' | 'replicate' | 'circular',
): void {
  const rank = x.shape.length;
  const padded = padding.length / 2;
  if (padded < 1 || padded > 3 || (rank !== padded + 1 && rank !== padded + 2)) {
    throw new ShapeError(
      `pad: Padding size ${padding.length} is not supported for ${rank}D input tensor in mode ${mode}. Supported: 2D or 3D ` +
        'input with padding of 2 numbers (last dimension), 3D or 4D with 4 (last 2 dimensions), 4D or 5D with 6 (last 3)',
    );
  }
  for (let d = rank - padded; d < rank; d++) {
    const size = x.shape[d]!;
    const most = Math.max(before[d]!, after[d]!);
    const described = `padding (${before[d]}, ${after[d]}) at dimension ${d} of input ${formatShape(x.shape)}`;
    if (mode === 'reflect' && most >= size) {
      throw new ShapeError(
        `pad: Padding size should be less than the corresponding input dimension, but got: ${described}`,
      );
    }
    if (mode === 'circular' && most > size) {
      throw new ShapeError(`pad: Padding value causes wrapping around more than once: ${described}`);
    }
    if (size === 0 || size + before[d]! + after[d]! <= 0) {
      throw new ShapeError(`pad: Negative padding value is resulting in an empty dimension: ${described}`);
    }
  }
}

/** The functions of this file that are methods too. */
export default { pad };
