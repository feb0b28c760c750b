import { KindlingError } from '@kindling/core';

/**
 * Stands where PyTorch has Adam for sparse gradients, which Kindling has not: an embedding's gradient is a whole tensor
 * here. Follows `torch.optim.SparseAdam` in name only.
 * @throws KindlingError always; it names {@link Adam}, and plain {@link SGD} and {@link Adagrad}, which leave rows
 * without gradient as they are
 * @example
 * ```ts
 * const table = new nn.Embedding(7, 4);
 * new optim.SparseAdam(table.parameters()); // throws KindlingError: SparseAdam: Kindling has no sparse gradients
 * ```
 */
export class SparseAdam {
  constructor(_params?: unknown, _options?: unknown) {
    throw new KindlingError(
      `${new.target.name}: Kindling has no sparse gradients, an embedding's gradient is a whole tensor; use optim.Adam, or ` +
        'optim.Adagrad or plain optim.SGD, which leave the rows of a table that were not looked up as they are',
    );
  }
}
