import {
  apply,
  applyElementwise,
  applyUnary,
  composed,
  composition,
  DTypeError,
  definePrimitive,
  E,
  ElementwiseOp,
  formatShape,
  INPUT,
  isFloatingPoint,
  isnan,
  K,
  type Primitive,
  ShapeError,
  stack,
  sumTaps,
  type Tensor,
  tensor,
  where,
  zeros,
} from '@kindling/core';
import { gradientOfTaps, sumOfTaps } from './sum-taps.ts';

/** What stands for elements outside: zeros, the nearest one, or those mirrored at the edges. */
type PaddingMode = 'zeros' | 'border' | 'reflection';

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** `'bilinear'`, `'bicubic'` (of five dimensions trilinear and tricubic), or `'nearest'`. Default: `'bilinear'`. */
  readonly mode?: 'bilinear' | 'nearest' | 'bicubic';
  /** What stands for elements outside. Default: `'zeros'`. */
  readonly paddingMode?: PaddingMode;
  /** Whether -1 and 1 are the middles of the corner elements, or their outer edges. Default: false. */
  readonly alignCorners?: boolean;
}

/** A dimension of the input, and how positions along it are meant. */
interface Axis {
  readonly size: number;
  readonly alignCorners: boolean;
  readonly padding: PaddingMode;
  readonly isOfVolume: boolean;
}

/** Positions in elements, of those in [-1, 1], rounded where PyTorch does. */
function inElements(at: Tensor, { size, alignCorners, isOfVolume }: Axis): Tensor {
  const fromEdge = at.add(1);
  if (isOfVolume) return alignCorners ? fromEdge.div(2).mul(size - 1) : fromEdge.mul(size).sub(1).div(2);
  return alignCorners ? fromEdge.mul((size - 1) / 2) : fromEdge.mul(size / 2).sub(0.5);
}

/** A position in [0, last], `ofNaN` for NaN. PyTorch multiplies its gradient by 0 where it was moved there. */
const clipOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'clip_coordinates',
  arity: 1,
  expression: (at, last, ofNaN) => E.min(E.max(E.select(E.isNaN(at), ofNaN, at), 0), last),
  gradient: ({ g }, at, last) => [E.mul(g, E.select(E.and(E.gt(at, 0), E.lt(at, last)), 1, 0))],
});

/** Positions inside the input. */
const clipped = (at: Tensor, { size, isOfVolume }: Axis): Tensor =>
  applyUnary(clipOp, at, [size - 1, isOfVolume ? size - 1 : 0]);

/** Positions as they are where an element is near, which have a gradient; all others are one outside. */
const nearbyOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'nearby_coordinates',
  arity: 1,
  expression: (at, size) => E.select(isNearby(at, size), at, -2),
  gradient: ({ g }, at, size) => [E.select(isNearby(at, size), g, 0)],
});
const isNearby = (at: E.Expr, size: E.Expr): E.Expr => E.and(E.gt(at, -2), E.lt(at, E.add(size, 1)));

/**
 * There and back is twice the span: what is left of the way beyond whole ones lies before the other edge, or comes back
 * from it.
 */
const wayLeft = (at: E.Expr, low: E.Expr, twice: E.Expr): E.Expr => {
  const distance = E.abs(E.sub(at, low));
  return E.sub(distance, E.mul(E.trunc(E.div(distance, twice)), twice));
};

const reflectOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'reflect_coordinates',
  arity: 1,
  expression(at, low, twice) {
    const rest = wayLeft(at, low, twice);
    return E.add(E.min(rest, E.sub(twice, rest)), low);
  },
  gradient({ g }, at, low, twice) {
    const rest = wayLeft(at, low, twice);
    const comesBack = E.xor(E.gt(rest, E.sub(twice, rest)), E.lt(at, low));
    return [E.mul(g, E.select(comesBack, -1, 1))];
  },
});

