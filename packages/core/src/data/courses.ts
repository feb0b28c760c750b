import { isPromise } from '../readable.ts';
import type { iterate } from './iterable-dataset.ts';

type Next<B> = IteratorResult<B, undefined>;
const end: Next<never> = { done: true, value: undefined };

/** @internal One way through a dataset, batch by batch. */
export interface Course<B> {
  /** The next batch; a promise where the dataset answers with promises. */
  next(): Next<B> | Promise<Next<B>>;
  /** Whether what is walked has come to its end, though a batch of it may have been given last. */
  readonly isOver: boolean;
  /** Goes past batches without making them. */
  skip(batches: number): void;
  /** Tells whatever is walked that no more is wanted. */
  close(): unknown;
}

/** @internal What is left of a stream that has come to its end. */
export const nothingMore: Course<never> = {
  isOver: true,
  next: () => end,
  skip: () => {},
  close: () => {},
};

const given = <B>(value: B): Next<B> => ({ done: false, value });
const settled = <B>(batch: B | Promise<B>): Next<B> | Promise<Next<B>> =>
  isPromise(batch) ? Promise.resolve(batch).then(given) : given(batch);

/** @internal Through samples that have numbers: `fetch` makes a batch of those that the sampler names. */
export function byNumbers<I, B>(sampler: Iterable<I>, fetch: (named: I) => B | Promise<B>): Course<B> {
  const numbers = sampler[Symbol.iterator]();
  return {
    isOver: false,
    next() {
      const { done, value } = numbers.next();
      return done === true ? end : settled(fetch(value));
    },
    skip(batches) {
      for (let i = 0; i < batches; i++) numbers.next();
    },
    close: () => numbers.return?.(),
  };
}

/** @internal Along a stream, `size` samples a batch; `join` makes a batch of them. */
export function alongStream<T, B>(
  samples: ReturnType<typeof iterate<T>>,
  { size, dropLast, join }: { size: number; dropLast: boolean; join: (samples: T[]) => B | Promise<B> },
): Course<B> {
  let ahead = 0;
  let isOver = false;
  const taken = (result: IteratorResult<T>, batch: T[]): boolean => {
    isOver = result.done === true;
    if (isOver) return false;
    if (ahead > 0) ahead--;
    else batch.push(result.value as T);
    return batch.length < size;
  };
  const batchOf = (batch: T[]): Next<B> | Promise<Next<B>> => {
    if (batch.length === 0 || (dropLast && batch.length < size)) return end;
    return batch.some(isPromise)
      ? Promise.all(batch).then((all) => settled(join(all as T[])))
      : settled(join(batch));
  };
  const onwards = async (first: Promise<IteratorResult<T>>): Promise<Next<B>> => {
    const batch: T[] = [];
    let result = await first;
    while (taken(result, batch)) result = await samples.next();
    return batchOf(batch);
  };
  return {
    get isOver() {
      return isOver;
    },
    next() {
      // A stream that has ended is not asked again.
      if (isOver) return end;
      const batch: T[] = [];
      let result = samples.next();
      if (isPromise(result)) return onwards(result);
      while (taken(result, batch)) result = samples.next() as IteratorResult<T>;
      return batchOf(batch);
    },
    skip(batches) {
      ahead = batches * size;
    },
    close: () => (samples as Iterator<T>).return?.(),
  };
}
