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

/** A flag that is a whole number: from 1 to `most`, or from `least`. */
export const count = (help: string, fallback: number, most = 100_000, least = 1): NumberFlag => ({
  help,
  fallback,
  integer: true,
  least,
  most,
});
/** A flag that is a number above 0. */
export const rate = (help: string, fallback: number): NumberFlag => ({
  help,
  fallback,
  integer: false,
  least: 0,
});

/** Flags that several examples have. */
export const seed = count('seed of all that is drawn', 0, 2 ** 32 - 1, 0);
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
  readonly texts: Readonly<Record<string, string>>;
  /** The names that were given. */
  readonly names: readonly string[];
}

/** An example: its name, a sentence of what it does, and its flags. */
export interface Example<N extends string, S extends string> {
  readonly name: string;
  readonly does: string;
  readonly numbers: Readonly<Record<N, NumberFlag>>;
  readonly switches: Readonly<Record<S, string>>;
  /** Flags that take a text, with what it is and what it does. */
  readonly texts?: Readonly<Record<string, { readonly of: string; readonly help: string }>>;
  /** Names that may stand after the flags: what one is, what they do, and which there are. */
  readonly names?: { readonly of: string; readonly help: string; readonly known: readonly string[] };
  /** Whether it writes files; it does where this is left out. */
  readonly writes?: boolean;
}

const entries = <K extends string, V>(of: Readonly<Record<K, V>>): [K, V][] => Object.entries(of) as [K, V][];

/** A text in lines of at most `columns` characters, broken between words, unless one is longer. */
export function linesOf(text: string, columns = 80): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Says where files were written, and which. */
export const reportWritten = (out: string, files: readonly string[]): void =>
  console.log([`Written to ${out}:`, ...linesOf(files.join(', '), 78)].join('\n  '));

function helpOf({
  name,
  does,
  numbers,
  switches,
  texts = {},
  names,
  writes = true,
}: Example<string, string>): string {
  const rows = [
    ...(names ? [[names.of, names.help]] : []),
    ...entries(numbers).map(([flag, { help, fallback, integer }]) => [
      `--${flag} ${integer ? 'N' : 'X'}`,
      `${help} (default ${fallback})`,
    ]),
    ...entries(texts).map(([flag, { of, help }]) => [`--${flag} ${of}`, help]),
    ...(writes ? [['--out DIR', `where the files go (default out/${name})`]] : []),
    ...entries(switches).map(([flag, help]) => [`--${flag}`, help]),
    ['--help', 'this text'],
  ] as [string, string][];
  const indent = 4 + Math.max(...rows.map(([flag]) => flag.length));
  const lines = rows.map(
    ([flag, help]) => `  ${flag}`.padEnd(indent) + linesOf(help, 80 - indent).join(`\n${' '.repeat(indent)}`),
  );
  const usage = `Usage: pnpm ${name} [options]${names ? ` [${names.of} ...]` : ''}`;
  return [...linesOf(does), '', usage, '', ...lines, ''].join('\n');
}

/**
 * The options that `args` ask for; `null` where they ask for help, which was printed.
 * @throws UsageError for what cannot be used
 */
export function readOptions<N extends string, S extends string>(
  example: Example<N, S>,
  args: readonly string[],
): Options<N, S> | null {
  const { numbers, switches, texts = {}, names, writes = true } = example;
  const text = [...Object.keys(numbers), ...Object.keys(texts), ...(writes ? ['out'] : [])];
  let values: Record<string, string | boolean | undefined>;
  let positionals: string[];
  try {
    const options = Object.fromEntries([
      ...text.map((flag) => [flag, { type: 'string' }]),
      ...Object.keys(switches).map((flag) => [flag, { type: 'boolean' }]),
      ['help', { type: 'boolean', short: 'h' }],
    ]) as Record<string, { type: 'string' | 'boolean' }>;
    // pnpm passes the "--" between its own flags and the script's on to the script.
    ({ values, positionals } = parseArgs({
      args: args.filter((a) => a !== '--'),
      options,
      allowPositionals: names !== undefined,
    }));
  } catch (error) {
    // Its first sentence says what is wrong, the others speak of how arguments are parsed.
    const [reason] = (error as Error).message.split('. ');
    throw new UsageError(`${reason}\nTry --help.`);
  }
  if (values.help === true) {
    process.stdout.write(helpOf(example));
    return null;
  }
  const unknown = positionals.find((name) => !names?.known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`no ${names?.of} "${unknown}"; there are: ${names?.known.join(', ')}`);
  const given = Object.fromEntries(
    entries(values).filter(([, value]) => typeof value === 'string'),
  ) as Record<string, string>;
  return {
    numbers: Object.fromEntries(
      entries(numbers).map(([flag, bounds]) => [
        flag,
        numberFlag(flag, given[flag] ?? `${bounds.fallback}`, bounds),
      ]),
    ) as Record<N, number>,
    on: Object.fromEntries(Object.keys(switches).map((flag) => [flag, values[flag] === true])) as Record<
      S,
      boolean
    >,
    out: given.out ?? `out/${example.name}`,
    texts: Object.fromEntries(entries(given).filter(([flag]) => Object.hasOwn(texts, flag))),
    names: positionals,
  };
}

/** Runs an example as the command line asks; what it cannot use ends the program with the reason alone. */
export async function runExample<N extends string, S extends string>(
  example: Example<N, S>,
  main: (options: Options<N, S>) => unknown,
): Promise<void> {
  try {
    const options = readOptions(example, process.argv.slice(2));
    if (options === null) return;
    try {
      if (example.writes !== false) await mkdir(options.out, { recursive: true });
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
