import { composition, K, signature } from '../../arguments/index.ts';
import { storedNumber } from '../../dtype.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import {
  arrange,
  countOf,
  embedStrided,
  fillStrided,
  type Piece,
  type Pieces,
  stridedOver,
} from '../../kernels/index.ts';
import { apply, composed, definePrimitive, type Primitive } from '../../record/index.ts';
import { checkShape, formatShape, type Shape } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { indexAdd } from '../indexing/index-along.ts';
import { denseLayout, type Layout, sizeAlong } from '../views/layout.ts';
import { rangeLayout } from '../views/ranges.ts';

/** Entries added (or, where negative, cut off) before and after a dimension. */
interface Sides {
  readonly before: number;
  readonly after: number;
}

interface Padding {
  /** Of each dimension. */
  readonly sides: readonly Sides[];
  readonly value: number;
}

/** What is left of each dimension where its sides cut off entries; paddings are left out. */
const crop = (x: Layout, sides: readonly Sides[]): Layout =>
  sides.reduce((part, { before, after }, dim) => {
    const start = Math.max(before, 0);
    const length = sizeAlong(x, dim) - start - Math.max(after, 0);
    return rangeLayout(part, { dim, start, step: 1, length });
  }, x);

const negated = (sides: readonly Sides[]): Sides[] =>
  sides.map(({ before, after }) => ({ before: 0 - before, after: 0 - after }));

const constantPrimitive: Primitive<Padding> = definePrimitive({
  name: 'constant_pad_nd',
  saves: 0,
  infer: ([x], { sides }) => ({
    shape: sides.map(({ before, after }, d) => sizeAlong(x, d) + before + after),
    dtype: x.dtype,
  }),
  kernel([x], { sides, value }, out) {
    const filling = storedNumber(value, out.dtype, 'pad');
    const from = crop(x, negated(sides));
    const to = crop(denseLayout(out.shape), sides);
    if (from.shape.some((n) => n <= 0)) {
      fillStrided(out, filling);
      return;
    }
    const rest = stridedOver(x.storage.array, x.dtype, from.shape, from.offset, from.strides);
    const region = stridedOver(out.storage.array, out.dtype, to.shape, to.offset, to.strides);
    embedStrided(rest, region, out, filling);
  },
  derivative: (g, { attrs }) => [apply(constantPrimitive, [g], { sides: negated(attrs.sides), value: 0 })],
});

type Mode = 'reflect' | 'replicate' | 'circular';

/** What a dimension of `size` is made of from place `start` to before `end`, counted from its first entry. */
const sources: Record<Mode, (size: number, start: number, end: number) => Piece[]> = {
  reflect: (size, start, end) => [
    piece(start, Math.min(end, 0), -start, -1),
    piece(Math.max(start, 0), Math.min(end, size), Math.max(start, 0), 1),
    piece(Math.max(start, size), end, 2 * (size - 1) - Math.max(start, size), -1),
  ],
  replicate: (size, start, end) => [
    piece(start, Math.min(end, 0), 0, 0),
    piece(Math.max(start, 0), Math.min(end, size), Math.max(start, 0), 1),
    piece(Math.max(start, size), end, size - 1, 0),
  ],
  circular(size, start, end) {
    // What negative padding cuts off does not come back on the other side.
    const first = Math.max(start, 0);
    const kept = Math.min(end, size) - first;
    // Of nothing PyTorch has whatever was in memory.
    if (kept === 0) return [piece(start, end, 0, 0)];
    const pieces: Piece[] = [];
    for (let i = start; i < end; ) {
      const from = (((i - first) % kept) + kept) % kept;
      const next = Math.min(end, i + kept - from);
      pieces.push(piece(i, next, first + from, 1));
      i = next;
    }
    return pieces;
  },
};

/** A single entry counts as a run forward, as longer runs can be that are not turned round. */
const piece = (start: number, end: number, from: number, step: -1 | 0 | 1): Piece => ({
  count: end - start,
  from,
  step: end - start === 1 ? 1 : step,
});

/** Which entries pieces are. */
function entriesOf(pieces: readonly Piece[]): Tensor {
  const entries = new Int32Array(countOf(pieces));
  let at = 0;
  for (const { count, from, step } of pieces) for (let k = 0; k < count; k++) entries[at++] = from + k * step;
  return wrapArray(entries, [entries.length], 'int32');
}

const borrowingPrimitive: Primitive<readonly Pieces[]> = definePrimitive({
  name: 'pad',
  saves: 0,
  infer: ([x], dims) => ({
    shape: dims.map((pieces, d) => (pieces === null ? sizeAlong(x, d) : countOf(pieces))),
    dtype: x.dtype,
  }),
  kernel: ([x], dims, out) => arrange(x, dims, out),
  derivative: (g, node) => [
    node.attrs.reduceRight<Tensor>((sum, pieces, d) => {
      if (pieces === null) return sum;
      const zero = zeros(sum.shape.with(d, node.shape(0)[d] as number), { dtype: g.dtype });
      return indexAdd(zero, d, entriesOf(pieces), sum);
    }, g),
  ],
});

/** The names of PyTorch's operations, of how many dimensions are padded. */
const names: Record<Mode, (dims: number) => string> = {
  reflect: (dims) => `reflection_pad${dims}d`,
  replicate: (dims) => `replication_pad${dims}d`,
  circular: () => '_pad_circular',
};

/** Options of {@link pad}. */
export interface PadOptions {
  /** What the padding is filled with. Default: `'constant'`. */
  readonly mode?: 'constant' | Mode;
  /** The constant of mode `'constant'`. Default: 0. */
  readonly value?: number | null;
}

