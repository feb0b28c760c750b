/** Programs that were written down, read and run. Kindling's own. */
export { type ReadOptions, type ReadProgram, readProgram, type StateMemory } from './read.ts';
