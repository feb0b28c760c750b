/** Runs the examples of doc comments, compares what their comments claim, and compiles them. */
export { compare, type Failure } from './compare.ts';
export { compileErrors } from './compile.ts';
export { type Example, examplesOf } from './extract.ts';
export { type Claim, type Instrumented, instrument } from './instrument.ts';
export { type Run, runExample } from './run.ts';
