/** What kernels of other packages are made of where loops in JavaScript would keep a compiled program from running them. */
import { K, signature } from '../arguments/index.ts';
import { ShapeError } from '../errors.ts';
import * as kernels from '../kernels/index.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

export type { ClassFactors, ClassMask, Grouping } from '../kernels/index.ts';

const outsideTakes = signature('holdsOutside', {
  x: K.tensor,
  least: K.number,
  most: K.number,
  nan: K.flag,
});

/**
 * For kernels, which refuse what holds such: whether an element is below `least` or above `most`, or is NaN, where `nan` says that
 * this counts. In a compiled program never: one that finds such runs the kernel again, outside. Kindling's own.
 * @example holdsOutside(tensor([0, 2]), 0, 1); // true
 */
export function holdsOutside(x: Tensor, least: number, most: number, nan = false): boolean {
  outsideTakes(x, least, most, nan);
  return kernels.holdsOutside(x, least, most, nan);
}

const readTakes = signature('readTableRows', { table: K.tensor, indices: K.tensor, out: K.tensor });

/**
 * For kernels: stores the rows of a matrix that integers name, side by side. Gives the number of the first one that names no row, and
 * -1 where all do; in a compiled program always -1: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `table` is a matrix and `out` has a row for each index
 * @example
 * ```ts
 * const out = zeros([2, 2]);
 * readTableRows(tensor([[1, 2], [3, 4.5]]), tensor([1, 0]), out); // -1
 * out.tolist(); // [ [ 3, 4.5 ], [ 1, 2 ] ]
 * ```
 */
export function readTableRows(table: Tensor, indices: Tensor, out: Tensor): number {
  readTakes(table, indices, out);
  requireTable('readTableRows', table, indices, out);
  return kernels.readTableRows(table, indices, out);
}

const addTakes = signature('addTableRows', {
  values: K.tensor,
  indices: K.tensor,
  out: K.tensor,
  skipped: K.integer,
});

/**
 * For kernels: makes `out` a matrix of sums, in which each row is the sum of the rows of `values` whose indices name it; that of number
 * `skipped` stays 0. All indices name rows. The derivative of {@link readTableRows}. Kindling's own.
 * @throws ShapeError unless `out` is a matrix and `values` has a row for each index
 */
export function addTableRows(values: Tensor, indices: Tensor, out: Tensor, skipped: number): void {
  addTakes(values, indices, out, skipped);
  requireTable('addTableRows', out, indices, values);
  kernels.addTableRows(values, indices, out, skipped);
}

function requireTable(caller: string, table: Tensor, indices: Tensor, rows: Tensor): void {
  const [, width = 0] = table.shape;
  if (table.ndim === 2 && rows.count === indices.count * width && rows.dtype === table.dtype) return;
  throw new ShapeError(
    `${caller}: expected a matrix and a row of it for each index, got shape ${formatShape(table.shape)} (${table.dtype}), ` +
      `${indices.count} indices and rows of shape ${formatShape(rows.shape)} (${rows.dtype})`,
  );
}

const standardizeTakes = signature('standardizeGroups', {
  x: K.tensor,
  grouping: K.given<kernels.Grouping>({
    outer: K.count,
    groups: K.count,
    inner: K.count,
    eps: K.number,
  }),
  outs: K.tensors,
});

/**
 * For kernels: (x - mean) / sqrt(var + eps), where element (o, g, i) of x, seen as (outer, groups, inner), belongs to group g; and the
 * groups' means and biased variances. Sums are in float64. Kindling's own.
 * @throws ShapeError unless the sizes are those of x, and there are three results
 */
