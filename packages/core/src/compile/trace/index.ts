/** Recording a call as it runs, and what else looks on. */

export { lookingOn } from './generator-moves.ts';
export { HostRecorder } from './host-recorder.ts';
export { Rehearsal } from './rehearsal.ts';
export { type Traced, Tracing } from './tracing.ts';