/** Positions mirrored at the edges until they are inside. */
function reflected(at: Tensor, { size, alignCorners }: Axis): Tensor {
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  if (span === 0) return applyUnary(clipOp, at, [0, 0]);
  return applyUnary(reflectOp, at, [low, 2 * span]);
}

const folded = (at: Tensor, axis: Axis): Tensor => (axis.padding === 'reflection' ? reflected(at, axis) : at);

const padded = (at: Tensor, axis: Axis): Tensor =>
  axis.padding === 'zeros' ? at : clipped(folded(at, axis), axis);

/** Without gradients at points of a volume that lie nowhere, (N, C, P): in PyTorch these are of no element. */
function withoutLost(y: Tensor, positions: readonly Tensor[], axes: readonly Axis[]): Tensor {
  const lost = positions
    .map((at, d) => isnan(folded(at.detach(), axes[d] as Axis)))
    .reduce((a, b) => a.logicalOr(b));
  return where(lost.unsqueeze(1), y.detach(), y);
}

const placeOps: ElementwiseOp[] = [];

/** The number that the element at whole positions has in its plane of those sizes, -1 where it lies outside. */
function placeOp(dims: number): ElementwiseOp {
  placeOps[dims] ??= new ElementwiseOp({
    name: 'place_in_plane',
    arity: dims,
    gradient: false,
    expression(...x) {
      const [positions, sizes] = [x.slice(0, dims), x.slice(dims)];
      const along = (d: number): E.Expr => sizes[d] ?? E.constant(0);
      const isInside = positions
        .map((at, d) => E.and(E.ge(at, 0), E.lt(at, along(d))))
        .reduce((a, b) => E.and(a, b));
      return E.select(
        isInside,
        positions.reduce((place, at, d) => E.add(E.mul(place, along(d)), at)),
        -1,
      );
    },
  });
  return placeOps[dims];
}

/** All combinations of what stands for each axis, (N, K, P), as one dimension, the last axis fastest: (N, K ..., P). */
function combined(along: readonly Tensor[], join: (along: readonly Tensor[]) => Tensor): Tensor {
  const all = along.map((x, d) =>
    x.reshape([x.size(0), ...along.map((_, k) => (k === d ? x.size(1) : 1)), x.size(2)]),
  );
  const joined = join(all);
  return joined.reshape([joined.size(0), along.reduce((n, x) => n * x.size(1), 1), joined.size(-1)]);
}

/** The number of each tap's element in its plane, of the taps' whole positions along each axis, (N, K, P). */
function placesOf(positions: readonly Tensor[], axes: readonly Axis[]): Tensor {
  const sizes = axes.map(({ size }) => size);
  // float32 holds no greater number exactly.
  const isLarge = sizes.reduce((n, size) => n * size, 1) > 2 ** 24;
  const exact = positions.map((at) => (isLarge ? at.double() : at));
  return combined(exact, (all) => applyElementwise(placeOp(all.length), all, sizes)).int();
}

const weightsOf = (along: readonly Tensor[]): Tensor =>
  combined(along, (all) => all.reduce((a, b) => a.mul(b)));

/** Whole positions around one along an axis, (N, K, P), with the weights that the elements there have. */
interface Around {
  readonly at: Tensor;
  readonly weight: Tensor;
}

const around = (taps: readonly (readonly [at: Tensor, weight: Tensor])[]): Around => ({
  at: stack(
    taps.map(([at]) => at),
    1,
  ).detach(),
  weight: stack(
    taps.map(([, weight]) => weight),
    1,
  ),
});

const pair = (at: Tensor): Around => {
  const first = at.detach().floor();
  const second = first.add(1);
  return around([
    [first, second.sub(at)],
    [second, at.sub(first)],
  ]);
};

/**
 * What the weights of four elements in a field of two dimensions are, by the way from the first row and the first
 * column.
 */
const fromFirst = (at: Tensor): Tensor => stack([at.neg().add(1), at], 1);
/** Their slopes along the way. */
const slopes = (at: Tensor): Tensor =>
  tensor([-1, 1], { dtype: at.dtype })
    .reshape([1, 2, 1])
    .expand([at.size(0), 2, at.size(1)]);

