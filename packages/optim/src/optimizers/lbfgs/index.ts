/** L-BFGS: its steps along a direction, and the search along it. */
export { LBFGS, type LBFGSOptions } from './lbfgs.ts';
