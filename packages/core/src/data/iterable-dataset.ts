import { checkArguments, K } from '../arguments/index.ts';
import { KindlingError, ValueError } from '../errors.ts';
import { whereReadable } from '../readable.ts';
import { Tensor } from '../tensor.ts';
import { givesSamples } from './dataset.ts';

/**
 * Samples that come one after the other, without numbers: a stream. Any object that can be iterated with `for` or
 * `for await` is one, arrays aside, whose samples have numbers. Follows `torch.utils.data.IterableDataset`.
 *
 * A DataLoader that is resumed goes past the samples that the begun epoch has given; a stream that can do better has a
 * {@link stateDict}.
 */
export type IterableDataset<T> = (Iterable<T> | AsyncIterable<T>) & {
  /** The number of samples, where it is known. */
  readonly length?: number;
  /** Where the stream stands, as JSON can hold it. */
  stateDict?(): unknown;
  /** Has the next iteration go on where {@link stateDict} stood. */
  loadStateDict?(state: unknown): void;
};

/** @internal Whether a value gives samples one after the other. */
export const isStream = /* @__PURE__ */ whereReadable((x): x is IterableDataset<unknown> => {
  if (typeof x !== 'object' || x === null || Array.isArray(x) || ArrayBuffer.isView(x) || x instanceof Tensor)
    return false;
  const walks = x as { [Symbol.iterator]?: unknown; [Symbol.asyncIterator]?: unknown };
  return (
    !givesSamples(x) &&
    [walks[Symbol.iterator], walks[Symbol.asyncIterator]].some((walk) => typeof walk === 'function')
  );
});

/** @internal The iterator of a stream; that of one which answers with promises only where the caller waits for them. */
export function iterate<T>(
  stream: IterableDataset<T>,
  waits: boolean,
  caller: string,
): Iterator<T> | AsyncIterator<T> {
  if (waits && Symbol.asyncIterator in stream) return stream[Symbol.asyncIterator]();
  if (Symbol.iterator in stream) return stream[Symbol.iterator]();
  throw new KindlingError(`${caller}: the dataset answers with promises; iterate it with \`for await\``);
}

/**
 * Streams one after the other. Follows `torch.utils.data.ChainDataset`.
 * @throws ValueError where one of the datasets is no stream; KindlingError where one that answers with promises is
 *   iterated with `for`
 * @example
 * ```ts
 * const letters = new data.ChainDataset([new Set(['a', 'b']), new Set(['c'])]);
 * [...letters]; // [ 'a', 'b', 'c' ]
 * ```
 */
export class ChainDataset<T> implements Iterable<T>, AsyncIterable<T> {
  /** The streams. */
  readonly datasets: readonly IterableDataset<T>[];

  constructor(datasets: Iterable<IterableDataset<T>>) {
    checkArguments('ChainDataset', { datasets: K.iterable('a list of iterable datasets') }, arguments);
    this.datasets = [...datasets];
    for (const [i, dataset] of this.datasets.entries()) {
      if (!isStream(dataset))
        throw new ValueError(
          `ChainDataset: only supports iterable datasets, and number ${i} is none; ConcatDataset joins others`,
        );
    }
  }

  /** The number of samples; NaN where a stream does not tell it. */
  get length(): number {
    return this.datasets.reduce((sum, { length = Number.NaN }) => sum + length, 0);
  }

  /** The samples of all. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const dataset of this.datasets) {
      const samples = iterate(dataset, false, 'ChainDataset') as Iterator<T>;
      yield* { [Symbol.iterator]: () => samples };
    }
  }

  /** The samples of all, where some come as promises. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (const dataset of this.datasets) yield* dataset;
  }
}
