import { compile } from '@kindling/core';

/** A step, compiled where that is asked for. */
export const compiledIf = <A extends readonly unknown[], R>(
  wanted: boolean,
  step: (...given: A) => R,
): ((...given: A) => R) => (wanted ? compile(step) : step);
