/** Recording a call as it runs, or parts of it, and what else looks on. */

export { Division } from './division.ts';
export { lookingOn } from './generator-moves.ts';
export { type Kinds, ofKinds } from './kinds.ts';
export { Rehearsal } from './rehearsal.ts';
export type { SettingLeft } from './settings.ts';
export { type Traced, Tracing } from './tracing.ts';
export { type Did, Witness } from './witness.ts';
