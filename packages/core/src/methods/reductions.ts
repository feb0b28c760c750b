import { sum, sumToShape } from '../ops/sum.ts';

/** Reductions, scans and norms as methods. */
export const reductions = {
  sum,
  sumToSize: sumToShape,
};
