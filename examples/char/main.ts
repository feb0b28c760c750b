import type { NumberFlag } from '../command-line.ts';
import { UsageError } from '../flags.ts';
import { type Options, readOptions } from './options.ts';
import type { Model } from './sampling.ts';
import { train } from './train.ts';

/** An example: what it is called, what it trains, its own flags, and the model for so many characters. */
export interface Example<Own extends string> {
  readonly name: string;
  readonly what: string;
  readonly flags: Readonly<Record<Own, NumberFlag>>;
  make(vocabularySize: number, numbers: Options<Own>['numbers']): Model;
}

/** Runs an example with what the command line asks for. */
export async function main<Own extends string>({ name, what, flags, make }: Example<Own>): Promise<void> {
  try {
    const options = readOptions(name, what, flags, process.argv.slice(2));
    if (options !== null) await train(name, (size) => make(size, options.numbers), options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = 2;
  }
}
