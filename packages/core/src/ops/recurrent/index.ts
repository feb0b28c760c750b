/** The steps of recurrent nets: gates in one pass, and sequences cut into steps. */
export { gruGates, lstmGates } from './gates.ts';
export { steps } from './steps.ts';
