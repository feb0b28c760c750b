import { type Example, type NumberFlag, type Options, seed, switches } from '../command-line.ts';

/** What both examples take. */
export const common = {
  steps: { help: 'steps of training', fallback: 1000, integer: true, least: 1, most: 1_000_000 },
  'batch-size': { help: 'pieces of text a step', fallback: 16, integer: true, least: 1, most: 4096 },
  context: { help: 'characters of a piece', fallback: 128, integer: true, least: 1, most: 4096 },
  lr: {
    help: "AdamW's first learning rate, which falls along half a cosine",
    fallback: 1e-3,
    integer: false,
    least: 0,
  },
  every: { help: 'steps between validations and samples', fallback: 100, integer: true, least: 1 },
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
