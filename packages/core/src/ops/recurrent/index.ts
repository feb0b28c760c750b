/** The steps of recurrent nets: gates in one pass, cells along sequences, and sequences cut into steps. */
export { gruGates, lstmGates } from './gates.ts';
export {
  type GruSequenceOptions,
  gruSequence,
  type LstmSequenceOptions,
  lstmSequence,
  type RnnSequenceOptions,
  rnnSequence,
  type SequenceOptions,
} from './sequences.ts';
export { type StepsOptions, steps } from './steps.ts';
