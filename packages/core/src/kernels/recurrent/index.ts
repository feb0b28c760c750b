/** Recurrent nets along sequences: products of the state and gates, step by step in one kernel. */
export { lstmBackward, lstmForward, type Passage, useWideRecurrence } from './lstm.ts';
