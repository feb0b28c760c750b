/** Elements counted by where they lie, and looked up among others. */
export { recordEdges, recordHistogram, recordPoints } from './histograms.ts';
export { findAmong } from './membership.ts';
