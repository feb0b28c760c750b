/** Elements counted by where they lie, and looked up among others. */
export { countCells, recordEdges, recordHistogram } from './histograms.ts';
export { findAmong } from './membership.ts';
