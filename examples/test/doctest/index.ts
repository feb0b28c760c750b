/** Runs the examples of doc comments and compares what their comments claim. */
export { compare, type Failure } from './compare.ts';
export { type Example, examplesOf } from './extract.ts';
export { type Claim, type Instrumented, instrument } from './instrument.ts';
export { type Run, runExample } from './run.ts';
