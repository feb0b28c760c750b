/** What the pages compute with: loaded when a page is idle, or when somebody touches it. */
export { curveOf } from './curve.ts';
export { descend, fieldOf } from './landscape.ts';
export { pictures } from './pictures/index.ts';
export { entryOf, firstSeed, smallProblem } from './reductions.ts';
