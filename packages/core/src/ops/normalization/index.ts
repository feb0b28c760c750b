/**
 * Groups of elements normalised by their mean and variance: what layer, batch, group and instance normalisation are.
 */
export { type GroupingOptions, normalizeGroups } from './normalize-groups.ts';
