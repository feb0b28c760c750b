/** Recurrent nets along sequences: products of the state and gates, step by step in one kernel. */
export { type CellName, cells as recurrentCells } from './cells.ts';
export { alongSequence, backAlongSequence, type Passage, useWideRecurrence } from './sequence.ts';
