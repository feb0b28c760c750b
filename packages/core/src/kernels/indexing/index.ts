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
export { joinRows } from './join.ts';
export {
  as,
  computeChecked,
  findPlaces,
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
export { arrange, countOf, type Piece, type Pieces } from './pieces.ts';
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
export { groupRows, putRows, requireFlag, takeRows } from './row-groups.ts';
export { addTableRows, greatestTableRows, numberBags, type RowSums, readTableRows } from './table-rows.ts';