/**
 * The sums of four elements each in a field of two dimensions, by weights that follow from the ways from the first row
 * and the first column, (N, P). Slopes are of sums of elements, as PyTorch's: of terms by themselves an infinite
 * gradient leaves nothing.
 */
const betweenPrimitive: Primitive<undefined, [Tensor, Tensor, Tensor, Tensor, Tensor]> =
  /* @__PURE__ */ definePrimitive({
    name: 'bilinear',
    saves: INPUT(0) | INPUT(1) | INPUT(2) | INPUT(3) | INPUT(4),
    keepsNothing: true,
    infer: ([x, index]) => ({ shape: [x.size(0), x.size(1), index.size(2)], dtype: x.dtype }),
    kernel: ([x, index, weights], _, out) => sumTaps('y', x, index, weights, out),
    derivative(g, node) {
      const [x, index, down, along] = [node.input(0), node.input(1), node.input(3), node.input(4)];
      const toWay = (...by: Tensor[]): Tensor => sumOfTaps(x, index, weightsOf(by)).mul(g).sum(1);
      return [
        node.needs(0) ? gradientOfTaps(g, index, node.input(2), x.size(2)) : null,
        null,
        null,
        node.needs(3) ? toWay(slopes(down), fromFirst(along)) : null,
        node.needs(4) ? toWay(fromFirst(down), slopes(along)) : null,
      ];
    },
  });

/** The elements between the four around positions along each axis, (N, P), in planes of such elements. */
function between(flat: Tensor, positions: readonly Tensor[], axes: readonly Axis[]): Tensor {
  const first = positions.map((at) => at.detach().floor());
  const index = placesOf(
    first.map((at) => stack([at, at.add(1)], 1)),
    axes,
  );
  const [down, along] = positions.map((at, d) => at.sub(first[d] ?? 0)) as [Tensor, Tensor];
  const weights = weightsOf([fromFirst(down), fromFirst(along)]);
  return apply(betweenPrimitive, [flat, index, weights, down, along], undefined);
}

/**
 * Keys' cubic convolution, as PyTorch has it. The slopes are written out: of an infinite element's gradient the terms
 * have both signs.
 */
const sharpness = -0.75;
const nearOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'near_weight',
  arity: 1,
  expression: (x) => E.polynomial(x, [1, 0, -(sharpness + 3), sharpness + 2]),
  gradient: ({ g }, x) => [E.mul(g, E.polynomial(x, [0, -2 * (sharpness + 3), 3 * (sharpness + 2)]))],
});
const farOp = /* @__PURE__ */ new ElementwiseOp({
  name: 'far_weight',
  arity: 1,
  expression: (x) => E.polynomial(x, [-4 * sharpness, 8 * sharpness, -5 * sharpness, sharpness]),
  gradient: ({ g }, x) => [E.mul(g, E.polynomial(x, [8 * sharpness, -10 * sharpness, 3 * sharpness]))],
});
const near = (x: Tensor): Tensor => applyUnary(nearOp, x, []);
const far = (x: Tensor): Tensor => applyUnary(farOp, x, []);

const four = (at: Tensor, axis: Axis): Around => {
  const first = at.detach().floor();
  const t = at.sub(first);
  const rest = t.neg().add(1);
  const weights = [far(t.add(1)), near(t), near(rest), far(rest.add(1))];
  return around(weights.map((weight, k) => [padded(first.add(k - 1), axis), weight]));
};

/** The nearest element alone, whose weight has a gradient to its position, which is 0. */
const nearest = (at: Tensor): Around => around([[at.round(), where(zeros([1], { dtype: 'bool' }), at, 1)]]);

