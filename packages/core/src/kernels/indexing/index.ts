/** Elements read and written where tensors of indices say: what programs do, in the place of loops in JavaScript. */
export { type AlongDim, readAlong, writeAlong } from './along.ts';
export { type ClassMask, maskClasses, maskRows } from './class-mask.ts';
export { type ClassFactors, classFactors, classMasses, classWeights } from './class-weights.ts';
export type { Combination } from './combine-kernels.ts';
export { embedStrided } from './embed.ts';
export {
  as,
  computeChecked,
  findPlaces,
  joinRows,
  longRow,
  type Rows,
  readElements,
  readRows,
  recordMaskedRead,
  recordMaskedWrite,
  recordMeans,
  writeElements,
  writeFirst,
  writeRows,
} from './moves.ts';
export { multilabelMargins } from './multilabel.ts';
export { recordNll } from './nll.ts';
export { recordNonzero } from './nonzero.ts';
export {
  type Axes,
  filled,
  holdsZero,
  recordAxes,
  recordFirstMentions,
  recordPlaces,
  recordPosition,
  recordSpread,
} from './positions.ts';
export { addTableRows, greatestTableRows, type RowSums, readTableRows } from './table-rows.ts';