const padTakes = signature('pad', {
  x: K.tensor,
  padding: K.sizes,
  options: K.options<PadOptions>({
    mode: K.oneOf('constant', 'reflect', 'replicate', 'circular'),
    value: K.nullable(K.number),
  }),
});

/**
 * x with its last dimensions padded: `padding` is `[left, right]` of the last one, then `[top, bottom]` of the one
 * before, and so on. Negative numbers cut off. Mode `'reflect'` mirrors at the edge entry, `'replicate'` repeats it,
 * `'circular'` wraps around; these pad 1, 2 or 3 dimensions of tensors that have one or two more. Follows
 * `torch.nn.functional.pad`.
 * @throws ShapeError when `padding` does not fit x (nor the mode), ValueError when the mode is unknown or takes no
 *   value.
 * @example
 * ```ts
 * pad(tensor([[1, 2, 3]]), [1, 2]); // tensor([[0, 1, 2, 3, 0, 0]])
 * pad(tensor([[1, 2, 3]]), [1, 2], { mode: 'reflect' }); // tensor([[2, 1, 2, 3, 2, 1]])
 * ```
 */
export function pad(x: Tensor, padding: Shape, options: PadOptions = {}): Tensor {
  padTakes(arguments);
  const { mode = 'constant', value = null } = options;
  const rank = x.shape.length;
  if (padding.length % 2 !== 0)
    throw new ShapeError(`pad: Padding length must be divisible by 2, got ${formatShape(padding)}`);
  if (padding.length > 2 * rank) {
    throw new ShapeError(
      'pad: Padding length should be less than or equal to two times the input dimension but got padding length ' +
        `${padding.length} and input of dimension ${rank}`,
    );
  }
  const sides = x.shape.map((_, d): Sides => {
    // The last dimension comes first.
    const [before = 0, after = 0] = padding.slice(2 * (rank - 1 - d));
    return { before, after };
  });
  if (mode === 'constant') {
    checkSizes(x, sides, padding);
    return apply(constantPrimitive, [x], { sides, value: value ?? 0 });
  }
  if (value !== null && value !== 0)
    throw new ValueError(`pad: Padding mode "${mode}" doesn't take in value argument`);
  checkMode(x, sides, padding, mode);
  const padded = sides.map(({ before, after }, d) => sizeAlong(x, d) + before + after);
  checkShape(padded, 'pad');
  const dims = sides.map(({ before, after }, d) => {
    if (before === 0 && after === 0) return null;
    const size = sizeAlong(x, d);
    return sources[mode](size, -before, size + after).filter(({ count }) => count > 0);
  });
  if (dims.every((pieces) => pieces === null)) return clone(x);
  return composed(names[mode](padding.length / 2), apply(borrowingPrimitive, [x], dims), x);
}

function checkSizes(x: Tensor, sides: readonly Sides[], padding: Shape): void {
  for (const [d, { before, after }] of sides.entries()) {
    if (sizeAlong(x, d) + before + after >= 0) continue;
    throw new ShapeError(
      `pad: The input size ${x.shape[d]}, plus negative padding ${before} and ${after}, resulted in a negative ` +
        `output size of dimension ${d}: shape ${formatShape(x.shape)}, padding ${formatShape(padding)}`,
    );
  }
}

function checkMode(x: Tensor, sides: readonly Sides[], padding: Shape, mode: Mode): void {
  const rank = x.shape.length;
  const padded = padding.length / 2;
  if (padded < 1 || padded > 3 || (rank !== padded + 1 && rank !== padded + 2)) {
    throw new ShapeError(
      `pad: Padding size ${padding.length} is not supported for ${rank}D input tensor in mode ${mode}. Supported: 2D or 3D ` +
        'input with padding of 2 numbers (last dimension), 3D or 4D with 4 (last 2 dimensions), 4D or 5D with 6 (last 3)',
    );
  }
  for (const [d, { before, after }] of sides.entries()) {
    if (d < rank - padded) continue;
    const size = sizeAlong(x, d);
    const most = Math.max(before, after);
    const described = `padding (${before}, ${after}) at dimension ${d} of input ${formatShape(x.shape)}`;
    if (mode === 'reflect' && most >= size) {
      throw new ShapeError(
        `pad: Padding size should be less than the corresponding input dimension, but got: ${described}`,
      );
    }
    if (mode === 'circular' && most > size) {
      throw new ShapeError(`pad: Padding value causes wrapping around more than once: ${described}`);
    }
    // Around a circle an empty dimension may come of it.
    if (size + before + after < (mode === 'circular' ? 0 : 1)) {
      throw new ShapeError(`pad: Negative padding value is resulting in an empty dimension: ${described}`);
    }
  }
  if (mode !== 'circular' && x.shape.slice(-1 - padded).includes(0)) {
    throw new ShapeError(
      `pad: mode ${mode} takes a tensor of which only the batch may be empty, got shape ${formatShape(x.shape)}`,
    );
  }
}

/**
 * {@link pad} with a constant, which is its usual mode. Follows `torch.constant_pad_nd`.
 * @throws ShapeError as {@link pad}
 * @example constantPadNd(tensor([1, 2]), [1, 1]); // tensor([0, 1, 2, 0])
 */
export const constantPadNd = /* @__PURE__ */ composition(
  'constantPadNd',
  { x: K.tensor, padding: K.sizes, options: K.options<{ value?: number | boolean }>({ value: K.scalar }) },
  (x: Tensor, padding: readonly number[], options: { readonly value?: number | boolean } = {}): Tensor =>
    pad(x, padding, { value: Number(options.value ?? 0) }),
);

/** The functions of this file that are methods too. */
export default { pad };
