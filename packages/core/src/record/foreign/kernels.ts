/**
 * What kernels of other packages are made of where loops in JavaScript would keep a compiled program from running them.
 */
import { K, signature } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import * as kernels from '../../kernels/index.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

export type { AlignmentRules, ClassFactors, ClassMask, MadeOfTaps } from '../../kernels/index.ts';

const outsideTakes = signature('holdsOutside', {
  x: K.tensor,
  least: K.number,
  most: K.number,
  nan: K.optional(K.flag),
});

/**
 * For kernels, which refuse what holds such: whether an element is below `least` or above `most`, or is NaN, where
 * `nan` says that this counts. In a compiled program never: one that finds such runs the kernel again, outside.
 * Kindling's own.
 * @example holdsOutside(tensor([0, 2]), 0, 1); // true
 */
export function holdsOutside(x: Tensor, least: number, most: number, nan = false): boolean {
  outsideTakes(arguments);
  return kernels.holdsOutside(x, least, most, nan);
}

const workTakes = signature('worksInJavaScript', { what: K.text });

/**
 * For kernels that are meant to work on elements in JavaScript, as those that draw numbers one after the other: a
 * compiled program runs them so, on its memory, and `explain()` says `what` they do. Kindling's own.
 */
export function worksInJavaScript(what: string): void {
  workTakes(arguments);
  kernels.worksInJavaScript(what);
}

const copyTakes = signature('copyElements', { x: K.tensor, out: K.tensor });

/**
 * For kernels: stores the elements of `x`, in row-major order, as those of the contiguous `out`, converted to its
 * dtype. Kindling's own.
 * @throws ShapeError unless `out` has as many elements and is contiguous
 */
export function copyElements(x: Tensor, out: Tensor): void {
  copyTakes(arguments);
  if (out.count !== x.count || !out.dense)
    throw new ShapeError(
      `copyElements: expected a contiguous tensor of ${x.count} elements, got shape ${formatShape(out.shape)}`,
    );
  kernels.copyStrided(x, out.storage.array, out.offset, out.dtype);
}

const readTakes = signature('readTableRows', {
  table: K.tensor,
  indices: K.tensor,
  out: K.tensor,
  skipped: K.optional(K.integer),
});

/**
 * For kernels: stores the rows of a matrix that integers name, side by side, and zeros in place of row number
 * `skipped`, unless it is -1. Gives the number of the first integer that names no row, and -1 where all do; in a
 * compiled program always -1: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `table` is a matrix and `out` has a row for each index
 * @example
 * ```ts
 * const out = zeros([2, 2]);
 * readTableRows(tensor([[1, 2], [3, 4.5]]), tensor([1, 0]), out); // -1
 * out.tolist(); // [ [ 3, 4.5 ], [ 1, 2 ] ]
 * ```
 */
export function readTableRows(table: Tensor, indices: Tensor, out: Tensor, skipped = -1): number {
  readTakes(arguments);
  requireTable('readTableRows', table, indices, out);
  return kernels.readTableRows(table, indices, out, skipped);
}

/** How {@link addTableRows} adds rows up. */
export interface RowSums extends kernels.RowSums {
  /** Integers that name the rows of `values` which take part, one for each index. Default: each row once, in order. */
  readonly from?: Tensor;
}

const addTakes = signature('addTableRows', {
  values: K.tensor,
  indices: K.tensor,
  out: K.tensor,
  how: K.given<RowSums>({ skipped: K.integer, byFrequency: K.flag, from: K.optional(K.tensor) }),
});

/**
 * For kernels: makes `out` a matrix of sums, in which each row is the sum of the rows of `values` whose indices name
 * it, divided by how many these are, if `byFrequency`; that of number `skipped` stays 0. All indices name rows. The
 * derivative of {@link readTableRows}. Where integers `from` name rows of `values`, it is those that are added up, once
 * for each index: then its own derivative, with indices and `from` the other way round, and with neither of the two.
 * Kindling's own.
 * @throws ShapeError unless `out` is a matrix and `values` has a row for each index, or, where `from` is given, that
 *   has an element for each
 */
