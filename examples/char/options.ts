import { parseArgs } from 'node:util';
import { type Bounds, numberFlag, UsageError } from '../flags.ts';

/** A flag that is a number, with what it is without being given. */
export interface NumberFlag extends Bounds {
  readonly help: string;
  readonly fallback: number;
}

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
  seed: {
    help: 'seed of the weights and of the order of the text',
    fallback: 0,
    integer: true,
    least: 0,
    most: 2 ** 32 - 1,
  },
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

const line = (flag: string, help: string): string => `  --${flag.padEnd(15)}${help}\n`;

function helpOf(name: string, what: string, flags: Readonly<Record<string, NumberFlag>>): string {
  const numbers = Object.entries(flags).map(([flag, { help, fallback, integer }]) =>
    line(`${flag} ${integer ? 'N' : 'X'}`, `${help} (default ${fallback})`),
  );
  return [
    `Trains ${what} on plays by Shakespeare, character by character, and prints what it writes as it learns.\n\n`,
    `Usage: pnpm ${name} [options]\n\n`,
    ...numbers,
    line('text FILE', 'learn from another text'),
    line('out DIR', `where the picture and the weights go (default out/${name})`),
    line('compile', 'run the training step as a compiled program: the same losses'),
    line('wide', 'use vectors of 256 bits, where Node and the processor have them: the same losses'),
    line('help', 'this text'),
  ].join('');
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
  const flags: Readonly<Record<string, NumberFlag>> = { ...common, ...own };
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = {
      ...Object.fromEntries(Object.keys(flags).map((name) => [name, text])),
      text,
      out: text,
      compile: flag,
      wide: flag,
      help: { ...flag, short: 'h' },
    };
    // pnpm passes the "--" between its own flags and the script's on to the script.
    ({ values } = parseArgs({ args: args.filter((a) => a !== '--'), options, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nTry --help.`);
  }
  if (values.help === true) {
    process.stdout.write(helpOf(name, what, flags));
    return null;
  }
  const given = (flag: string): string | undefined => values[flag] as string | undefined;
  const numbers = Object.fromEntries(
    Object.entries(flags).map(([flag, bounds]) => [
      flag,
      numberFlag(flag, given(flag) ?? `${bounds.fallback}`, bounds),
    ]),
  );
  return {
    numbers: numbers as Options<Own>['numbers'],
    out: given('out') ?? `out/${name}`,
    text: given('text'),
    compile: values.compile === true,
    wide: values.wide === true,
  };
}
