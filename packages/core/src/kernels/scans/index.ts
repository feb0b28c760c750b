/** Kernels that go along dimensions one element after the other: running totals, searches, groups, triangles. */
export { type AlignmentRules, alignmentLosses, alignmentsFit } from './alignments.ts';
export * from './counting/index.ts';
export { findFirst } from './find.ts';
export * from './order/index.ts';
export { pairProducts, recordCumprodGradient, recordProductsOfOthers } from './products.ts';
export { runningMeans } from './running-means.ts';
export { scan } from './scans.ts';
export { type Search, searchRows } from './search.ts';
export { clearTriangles } from './triangle.ts';
export { twisterDraws } from './twister.ts';
