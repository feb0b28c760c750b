/** How elements are grouped to be normalised, and the numbers that the kernels take of it. */

/**
 * A tensor is seen as (samples, outer, groups, parts, run), where `samples` or `outer` is 1: element (s, o, g, p, i)
 * belongs to group (s, g). What is learned, if anything, is one factor and one summand for each (g, p).
 */
export interface Grouping {
  /** How many samples there are, each with groups of its own. */
  readonly samples: number;
  /** How many blocks there are, each with some elements of every group. */
  readonly outer: number;
  /** How many groups a sample has. */
  readonly groups: number;
  /** Into how many parts, each with a factor and a summand of its own, a group is cut. */
  readonly parts: number;
  /** How many elements lie side by side in a part. */
  readonly run: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Whether the mean is subtracted; else it counts as 0. */
  readonly centered: boolean;
  /**
   * Whether the derivative by x multiplies by the factor of a group, which has but one, in the end, not each gradient
   * by it.
   */
  readonly scalesLast: boolean;
}

/** How factors lie along a group: there are none, one for each part, or one for each element. */
type Form = 'plain' | 'parts' | 'elements';

/** What a kernel is compiled for. */
export interface Variant {
  readonly form: Form;
  /** Whether a summand is added. */
  readonly shifts: boolean;
  readonly centered: boolean;
  readonly scalesLast: boolean;
  /** Whether a group is a column of a matrix: lanes hold neighbouring groups, not neighbouring elements. */
  readonly columns: boolean;
}

/** The kernel for a grouping whose factors are given, or not. */
export function variantOf(g: Grouping, scales: boolean, shifts: boolean): Variant {
  const columns = g.outer > 1 && g.parts * g.run === 1;
  const form = !scales ? 'plain' : g.run === 1 && g.outer === 1 ? 'elements' : 'parts';
  return { form, shifts, centered: g.centered, scalesLast: g.scalesLast, columns };
}

/** Of how many rows of elements the sums of gradients by factors are added up at a time. */
export const BLOCK = 32;

/** Elements from one row of such sums to the next. */
export const pitchOfSums = (columns: number): number => Math.ceil(columns / 8) * 8;