export function addTableRows(values: Tensor, indices: Tensor, out: Tensor, how: RowSums): void {
  addTakes(arguments);
  if (how.from === undefined) requireTable('addTableRows', out, indices, values);
  else requireNamed('addTableRows', values, how.from, indices, [out, values]);
  kernels.addTableRows(values, indices, out, how);
}

const greatestTakes = signature('greatestTableRows', {
  table: K.tensor,
  indices: K.tensor,
  bags: K.tensor,
  out: K.tensor,
});

/**
 * For kernels: of each bag of a matrix's rows, column by column, the number of the first row with the greatest element,
 * into int32, and -1 where the bag is empty: integers `indices` name rows, `bags` the bag, a row of `out`, that each is
 * in. Nothing is greater than NaN, nor NaN than anything. Gives the number of the first index that names no row, and -1
 * where all do; in a compiled program always -1: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `table` and `out` are matrices of one width, and `bags` has an element for each index
 * @example
 * ```ts
 * const out = zeros([2, 2], { dtype: 'int32' });
 * greatestTableRows(tensor([[1, 4.5], [3, 2]]), tensor([0, 1]), tensor([0, 0]), out); // -1
 * out.tolist(); // [ [ 1, 0 ], [ -1, -1 ] ]
 * ```
 */
export function greatestTableRows(table: Tensor, indices: Tensor, bags: Tensor, out: Tensor): number {
  greatestTakes(arguments);
  requireNamed('greatestTableRows', table, indices, bags, [out]);
  return kernels.greatestTableRows(table, indices, bags, out);
}

const bagsTakes = signature('numberBags', { offsets: K.tensor, out: K.tensor });

/**
 * For kernels: of int32 `offsets`, where bags begin, into int32 the number of the bag that each element of `out` is in.
 * Gives the number of the first offset that is below the one before it or above the length of `out`, or is the first
 * and not 0; and -1 where all fit, in a compiled program always: one that finds that they do not runs the kernel again,
 * outside. Kindling's own.
 * @throws DTypeError unless both are int32
 * @example
 * ```ts
 * const out = zeros(4, { dtype: 'int32' });
 * numberBags(tensor([0, 1, 1]), out); // -1
 * out.tolist(); // [ 0, 2, 2, 2 ]
 * ```
 */
export function numberBags(offsets: Tensor, out: Tensor): number {
  bagsTakes(arguments);
  if (offsets.dtype !== 'int32' || out.dtype !== 'int32')
    throw new DTypeError(
      `numberBags: expected int32 offsets and numbers, got ${offsets.dtype} and ${out.dtype}; convert with to('int32')`,
    );
  return kernels.numberBags(offsets, out);
}

/** Of tables of one width, and two integers for each row that goes from one to the other. */
function requireNamed(
  caller: string,
  table: Tensor,
  from: Tensor,
  to: Tensor,
  others: readonly Tensor[],
): void {
  const fits = others.every((x) => x.ndim === 2 && x.shape[1] === table.shape[1]);
  if (table.ndim === 2 && fits && from.count === to.count) return;
  throw new ShapeError(
    `${caller}: expected matrices of one width and as many integers that name rows of one as of the other, got shapes ` +
      `${[table, ...others].map(({ shape }) => formatShape(shape)).join(', ')} and ${from.count} and ${to.count} integers`,
  );
}

function requireTable(caller: string, table: Tensor, indices: Tensor, rows: Tensor): void {
  const [, width = 0] = table.shape;
  if (table.ndim === 2 && rows.count === indices.count * width && rows.dtype === table.dtype) return;
  throw new ShapeError(
    `${caller}: expected a matrix and a row of it for each index, got shape ${formatShape(table.shape)} (${table.dtype}), ` +
      `${indices.count} indices and rows of shape ${formatShape(rows.shape)} (${rows.dtype})`,
  );
}