function checkGrid(x: Tensor, grid: Tensor): void {
  const shapes = `input with sizes ${formatShape(x.shape)} and grid with sizes ${formatShape(grid.shape)}`;
  const spatial = x.ndim - 2;
  if ((spatial !== 2 && spatial !== 3) || grid.ndim !== x.ndim) {
    throw new ShapeError(
      `gridSample: expected 4D or 5D input and grid with same number of dimensions, but got ${shapes}`,
    );
  }
  if (x.size(0) !== grid.size(0))
    throw new ShapeError(`gridSample: expected grid and input to have same batch size, but got ${shapes}`);
  if (grid.size(-1) !== spatial) {
    throw new ShapeError(
      `gridSample: expected grid to have size ${spatial} in last dimension, but got grid with sizes ${formatShape(grid.shape)}`,
    );
  }
  if (x.shape.slice(2).some((size) => size === 0)) {
    throw new ShapeError(
      `gridSample: expected input to have non-empty spatial dimensions, but got sizes ${formatShape(x.shape)}`,
    );
  }
  if (isFloatingPoint(x.dtype) && grid.dtype === x.dtype) return;
  throw new DTypeError(
    `gridSample: expected input and grid of one floating point dtype, but got ${x.dtype} and ${grid.dtype}; convert with to()`,
  );
}

/**
 * The elements of x, (N, C, H, W), at the positions of `grid`, (N, H', W', 2): each a pair (x, y) in [-1, 1], from edge
 * to edge of the input; likewise (N, C, D, H, W) and (N, D', H', W', 3). The result is (N, C, H', W'). Follows
 * `torch.nn.functional.grid_sample`.
 * @throws ShapeError when the shapes do not fit each other
 * @example
 * ```ts
 * const x = tensor([[[[1, 2], [3, 4]]]], { dtype: 'float32' });
 * const center = zeros([1, 1, 1, 2]);
 * F.gridSample(x, center); // tensor([[[[2.5000]]]])
 * ```
 */
export const gridSample = /* @__PURE__ */ composition(
  'gridSample',
  () => ({
    x: K.tensor,
    grid: K.tensor,
    options: K.options<GridSampleOptions>({
      mode: K.oneOf('bilinear', 'nearest', 'bicubic'),
      paddingMode: K.oneOf('zeros', 'border', 'reflection'),
      alignCorners: K.flag,
    }),
  }),
  (x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor => {
    const { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false } = options;
    checkGrid(x, grid);
    const [batch = 0, channels = 0, ...field] = x.shape;
    const isOfVolume = field.length === 3;
    const axes = field.map((size): Axis => ({ size, alignCorners, padding: paddingMode, isOfVolume }));
    const flat = x.reshape([batch, channels, field.reduce((n, size) => n * size, 1)]);
    const outside = grid.shape.slice(1, -1);
    const places = grid.reshape([batch, outside.reduce((n, size) => n * size, 1), field.length]);
    // The grid names the last dimension first.
    const positions = axes.map((axis, d) => inElements(places.select(2, field.length - 1 - d), axis));
    const sampled = (): Tensor => {
      if (mode === 'bilinear' && field.length === 2) {
        return between(
          flat,
          positions.map((at, d) => padded(at, axes[d] as Axis)),
          axes,
        );
      }
      const taps = positions.map((at, d) => {
        const axis = axes[d] as Axis;
        if (mode === 'bicubic') return four(at, axis);
        // Of volumes PyTorch works out no weights for what lies outside, which those of an image make NaN.
        const inside =
          isOfVolume && paddingMode === 'zeros' ? applyUnary(nearbyOp, at, [axis.size]) : padded(at, axis);
        return mode === 'bilinear' ? pair(inside) : nearest(inside);
      });
      const index = placesOf(
        taps.map(({ at }) => at),
        axes,
      );
      const y = sumOfTaps(flat, index, weightsOf(taps.map(({ weight }) => weight)));
      const isClipped = isOfVolume && mode !== 'bicubic' && paddingMode !== 'zeros';
      return isClipped ? withoutLost(y, positions, axes) : y;
    };
    const y = sampled().reshape([batch, channels, ...outside]);
    return composed(`grid_sampler${field.length}d`, y);
  },
);
