import { type Generator, K } from '@kindling/core';
import { drawOptions } from '../module/options.ts';

/** Options of the functions that draw random numbers. */
export interface GeneratorOptions {
  /** Where the numbers come from. Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** The option as core takes it: left out, not undefined. */
export const drawFrom = ({ generator }: GeneratorOptions): GeneratorOptions =>
  generator === undefined ? {} : { generator };

/** What the functions take that draw into a tensor. */
export const drawKinds = <O extends GeneratorOptions>(own: Omit<K.Kinds<O>, 'generator'>) => ({
  x: K.tensor,
  options: drawOptions<O>(own),
});
