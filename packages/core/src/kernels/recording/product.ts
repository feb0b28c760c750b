import type { FloatLane } from '../wasm/index.ts';
import { bytesOfLane } from '../wasm/lanes.ts';
import type { Address } from './kernel.ts';
import type { Area } from './place.ts';

/** Where a matrix lies: its first element, and the bytes from a row, and from a column, to the next. */
export interface Matrix {
  readonly at: Address;
  readonly row: number;
  readonly column: number;
}

/** In which order the sums of a product come about: what decides its bits. */
type Summing =
  /** One term after another. */
  | 'steps'
  /** As many sums as a vector has lanes, each of every so manieth term, that are added up two and two. */
  | 'lanes'
  /** One term after another, in float64, and rounded once. */
  | 'wide';

/** c = alpha * a @ b + beta * added, of matrices so small that a function is written for their sizes. */
export interface Product {
  readonly kind: 'product';
  readonly name: string;
  readonly lane: FloatLane;
  readonly summing: Summing;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Matrix;
  readonly b: Matrix;
  /** Contiguous, row by row. */
  readonly c: Address;
  readonly added: Matrix | null;
  readonly alpha: number;
  /** 1 unless sums are `wide`. */
  readonly beta: number;
}

/** Multiply-adds up to which a function of its own serves a product better than the one for all. */
const mostWrittenOut = 2 ** 15;
/** Terms up to which the kernels for all sizes cut no sum. */
const mostTerms = 256;

/**
 * Whether operands lie as vectors take them: for `lanes` of some length terms side by side, else columns of b, unless
 * few vectors are put together.
 */
const liesWell = ({ lane, summing, m, n, k, a, b }: Product): boolean => {
  const bytes = bytesOfLane(lane);
  if (summing === 'lanes' && k * bytes >= 16) return a.column === bytes && b.row === bytes;
  return summing === 'wide' || b.column === bytes || n === 1 || m <= few || k <= few;
};
const few = 4;

/**
 * Multiply-adds up to which a b with columns side by side, if need be a copy, and a function of its own serve it
 * better.
 */
const mostTurned = 2 ** 13;

/** Whether a product of these sizes is worth a copy of b that has its columns side by side. */
export const isWorthTurning = (m: number, n: number, k: number): boolean =>
  m >= 2 * few && n >= 2 * few && k > few && k <= mostTerms && m * n * k <= mostTurned;

const isForward = ({ row, column }: Matrix): boolean => row >= 0 && column >= 0;

/** Whether a product is one for a function of its own. */
export function isWrittenOut(product: Product): boolean {
  const { m, n, k, a, b, c, added } = product;
  return (
    m * n * k > 0 &&
    m * n * k <= mostWrittenOut &&
    k <= mostTerms &&
    liesWell(product) &&
    [a, b, ...(added === null ? [] : [added])].every(isForward) &&
    a.at.area !== c.area &&
    b.at.area !== c.area
  );
}

/** The areas that a product reads. */
export const readsOfProduct = ({ m, n, a, b, c, added }: Product): Area[] => [
  a.at.area,
  b.at.area,
  ...(added === null ? [] : [added.at.area]),
  ...(m * n === c.area.length ? [] : [c.area]),
];