const maskTakes = signature('maskClasses', {
  target: K.tensor,
  mask: K.given<kernels.ClassMask>({ classes: K.count, dim: K.count, ignoreIndex: K.nullable(K.integer) }),
  out: K.tensor,
});

/**
 * For kernels: makes a mask of class indices, 1 where the class along `dim` is that of the target, else 0; targets of
 * an `ignoreIndex` that is no class are 0 throughout. Gives the number of the first target that is neither, and -1
 * where there is none, as in a compiled program: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `out` has the classes along `dim`, and the shape of the target else
 */
export function maskClasses(target: Tensor, mask: kernels.ClassMask, out: Tensor): number {
  maskTakes(arguments);
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
 * For kernels: makes a matrix with a row for each target, which holds `scale` times the weight of its class, or
 * `scale`, and 0 at the class itself. Gives the number of the first target that is no class, and -1 where there is
 * none, as in a compiled program: one that finds such runs the kernel again, outside. Kindling's own.
 * @throws ShapeError unless `out` has a row of all classes for each target
 */
export function weighClasses(
  target: Tensor,
  weight: Tensor | null,
  factors: kernels.ClassFactors,
  out: Tensor,
): number {
  factorsTakes(arguments);
  const { classes } = factors;
  if (out.ndim !== 2 || out.shape[1] !== classes || out.count !== target.count * classes) {
    throw new ShapeError(
      `weighClasses: expected a row of ${classes} classes for each of ${target.count} targets, got shape ${formatShape(out.shape)}`,
    );
  }
  return kernels.classFactors(target, weight ?? null, factors, out);
}

const marginsTakes = signature('multilabelMargins', {
  x: K.tensor,
  target: K.tensor,
  gradients: K.nullable(K.tensor),
  out: K.tensor,
});

/**
 * For kernels: the losses of rows of scores x (N, n), or (n), whose target classes `target` lists, of the same shape,
 * where -1 ends a row's list: the sum over the listed classes j and all other classes i of max(0, 1 - x[j] + x[i]) / n.
 * Given the losses' gradients, those by the scores. Gives the number of the first element of `target` that is neither a
 * class nor -1, and -1 where there is none, as in a compiled program: one that finds such runs the kernel again,
 * outside. Kindling's own.
 * @throws ShapeError unless `out` has an element for each loss, or, of gradients, for each score
 */
export function multilabelMargins(x: Tensor, target: Tensor, gradients: Tensor | null, out: Tensor): number {
  marginsTakes(arguments);
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

const fitTakes = signature('alignmentsFit', { alignments: K.tensors });

/**
 * For kernels: whether lengths and labels fit what they are to be aligned with, given log-probabilities (T, N, C),
 * labels, (N, S) or all in one row, and the lengths of input and target of each sample, (N,), all of them integers. In
 * a compiled program always: one that finds that they do not runs the kernel again, outside. Kindling's own.
 * @throws ShapeError for tensors of other shapes
 */
export function alignmentsFit(alignments: readonly [Tensor, Tensor, Tensor, Tensor]): boolean {
  fitTakes(arguments);
  requireAlignments('alignmentsFit', alignments);
  return kernels.alignmentsFit(alignments);
}

const alignmentsTakes = signature('alignmentLosses', {
  alignments: K.tensors,
  rules: K.given<kernels.AlignmentRules>({ blank: K.count, zeroInfinity: K.flag }),
  gradients: K.nullable(K.tensor),
  out: K.tensor,
});

/**
 * For kernels: of what {@link alignmentsFit} takes, and finds to fit, the loss of each sample, -log of the probability
 * of its labels over all alignments; or, where those by the losses are given, the gradients by the log-probabilities,
 * through a log-softmax before them. Kindling's own.
 * @throws ShapeError for tensors of other shapes, or unless `out` has an element for each loss, or, of gradients, for
 *   each log-probability
 */
export function alignmentLosses(
  alignments: readonly [Tensor, Tensor, Tensor, Tensor],
  rules: kernels.AlignmentRules,
  gradients: Tensor | null,
  out: Tensor,
): void {
  alignmentsTakes(arguments);
  requireAlignments('alignmentLosses', alignments);
  const [x] = alignments;
  const batch = x.shape[1] ?? 1;
  const fits = gradients === null ? out.count === batch : out.count === x.count && gradients.count === batch;
  if (!fits || !(rules.blank < (x.shape[2] ?? 0))) {
    throw new ShapeError(
      `alignmentLosses: expected a blank below the number of classes and a result for each ${gradients === null ? 'sample' : 'log-probability'} ` +
        `of shape ${formatShape(x.shape)}, got blank ${rules.blank} and shape ${formatShape(out.shape)}`,
    );
  }
  kernels.alignmentLosses(alignments, rules, gradients, out);
}

function requireAlignments(caller: string, [x, targets, ...lengths]: readonly Tensor[]): void {
  const batch = x?.shape[1];
  const fits =
    x?.ndim === 3 &&
    lengths.length === 2 &&
    lengths.every(({ count }) => count === batch) &&
    (targets?.ndim === 1 || (targets?.ndim === 2 && targets.shape[0] === batch));
  if (fits) return;
  const shapes = [x, targets, ...lengths].map((given) => formatShape(given?.shape ?? []));
  throw new ShapeError(
    `${caller}: expected log-probabilities (T, N, C), labels (N, S) or (S) and two lengths (N), got shapes ${shapes.join(', ')}`,
  );
}

const tapsTakes = signature('sumTaps', {
  made: K.oneOf('x', 'weights', 'y'),
  x: K.tensor,
  index: K.tensor,
  weights: K.tensor,
  y: K.tensor,
});

/**
 * For kernels: y[n, c, p] = sum over k of x[n, c, index[n, k, p]] weights[n, k, p], where an index that is none of x
 * stands for an element 0. `made` names what is made of the two others, and is contiguous: x and weights are made the
 * gradients that reach them of one to y. Of x, (N, C, S), and y, (N, C, P), weights and index, (N, K, P), all but the
 * integers `index` are of one floating dtype. Kindling's own.
 * @throws ShapeError unless the shapes and dtypes fit each other
 * @example
 * ```ts
 * const x = tensor([[[1.5, 2, 4]]]);
 * const y = zeros([1, 1, 2]);
 * sumTaps('y', x, tensor([[[0, 2], [1, 9]]]), ones([1, 2, 2]), y);
 * y.tolist(); // [ [ [ 3.5, 4 ] ] ]
 * ```
 */
export function sumTaps(
  made: kernels.MadeOfTaps,
  x: Tensor,
  index: Tensor,
  weights: Tensor,
  y: Tensor,
): void {
  tapsTakes(arguments);
  const [batch = 0, channels = 0, size = 0] = x.shape;
  const [, taps = 0, points = 0] = index.shape;
  const fits =
    sameShape(index.shape, [batch, taps, points]) &&
    sameShape(weights.shape, index.shape) &&
    sameShape(x.shape, [batch, channels, size]) &&
    sameShape(y.shape, [batch, channels, points]) &&
    index.dtype === 'int32' &&
    isFloatingPoint(x.dtype) &&
    [weights, y].every(({ dtype }) => dtype === x.dtype);
  if (!fits || !{ x, weights, y }[made].dense) {
    const given = Object.entries({ x, index, weights, y }).map(
      ([name, { shape, dtype }]) => `${name} of shape ${formatShape(shape)} (${dtype})`,
    );
    throw new ShapeError(
      `sumTaps: expected x (N, C, S), index (N, K, P), weights (N, K, P) and y (N, C, P), got ${given.join(', ')}`,
    );
  }
  const arrays = {
    x: kernels.elementsOf(x),
    index: kernels.elementsOf(index),
    weights: kernels.elementsOf(weights),
    y: kernels.elementsOf(y),
  };
  kernels.sumTaps(made, { batch, channels, points, taps, size }, arrays);
}
