import { DTypeError } from '../errors.ts';
import { stack } from '../ops/arranging/joining.ts';
import { tensor } from '../ops/creation/tensor.ts';
import { Tensor } from '../tensor.ts';

/**
 * Joins samples to a batch: tensors are stacked, numbers and booleans become a tensor, arrays and objects are joined entry
 * by entry, anything else stays a list. Follows `torch.utils.data.default_collate`.
 *
 * @example
 * ```ts
 * defaultCollate([{ x: tensor([1]), y: 0 }, { x: tensor([2]), y: 1 }]); // { x: shape [2, 1], y: shape [2] }
 * ```
 */
export function defaultCollate(samples: readonly unknown[]): unknown {
  const first = samples[0];
  if (first instanceof Tensor) return stack(samples as Tensor[]);
  if (typeof first === 'number') {
    const numbers = samples as number[];
    return tensor(numbers, { dtype: numbers.every(Number.isInteger) ? 'int32' : 'float32' });
  }
  if (typeof first === 'boolean') return tensor(samples as boolean[]);
  if (Array.isArray(first)) {
    const rows = samples as unknown[][];
    const odd = rows.findIndex((row) => row.length !== first.length);
    if (odd >= 0) {
      throw new DTypeError(
        `defaultCollate: each sample should have the same number of entries: sample 0 has ${first.length}, ` +
          `sample ${odd} of the batch ${rows[odd]!.length}`,
      );
    }
    return first.map((_, i) => defaultCollate(rows.map((row) => row[i])));
  }
  if (first !== null && typeof first === 'object' && Object.getPrototypeOf(first) === Object.prototype) {
    const records = samples as Record<string, unknown>[];
    return Object.fromEntries(
      Object.keys(first).map((key) => [key, defaultCollate(records.map((r) => r[key]))]),
    );
  }
  return samples.slice();
}
