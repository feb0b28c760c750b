/** The command line of an example: flags that are numbers, switches, and the folder for what it writes. */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { useWideVectors } from '@kindling/core/node';
import { type Bounds, numberFlag, UsageError } from './flags.ts';

/** A flag that is a number, with what it is without being given. */
export interface NumberFlag extends Bounds {
  readonly help: string;
  readonly fallback: number;
}

/** Flags that several examples have. */
export const seed: NumberFlag = {
  help: 'seed of all that is drawn',
  fallback: 0,
  integer: true,
  least: 0,
  most: 2 ** 32 - 1,
};
/** Switches that several examples have. */
export const switches = {
  compile: 'run the training step as a compiled program: the same losses',
  wide: 'use vectors of 256 bits, where Node and the processor have them: the same losses',
} as const;

/** What the command line asks for. */
export interface Options<N extends string, S extends string> {
  readonly numbers: Readonly<Record<N, number>>;
  readonly on: Readonly<Record<S, boolean>>;
  /** The folder for what is written. */
  readonly out: string;
  /** The texts that were given. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** An example: its name, a sentence of what it does, and its flags. */
export interface Example<N extends string, S extends string> {
  readonly name: string;
  readonly does: string;
  readonly numbers: Readonly<Record<N, NumberFlag>>;
  readonly switches: Readonly<Record<S, string>>;
  /** Flags that take a text, with what it is and what it does. */
  readonly texts?: Readonly<Record<string, { readonly of: string; readonly help: string }>>;
}

const entries = <K extends string, V>(of: Readonly<Record<K, V>>): [K, V][] => Object.entries(of) as [K, V][];

function helpOf({ name, does, numbers, switches, texts = {} }: Example<string, string>): string {
  const rows: [string, string][] = [
    ...entries(numbers).map(([flag, { help, fallback, integer }]): [string, string] => [
      `${flag} ${integer ? 'N' : 'X'}`,
      `${help} (default ${fallback})`,
    ]),
    ...entries(texts).map(([flag, { of, help }]): [string, string] => [`${flag} ${of}`, help]),
    ['out DIR', `where the files go (default out/${name})`],
    ...entries(switches),
    ['help', 'this text'],
  ];
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  const lines = rows.map(([flag, help]) => `  --${flag.padEnd(width)}${help}`);
  return `${[does, '', `Usage: pnpm ${name} [options]`, '', ...lines].join('\n')}\n`;
}

/**
 * The options that `args` ask for; `null` where they ask for help, which was printed.
 * @throws UsageError for what cannot be used
 */
export function readOptions<N extends string, S extends string>(
  example: Example<N, S>,
  args: readonly string[],
): Options<N, S> | null {
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = Object.fromEntries([
      ...[...Object.keys(example.numbers), ...Object.keys(example.texts ?? {}), 'out'].map((flag) => [
        flag,
        { type: 'string' as const },
      ]),
      ...Object.keys(example.switches).map((flag) => [flag, { type: 'boolean' as const }]),
      ['help', { type: 'boolean' as const, short: 'h' }],
    ]) as Record<string, { type: 'string' | 'boolean' }>;
    // pnpm passes the "--" between its own flags and the script's on to the script.
    ({ values } = parseArgs({ args: args.filter((a) => a !== '--'), options, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nTry --help.`);
  }
  if (values.help === true) {
    process.stdout.write(helpOf(example));
    return null;
  }
  const text = (flag: string, fallback: string): string => {
    const value = values[flag];
    return typeof value === 'string' ? value : fallback;
  };
  const numbers = entries(example.numbers).map(([flag, bounds]) => [
    flag,
    numberFlag(flag, text(flag, `${bounds.fallback}`), bounds),
  ]);
  const texts = Object.keys(example.texts ?? {}).flatMap((flag) => {
    const value = values[flag];
    return typeof value === 'string' ? [[flag, value]] : [];
  });
  return {
    ...(example.texts && { texts: Object.fromEntries(texts) as Record<string, string> }),
    numbers: Object.fromEntries(numbers) as Record<N, number>,
    on: Object.fromEntries(
      Object.keys(example.switches).map((flag) => [flag, values[flag] === true]),
    ) as Record<S, boolean>,
    out: text('out', `out/${example.name}`),
  };
}

/** Runs an example as the command line asks; what it cannot use ends the program with one line of reason. */
export async function runExample<N extends string, S extends string>(
  example: Example<N, S>,
  main: (options: Options<N, S>) => Promise<void>,
): Promise<void> {
  try {
    const options = readOptions(example, process.argv.slice(2));
    if (options === null) return;
    try {
      await mkdir(options.out, { recursive: true });
    } catch (error) {
      throw new UsageError(`--out: cannot make the folder ${options.out}: ${(error as Error).message}`);
    }
    const { wide } = options.on as Readonly<Record<string, boolean>>;
    if (wide === true) console.log(`--wide: ${useWideVectors().reason}`);
    await main(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${example.name}: ${error.message}`);
    process.exitCode = 2;
  }
}
