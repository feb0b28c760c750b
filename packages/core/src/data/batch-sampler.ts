import { checkArguments, K } from '../arguments/index.ts';
import { Shown } from '../print/shown.ts';
import { wordsOf } from './dataset.ts';
import type { Sampler } from './sampler.ts';

/** @internal How many samples make a batch. */
export const batchSizeKind = /* @__PURE__ */ K.kind(
  'a positive integer',
  (x) => Number.isInteger(x) && (x as number) >= 1,
);

const takes = {
  sampler: /* @__PURE__ */ K.iterable('a sampler that can be iterated, such as a list of indices'),
  batchSize: batchSizeKind,
  dropLast: K.flag,
};

/**
 * The numbers of another sampler, in lists of `batchSize`; the last may be shorter, unless `dropLast` leaves it out.
 * Follows `torch.utils.data.BatchSampler`.
 * @throws ValueError for what cannot be iterated, and a batchSize that is no positive integer
 * @example
 * ```ts
 * const order = new data.SequentialSampler({ length: 7 });
 * [...new data.BatchSampler(order, 3, false)]; // [ [ 0, 1, 2 ], [ 3, 4, 5 ], [ 6 ] ]
 * [...new data.BatchSampler(order, 3, true)]; // [ [ 0, 1, 2 ], [ 3, 4, 5 ] ]
 * ```
 */
export class BatchSampler<T = number> extends Shown implements Sampler<T[]> {
  /** What the numbers come from. */
  readonly sampler: Sampler<T>;
  /** How many make a batch. */
  readonly batchSize: number;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;

  constructor(sampler: Sampler<T>, batchSize: number, dropLast: boolean) {
    checkArguments(new.target.name, takes, arguments);
    super();
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }

  /** The number of batches; NaN where the sampler does not tell how many numbers it gives. */
  get length(): number {
    const { batchSize, dropLast } = this;
    const n = this.sampler.length ?? Number.NaN;
    return dropLast ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
  }

  /** The batches. */
  *[Symbol.iterator](): IterableIterator<T[]> {
    let batch: T[] = [];
    for (const index of this.sampler) {
      if (batch.push(index) < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
  /** Says what the numbers come from, and how they are cut. */
  override toString(): string {
    const { constructor, sampler, batchSize, dropLast } = this;
    const given = Array.isArray(sampler) ? `a list of ${sampler.length}` : wordsOf(sampler);
    return `${constructor.name}(${given}, batchSize=${batchSize}, dropLast=${dropLast})`;
  }
}
