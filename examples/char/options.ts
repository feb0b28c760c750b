import { count, type Example, type NumberFlag, type Options, rate, seed, switches } from '../command-line.ts';

/** What both examples take. */
export const common = {
  steps: count('steps of training', 1000, 1_000_000),
  'batch-size': count('pieces of text a step', 16, 4096),
  context: count('characters of a piece', 128, 4096),
  lr: rate("AdamW's first learning rate, which falls along half a cosine", 1e-3),
  every: count('steps between validations and samples', 100),
  seed: { ...seed, help: 'seed of the weights and of the order of the text' },
} as const satisfies Record<string, NumberFlag>;

/** The command line of an example that trains `what`, with the model's own flags besides the common ones. */
export const exampleOf = <Own extends string>(
  name: string,
  what: string,
  own: Readonly<Record<Own, NumberFlag>>,
): Example<keyof typeof common | Own, keyof typeof switches> => ({
  name,
  does: `Trains ${what} on plays by Shakespeare, character by character, and prints what it writes as it learns.`,
  numbers: { ...common, ...own },
  switches,
  texts: { text: { of: 'FILE', help: 'learn from another text' } },
});

/** What the command line of such an example asks for. */
export type CharOptions<Own extends string> = Options<keyof typeof common | Own, keyof typeof switches>;
