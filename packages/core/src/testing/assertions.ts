/** Comparisons of tensors for tests, without the arbitraries, which need fast-check: `@kindling/core/testing/assertions`. */
export { type AssertCloseOptions, assertClose, type Comparable } from './assert-close.ts';
export { tensorEquality } from './equality.ts';
