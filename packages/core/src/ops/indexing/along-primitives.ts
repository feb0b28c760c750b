/**
 * A tensor read and written along one dimension, at an index for each element: each primitive is the derivative of the
 * other.
 */
import { isFloatingPoint, scalarNameOf, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import {
  type Combination,
  computeChecked,
  copyStrided,
  elementsOf,
  readAlong,
  recordMeans,
  writeAlong,
  writeFirst,
} from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT, type Primitive } from '../../record/index.ts';
import { formatShape, sameShape } from '../../shape.ts';
import { allocateZeroed } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { alongDim, checkIndexDType, positionsAlong } from './index-positions.ts';
import { combinations, readAt, writeAt } from './read-write.ts';

/** How `scatterReduce` combines the values that meet in one place. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

/** Checks that `index` has as many dimensions as x and fits within it apart from `dim`; empty ones always fit. */
function checkAlong(x: Tensor, dim: number, index: Tensor, caller: string): void {
  checkIndexDType(index, caller);
  if (index.count === 0) return;
  if (Math.max(index.shape.length, 1) !== Math.max(x.shape.length, 1)) {
    throw new ShapeError(
      `${caller}: Index tensor must have the same number of dimensions as input tensor: got ${formatShape(index.shape)} ` +
        `and ${formatShape(x.shape)}`,
    );
  }
  for (const [d, size] of x.shape.entries()) {
    if (d !== dim && (index.shape[d] ?? 1) > size) {
      throw new ShapeError(
        `${caller}: Size does not match at dimension ${d} expected index ${formatShape(index.shape)} to be no larger than ` +
          `self ${formatShape(x.shape)} apart from dimension ${dim}`,
      );
    }
  }
}

/** Reads: the derivative of {@link scatterAddPrimitive}. */
export const gatherPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'gather',
  saves: INPUT(1),
  infer([x, index], dim) {
    checkAlong(x, dim, index, 'gather');
    return { shape: index.shape, dtype: x.dtype };
  },
  kernel([x, index], dim, out) {
    const along = alongDim(x, dim, index);
    if (along !== null && readAlong(along, elementsOf(x), elementsOf(index), elementsOf(out))) return;
    readAt(x.storage.array, positionsAlong(x, dim, index, 'gather'), out.storage.array, out.offset);
  },
  derivative(g, node) {
    const target = zeros(node.shape(0), { dtype: g.dtype });
    const attrs = { dim: node.attrs, how: 'sum', includeSelf: true, caller: 'scatterAdd' } as const;
    return [apply(scatterAddPrimitive, [target, node.input(1), g], attrs), null];
  },
});

/** How values are scattered. */
interface Scattering {
  readonly dim: number;
  readonly how: 'set' | ScatterReduction;
  /** Whether x's own values take part in the reduction. */
  readonly includeSelf: boolean;
  readonly caller: string;
}

type Derivative = (g: Tensor, node: GradNode<Scattering>) => (Tensor | null)[];

/** An operation of x, an index and a source: one kernel serves all. */
export function defineScatter(name: string, saves: number, derivative: Derivative) {
  return definePrimitive<Scattering, [Tensor, Tensor, Tensor]>({
    name,
    saves,
    infer([x, index, src], { dim, how, caller }) {
      if (how === 'mean' && x.dtype === 'bool')
        throw new DTypeError(`${caller}: mean not implemented for bool`);
      checkAlong(x, dim, index, caller);
      checkSource(x, index, src, caller);
      return { shape: x.shape, dtype: x.dtype };
    },
    kernel([x, index, src], { dim, how, includeSelf, caller }, out) {
      const values = elementsOf(src);
      const target = out.storage.array;
      copyStrided(x, target);
      // Of bools a sum is "or".
      const combine = how === 'sum' && out.dtype === 'bool' ? 'amax' : how;
      const isDirect = combine !== 'mean' && (includeSelf || combine === 'set');
      const along = isDirect ? alongDim(out, dim, index) : null;
      if (
        isDirect &&
        along !== null &&
        writeAlong(along, elementsOf(out), elementsOf(index), values, combine)
      )
        return;
      const positions = positionsAlong(out, dim, index, caller);
      if (combine === 'mean') {
        const floating = isFloatingPoint(out.dtype);
        computeChecked(target, (means) => scatterMean(means, positions, values, includeSelf, floating));
      } else {
        if (includeSelf || combine === 'set') writeAt(target, positions, values, combine);
        else scatterFirst(target, positions, values, combine);
      }
    },
    derivative,
  });
}

/** A reduction that starts from the first value scattered to each place. */
function scatterFirst(out: TypedArray, positions: Int32Array, values: TypedArray, how: Combination): void {
  if (writeFirst(out, positions, values, how)) return;
  const seen = allocateZeroed('uint8', out.length);
  const step = values.length === 1 ? 0 : 1;
  for (let p = 0; p < positions.length; p++) {
    const at = positions[p]!;
    const value = values[p * step]!;
    out[at] = seen[at] === 0 ? value : combinations[how](out[at]!, value);
    seen[at] = 1;
  }
}

function scatterMean(
  out: TypedArray,
  positions: Int32Array,
  values: TypedArray,
  includeSelf: boolean,
  floating: boolean,
): void {
  if (includeSelf) writeAt(out, positions, values, 'sum');
  else scatterFirst(out, positions, values, 'sum');
  if (recordMeans(out, positions, includeSelf, floating)) return;
  const counts = allocateZeroed('int32', out.length);
  for (let p = 0; p < positions.length; p++) counts[positions[p]!]!++;
  for (let at = 0; at < counts.length; at++) {
    if (counts[at] === 0) continue;
    const mean = out[at]! / (counts[at]! + Number(includeSelf));
    out[at] = floating ? mean : Math.floor(mean);
  }
}

function checkSource(x: Tensor, index: Tensor, src: Tensor, caller: string): void {
  if (src.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: Expected self.dtype to be equal to src.dtype, got ${scalarNameOf(x.dtype)} and ${scalarNameOf(src.dtype)}`,
    );
  }
  if (src.count !== 1 && !sameShape(src.shape, index.shape)) {
    throw new ShapeError(
      `${caller}: Expected index ${formatShape(index.shape)} to be no larger than self ${formatShape(x.shape)} apart ` +
        `from the scattered dimension and to be no larger size than src ${formatShape(src.shape)}`,
    );
  }
}

/** Overwrites. */
export const scatterPrimitive = defineScatter('scatter', INPUT(1), (g, node) => {
  const index = node.input(1);
  return [
    node.needs(0) ? apply(scatterPrimitive, [g, index, Tensor.scalar(0, g.dtype)], node.attrs) : null,
    null,
    node.needs(2) ? apply(gatherPrimitive, [g, index], node.attrs.dim) : null,
  ];
});

/** Adds: the derivative of {@link gatherPrimitive}. */
export const scatterAddPrimitive = defineScatter('scatter_add', INPUT(1), (g, node) => [
  node.needs(0) ? g : null,
  null,
  node.needs(2) ? apply(gatherPrimitive, [g, node.input(1)], node.attrs.dim) : null,
]);
