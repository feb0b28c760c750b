/** Groups of elements normalised by their mean and variance, with factors and summands. */
export type { Grouping } from './grouping.ts';
export { normalizeGroups, normalizeGroupsBackward, type Statistics } from './normalize.ts';
