import { type NumberFlag, readOptions as read, seed, switches } from '../command-line.ts';

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

/** The flags that every model has, and those of this one. */
export interface Options<Own extends string> {
  readonly numbers: Readonly<Record<keyof typeof common | Own, number>>;
  readonly out: string;
  /** Another text than Shakespeare's. */
  readonly text: string | undefined;
  /** Whether the training step runs as a program. */
  readonly compile: boolean;
  /** Whether products use vectors of 256 bits, where that is to be had. */
  readonly wide: boolean;
}

/**
 * The options that the command line of `name` asks for, which has `own` flags besides the common ones; `null` where it asked for help,
 * which was printed.
 * @throws UsageError for what cannot be used
 */
export function readOptions<Own extends string>(
  name: string,
  what: string,
  own: Readonly<Record<Own, NumberFlag>>,
  args: readonly string[],
): Options<Own> | null {
  const does = `Trains ${what} on plays by Shakespeare, character by character, and prints what it writes as it learns.`;
  const texts = { text: { of: 'FILE', help: 'learn from another text' } };
  const given = read({ name, does, numbers: { ...common, ...own }, switches, texts }, args);
  if (given === null) return null;
  const { numbers, out, on } = given;
  return { numbers: numbers as Options<Own>['numbers'], out, text: given.texts?.text, ...on };
}
