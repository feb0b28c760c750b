/** Recording a call as it runs, and what else looks on. */

export { lookingOn } from './generator-moves.ts';
export { Rehearsal } from './rehearsal.ts';
export { type Traced, Tracing } from './tracing.ts';
export { type Did, Witness } from './witness.ts';
