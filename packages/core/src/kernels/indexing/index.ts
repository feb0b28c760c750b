/** Elements read and written where tensors of indices say: what programs do, in the place of loops in JavaScript. */
export { type AlongDim, readAlong, writeAlong } from './along.ts';
export {
  type ClassFactors,
  type ClassMask,
  classFactors,
  classMasses,
  classWeights,
  maskClasses,
  maskRows,
  multilabelMargins,
  recordNll,
} from './classes/index.ts';
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
export { FlagIsOther, groupRows, putRows, requireFlag, takeRows } from './row-groups.ts';
export { addTableRows, greatestTableRows, numberBags, type RowSums, readTableRows } from './table-rows.ts';
