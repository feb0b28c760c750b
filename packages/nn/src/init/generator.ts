import { type Generator, generatorKind, K } from '@kindling/core';

/** Options of the functions that draw random numbers. */
export interface GeneratorOptions {
  /** Where the numbers come from. Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** The option as core takes it: left out, not undefined. */
export const drawFrom = ({ generator }: GeneratorOptions): GeneratorOptions =>
  generator === undefined ? {} : { generator };

/** What the functions take that draw into a tensor, by the kinds of their options besides the generator. */
export const drawKinds = <O extends GeneratorOptions>(own: Omit<K.Kinds<O>, 'generator'>) => ({
  x: K.tensor,
  options: K.options<O>({ ...own, generator: generatorKind } as K.Kinds<O>),
});
