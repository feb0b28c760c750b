import { type NumberFlag, runExample } from '../command-line.ts';
import { type CharOptions, exampleOf } from './options.ts';
import type { Model } from './sampling.ts';
import { train } from './train.ts';

/** An example: what it is called, what it trains, its own flags, and the model for so many characters. */
interface CharExample<Own extends string> {
  readonly name: string;
  readonly what: string;
  readonly flags: Readonly<Record<Own, NumberFlag>>;
  make(vocabularySize: number, numbers: CharOptions<Own>['numbers']): Model;
}

/** Runs an example with what the command line asks for. */
export const main = <Own extends string>({ name, what, flags, make }: CharExample<Own>): Promise<void> =>
  runExample(exampleOf(name, what, flags), (options) =>
    train(name, (size) => make(size, options.numbers), options),
  );
