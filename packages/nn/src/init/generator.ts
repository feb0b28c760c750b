import type { Generator } from '@kindling/core';

/** Options of the functions that draw random numbers. */
export interface GeneratorOptions {
  /** Where the numbers come from. Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** The option as core takes it: left out, not undefined. */
export const drawFrom = ({ generator }: GeneratorOptions): GeneratorOptions =>
  generator === undefined ? {} : { generator };