export function standardizeGroups(
  x: Tensor,
  grouping: kernels.Grouping,
  outs: readonly [Tensor, Tensor, Tensor],
): void {
  standardizeTakes(x, grouping, outs);
  const { outer, groups, inner } = grouping;
  const [y, ...statistics] = outs;
  const fits =
    x.count === outer * groups * inner &&
    y?.count === x.count &&
    statistics.length === 2 &&
    statistics.every(({ count }) => count === groups) &&
    outs.every(({ dtype }) => dtype === x.dtype);
  if (!fits) {
    throw new ShapeError(
      `standardizeGroups: expected ${outer} * ${groups} * ${inner} elements, and as many results, ${groups} means and ${groups} ` +
        `variances of that dtype, got shape ${formatShape(x.shape)} and ${outs.map((out) => formatShape(out.shape)).join(', ')}`,
    );
  }
  kernels.standardizeGroups(x, grouping, outs);
}

const maskTakes = signature('maskClasses', {
  target: K.tensor,
  mask: K.given<kernels.ClassMask>({ classes: K.count, dim: K.count, ignoreIndex: K.nullable(K.integer) }),
  out: K.tensor,
});

/**
 * For kernels: makes a mask of class indices, 1 where the class along `dim` is that of the target, else 0; targets of an `ignoreIndex`
 * that is no class are 0 throughout. Gives the number of the first target that is neither, and -1 where there is none, as in a
 * compiled program: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `out` has the classes along `dim`, and the shape of the target else
 */
export function maskClasses(target: Tensor, mask: kernels.ClassMask, out: Tensor): number {
  maskTakes(target, mask, out);
  const { classes, dim } = mask;
  if (out.shape[dim] !== classes || out.count !== target.count * classes) {
    throw new ShapeError(
      `maskClasses: expected ${classes} classes along dim ${dim} of a mask for a target of shape ${formatShape(target.shape)}, got ` +
        `shape ${formatShape(out.shape)}`,
    );
  }
  return kernels.maskClasses(target, mask, out);
}

const factorsTakes = signature('weighClasses', {
  target: K.tensor,
  weight: K.nullable(K.tensor),
  factors: K.given<kernels.ClassFactors>({ classes: K.count, scale: K.number }),
  out: K.tensor,
});

/**
 * For kernels: makes a matrix with a row for each target, which holds `scale` times the weight of its class, or `scale`, and 0 at the
 * class itself. Gives the number of the first target that is no class, and -1 where there is none, as in a compiled program: one that
 * finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `out` has a row of all classes for each target
 */
export function weighClasses(
  target: Tensor,
  weight: Tensor | null,
  factors: kernels.ClassFactors,
  out: Tensor,
): number {
  factorsTakes(target, weight, factors, out);
  const { classes } = factors;
  if (out.ndim !== 2 || out.shape[1] !== classes || out.count !== target.count * classes) {
    throw new ShapeError(
      `weighClasses: expected a row of ${classes} classes for each of ${target.count} targets, got shape ${formatShape(out.shape)}`,
    );
  }
  return kernels.classFactors(target, weight, factors, out);
}

const marginsTakes = signature('multilabelMargins', {
  x: K.tensor,
  target: K.tensor,
  gradients: K.nullable(K.tensor),
  out: K.tensor,
});

/**
 * For kernels: the losses of rows of scores x (N, n), or (n), whose target classes `target` lists, of the same shape, where -1 ends a
 * row's list: the sum over the listed classes j and all other classes i of max(0, 1 - x[j] + x[i]) / n. Given the losses' gradients,
 * those by the scores. Gives the number of the first element of `target` that is neither a class nor -1, and -1 where there is none,
 * as in a compiled program: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `out` has an element for each loss, or, of gradients, for each score
 */
export function multilabelMargins(x: Tensor, target: Tensor, gradients: Tensor | null, out: Tensor): number {
  marginsTakes(x, target, gradients, out);
  const rows = x.count / (x.shape.at(-1) ?? 1);
  const fits = gradients === null ? out.count === rows : out.count === x.count && gradients.count === rows;
  if (!fits || target.count !== x.count) {
    throw new ShapeError(
      `multilabelMargins: expected targets of shape ${formatShape(x.shape)} and a result for each ${gradients === null ? 'row' : 'score'}, ` +
        `got shapes ${formatShape(target.shape)} and ${formatShape(out.shape)}`,
    );
  }
  return kernels.multilabelMargins(x, target, gradients, out);
}
