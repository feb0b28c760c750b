import { alias, composition } from '../../arguments/composition.ts';
import { K, signature } from '../../arguments/index.ts';
import { type DType, promoteTypes } from '../../dtype.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { copyStrided, joinRows, scatterStrided, stridedOver } from '../../kernels/index.ts';
import { apply, composed, definePrimitive } from '../../record/index.ts';
import { contiguousStrides, formatShape, normalizeDim, numelOf, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { meetingDType } from '../elementwise/result-type.ts';
import { denseLayout, sizeAlong } from '../views/layout.ts';
import { rangeLayout } from '../views/ranges.ts';
import { embedRegion } from '../views/region.ts';
import { atleast1d, atleast2d, atleast3d, reshape } from '../views/shape.ts';
import { narrow, select } from '../views/slices.ts';

/** Tensors, as one list, and such a list once it is known to hold any. */
type Tensors = readonly Tensor[];
type SomeTensors = readonly [Tensor, ...Tensor[]];

const commonType = ([first, ...others]: SomeTensors): DType =>
  others.reduce<DType>((dtype, x) => promoteTypes(dtype, x.dtype), first.dtype);

function checkList(tensors: Tensors, caller: string): asserts tensors is SomeTensors {
  if (tensors.length === 0) throw new ValueError(`${caller}(): expected a non-empty list of Tensors`);
}

/**
 * Writes parts side by side: each is a region of the result, which leads through it by `strides`, that far after the
 * one before.
 */
function place(
  parts: Tensors,
  rows: number,
  strides: readonly number[],
  lengthOf: (part: Tensor) => number,
  out: Tensor,
): void {
  const { array } = out.storage;
  const asTheyLie = rows > 1 && parts.every(({ dense, dtype }) => dense && dtype === out.dtype);
  if (asTheyLie && joinRows(parts, parts.map(lengthOf), rows, array)) return;
  let offset = 0;
  for (const part of parts) {
    if (rows === 1) copyStrided(part, array, offset, out.dtype);
    else if (part.count > 0) scatterStrided(part, stridedOver(array, out.dtype, part.shape, offset, strides));
    offset += lengthOf(part);
  }
}

const rowsBefore = (shape: Shape, dim: number): number => numelOf(shape.slice(0, dim));

const rowLength = (shape: Shape, dim: number): number => numelOf(shape.slice(dim));

/** Vectors without elements may be joined with anything. */
const isNothing = (shape: Shape): boolean => shape.length === 1 && shape[0] === 0;

/** The tensor whose shape the others have to fit. */
const exemplar = (tensors: SomeTensors): Tensor => tensors.find((x) => !isNothing(x.shape)) ?? tensors[0];

const catPrimitive = definePrimitive<number, SomeTensors>({
  name: 'cat',
  saves: 0,
  infer(tensors, dim) {
    const first = exemplar(tensors).shape;
    let size = 0;
    for (const [k, { shape }] of tensors.entries()) {
      if (isNothing(shape)) continue;
      if (shape.length !== first.length) {
        throw new ShapeError(
          `cat: Tensors must have same number of dimensions: got ${first.length} and ${shape.length} (shapes ` +
            `${formatShape(first)} and ${formatShape(shape)})`,
        );
      }
      const bad = shape.findIndex((n, d) => d !== dim && n !== first[d]);
      if (bad >= 0) {
        throw new ShapeError(
          `cat: Sizes of tensors must match except in dimension ${dim}. Expected size ${first[bad]} but got size ` +
            `${shape[bad]} for tensor number ${k} in the list, in dimension ${bad}: shapes ${formatShape(first)} and ` +
            formatShape(shape),
        );
      }
      size += sizeAlong({ shape }, dim);
    }
    return { shape: first.map((n, d) => (d === dim ? size : n)), dtype: commonType(tensors) };
  },
  kernel(tensors, dim, out) {
    const lengthOf = ({ shape }: Tensor): number => (isNothing(shape) ? 0 : rowLength(shape, dim));
    place(tensors, rowsBefore(out.shape, dim), contiguousStrides(out.shape), lengthOf, out);
  },
  derivative(g, node) {
    const dim = node.attrs;
    let start = 0;
    return node.inputShapes.map((shape, k) => {
      if (isNothing(shape)) return node.needs(k) ? zeros(shape, { dtype: g.dtype }) : null;
      const length = sizeAlong({ shape }, dim);
      start += length;
      return node.needs(k) ? narrow(g, dim, start - length, length) : null;
    });
  },
});

const catParameters = { tensors: K.tensors, dim: K.optional(K.integer) };
const catTakes = signature('cat', catParameters);

/**
 * The tensors joined along an existing dimension; all other sizes are equal. dtypes are promoted; one-dimensional
 * tensors without elements are passed over. Follows `torch.cat`.
 * @throws ShapeError when shapes do not fit or a tensor has no dimension, ValueError when `tensors` is no list or
 * empty, IndexError when `dim` is out of range.
 * @example cat([tensor([[1, 2]]), tensor([[3, 4]])], 1); // tensor([[1, 2, 3, 4]])
 */
export function cat(tensors: Tensors, dim = 0): Tensor {
  catTakes(arguments);
  checkList(tensors, 'cat');
  const scalar = tensors.findIndex((x) => x.shape.length === 0);
  if (scalar >= 0) {
    throw new ShapeError(
      `cat: zero-dimensional tensor (at position ${scalar}) cannot be concatenated; stack() joins those`,
    );
  }
  return apply(catPrimitive, tensors, normalizeDim(dim, exemplar(tensors).shape.length, 'cat'));
}

/** {@link cat}. Follows `torch.concat`. */
export const concat = alias('concat', cat);
/** {@link cat}. Follows `torch.concatenate`. */
export const concatenate = alias('concatenate', cat);

const stackPrimitive = definePrimitive<number, SomeTensors>({
  name: 'stack',
  saves: 0,
  infer(tensors, dim) {
    const first = tensors[0].shape;
    for (const [k, { shape }] of tensors.entries()) {
      if (sameShape(shape, first)) continue;
      throw new ShapeError(
        `stack expects each tensor to be equal size, but got ${formatShape(first)} at entry 0 and ${formatShape(shape)} at entry ${k}`,
      );
    }
    return {
      shape: [...first.slice(0, dim), tensors.length, ...first.slice(dim)],
      dtype: commonType(tensors),
    };
  },
  kernel(tensors, dim, out) {
    const length = rowLength(tensors[0].shape, dim);
    place(
      tensors,
      rowsBefore(out.shape, dim),
      contiguousStrides(out.shape).toSpliced(dim, 1),
      () => length,
      out,
    );
  },
  derivative: (g, node) => node.inputShapes.map((_, k) => (node.needs(k) ? select(g, node.attrs, k) : null)),
});

const stackTakes = signature('stack', catParameters);

/**
 * Tensors of one shape joined along a new dimension. Follows `torch.stack`.
 * @throws ShapeError when shapes differ, ValueError when `tensors` is no list or empty, IndexError when `dim` is out of
 *   range.
 * @example stack([tensor([1, 2]), tensor([3, 4])], 1).tolist(); // [ [ 1, 3 ], [ 2, 4 ] ]
 */
export function stack(tensors: Tensors, dim = 0): Tensor {
  stackTakes(arguments);
  checkList(tensors, 'stack');
  return apply(stackPrimitive, tensors, normalizeDim(dim, tensors[0].shape.length + 1, 'stack'));
}

const listParameters = { tensors: K.tensors };
/**
 * {@link cat} along columns (of one dimension: end to end). Follows `torch.hstack`.
 * @throws the errors of {@link cat}.
 */
export const hstack = composition('hstack', listParameters, (tensors: Tensors): Tensor => {
  checkList(tensors, 'hstack');
  return cat(atleast1d(tensors), tensors[0].shape.length <= 1 ? 0 : 1);
});

/**
 * {@link cat} along rows; one dimension is a row. Follows `torch.vstack`.
 * @throws the errors of {@link cat}.
 */
export const vstack = composition('vstack', listParameters, (tensors: Tensors): Tensor => {
  checkList(tensors, 'vstack');
  return cat(atleast2d(tensors), 0);
});

/** {@link vstack}. Follows `torch.row_stack`. */
export const rowStack = alias('rowStack', vstack);

/**
 * {@link cat} along the third dimension. Follows `torch.dstack`.
 * @throws the errors of {@link cat}.
 */
export const dstack = composition('dstack', listParameters, (tensors: Tensors): Tensor => {
  checkList(tensors, 'dstack');
  return cat(atleast3d(tensors), 2);
});

/**
 * {@link cat} along columns; one dimension is a column. Follows `torch.column_stack`.
 * @throws the errors of {@link cat}.
 */
export const columnStack = composition('columnStack', listParameters, (tensors: Tensors): Tensor => {
  checkList(tensors, 'columnStack');
  return hstack(tensors.map((x) => (x.shape.length <= 1 ? reshape(x, [x.count, 1]) : x)));
});

const blockDiagTakes = signature('blockDiag', listParameters);

/**
 * The tensors, of at most two dimensions, along the diagonal of a matrix that is 0 elsewhere. Follows
 * `torch.block_diag`.
 * @throws ShapeError when a tensor has more than two dimensions.
 */
export function blockDiag(...tensors: Tensors): Tensor {
  blockDiagTakes([tensors]);
  // Zero-dimensional tensors have less of a say in the dtype: it is found before they become matrices.
  const dtype = meetingDType(tensors);
  const blocks = tensors.map((x) => {
    if (x.shape.length > 2) {
      throw new ShapeError(
        `blockDiag: Input tensors must have 2 or fewer dimensions. Got ${formatShape(x.shape)}`,
      );
    }
    return atleast2d(to(x, dtype));
  });
  const width = blocks.reduce((n, x) => n + sizeAlong(x, 1), 0);
  let start = 0;
  const rows = blocks.map((x) => {
    const shape = [sizeAlong(x, 0), width];
    const columns = { dim: 1, start, step: 1, length: sizeAlong(x, 1) };
    start += columns.length;
    return embedRegion(x, shape, rangeLayout(denseLayout(shape), columns));
  });
  return composed('block_diag', cat(rows, 0));
}
