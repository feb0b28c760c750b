/** The steps of recurrent nets: gates in one pass, and sequences cut into steps. */
export { gruGates, lstmGates } from './gates.ts';
export { type LstmSequenceOptions, lstmSequence } from './lstm-sequence.ts';
export { type StepsOptions, steps } from './steps.ts';
