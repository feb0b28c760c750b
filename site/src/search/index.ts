/** The search over guides, losses and reference. */
export { writeSearchIndex } from './write-index.ts';
