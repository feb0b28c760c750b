/** A call of a model as a tree of what it called: modules, functions, operations. What exports are written from. */
export { leavingAsBefore } from './as-before.ts';
export { type BatchOptions, recordBatches } from './batches.ts';
export { libraryClass } from './library.ts';
export { parametersAsWritten } from './parameters.ts';
export { elementsBefore, propertiesOf, stateBefore, type Undo } from './put-back.ts';
export { record } from './record.ts';
export type * from './recording.ts';
export { isBatchNumber, isValue, stateOf, tensorsIn, valuesIn } from './values.ts';
