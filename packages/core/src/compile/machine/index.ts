/** Programs as WebAssembly: kernels, what passes make of them, where they find their memory, and how a call is run. */

export { equationsOf } from './lower.ts';
export { Machine, Refused } from './machine.ts';
export { areaNames, printStep } from './print.ts';
export { Results } from './results.ts';
