import { DTypeError } from '../errors.ts';
import { stack } from '../ops/arranging/joining.ts';
import { tensor } from '../ops/creation/from-data.ts';
import { Tensor } from '../tensor.ts';

/**
 * Joins samples to a batch: tensors are stacked, numbers and booleans become a tensor, arrays and objects are joined entry
 * by entry, anything else stays a list. Follows `torch.utils.data.default_collate`.
 * @throws DTypeError where samples are arrays of different lengths, ShapeError where their tensors differ in shape
 * @example
 * ```ts
 * data.defaultCollate([{ x: tensor([1]), y: 0 }, { x: tensor([2]), y: 1 }]);
 * // { x: tensor([[1],
 * //         [2]]), y: tensor([0, 1]) }
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
    for (const [i, row] of rows.entries()) {
      if (row.length === first.length) continue;
      throw new DTypeError(
        `defaultCollate: each sample should have the same number of entries: sample 0 has ${first.length}, ` +
          `sample ${i} of the batch ${row.length}`,
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
