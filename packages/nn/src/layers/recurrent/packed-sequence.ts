import {
  cat,
  checkArguments,
  composition,
  full,
  K,
  pad,
  type Shape,
  ShapeError,
  stack,
  Tensor,
  tensor,
  unbind,
  ValueError,
} from '@kindling/core';
import { inOrder } from './order.ts';

/**
 * Sequences of different lengths, one behind the other by steps: the first elements of all, the longest sequence first,
 * then the second ones of those that have one, and so on. What {@link packSequence} and {@link packPaddedSequence} give
 * and recurrent layers take. Follows `torch.nn.utils.rnn.PackedSequence`, whose `batch_sizes` and indices are tensors.
 * @throws DTypeError for data that are no tensor, ValueError for sizes or indices that are no lists of integers >= 0
 */
export class PackedSequence {
  /** The elements, (sum of the lengths, *). */
  readonly data: Tensor;
  /** How many sequences have an element at each step. */
  readonly batchSizes: readonly number[];
  /** Which sequence comes where in the order by length; `null`: they came so. */
  readonly sortedIndices: readonly number[] | null;
  /** Where each sequence stands in that order. */
  readonly unsortedIndices: readonly number[] | null;

  constructor(data: Tensor, batchSizes: readonly number[], sortedIndices: readonly number[] | null = null) {
    checkArguments(
      new.target.name,
      { data: K.tensor, batchSizes: K.listOf(K.count), sortedIndices: K.nullable(K.listOf(K.count)) },
      arguments,
    );
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = sortedIndices && inverseOf(sortedIndices);
  }

  /** The same sequences with other elements. Kindling's own. */
  withData(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.batchSizes, this.sortedIndices);
  }
}

/** Where each number stands in a permutation. */
function inverseOf(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length);
  for (const [place, i] of order.entries()) inverse[i] = place;
  return inverse;
}

const lengthsKind = /* @__PURE__ */ K.either(K.tensor, /* @__PURE__ */ K.listOf(K.integer));
const packedKind = /* @__PURE__ */ K.instanceOf(PackedSequence);

/** Options of {@link packPaddedSequence}. */
export interface PackOptions {
  /** Whether the input is (N, T, *), not (T, N, *). Default: false. */
  readonly batchFirst?: boolean;
  /** Whether the sequences are sorted by length, the longest first; else they are sorted here. Default: true. */
  readonly enforceSorted?: boolean;
}

/**
 * Packs padded sequences (T, N, *), of these lengths. Follows `torch.nn.utils.rnn.pack_padded_sequence`.
 * @throws ValueError for lengths that are not positive, exceed T, or are not sorted where they are to be; ShapeError
 *   when there are not N
 * @example
 * ```ts
 * const packed = nn.utils.rnn.packPaddedSequence(tensor([[1, 2], [3, 0]]), [2, 1]);
 * packed.data; // tensor([1, 2, 3])
 * packed.batchSizes; // [ 2, 1 ]
 * ```
 */
export const packPaddedSequence = /* @__PURE__ */ composition(
  'packPaddedSequence',
  () => ({
    input: K.tensor,
    lengths: lengthsKind,
    options: K.options<PackOptions>({ batchFirst: K.flag, enforceSorted: K.flag }),
  }),
  (input: Tensor, lengths: Tensor | readonly number[], options: PackOptions = {}): PackedSequence => {
    const { batchFirst = false, enforceSorted = true } = options;
    if (input.ndim < 2) throw new ShapeError('packPaddedSequence: expected an input (T, N, *)');
    const given = lengths instanceof Tensor ? [...lengths.data] : [...lengths];
    const order = given.map((_, i) => i).sort((a, b) => (given[b] ?? 0) - (given[a] ?? 0));
    if (input.count === 0) throw new ShapeError('packPaddedSequence: Cannot pack empty tensors.');
    const steps = batchFirst ? input.transpose(0, 1) : input;
    const [most = 0, batch = 0] = steps.shape;
    if (given.length !== batch) {
      throw new ShapeError(
        `packPaddedSequence: Expected \`len(lengths)\` to be equal to batch_size, but got ${given.length} (batch_size=${batch})`,
      );
    }
    if (given.some((length) => !(length > 0 && length <= most))) {
      throw new ValueError(
        `packPaddedSequence: expected lengths from 1 to ${most}, that of the input, got [${given.join(', ')}]`,
      );
    }
    if (enforceSorted && order.some((from, i) => given[from] !== given[i])) {
      throw new ValueError(
        'packPaddedSequence: `lengths` must be sorted in decreasing order when `enforceSorted` is true; pass ' +
          '{ enforceSorted: false } to have them sorted',
      );
    }
    const sorted = enforceSorted ? null : order;
    const sizes = Array.from(
      { length: Math.max(...given) },
      (_, t) => given.filter((length) => length > t).length,
    );
    const rows = sizes.flatMap((size, t) =>
      Array.from({ length: size }, (_, i) => t * batch + (sorted?.[i] ?? i)),
    );
    const flat = steps.reshape([most * batch, ...steps.shape.slice(2)]);
    return new PackedSequence(inOrder(flat, 0, rows), sizes, sorted);
  },
);

/** Options of {@link padPackedSequence}. */
export interface UnpackOptions {
  /** Whether the result is (N, T, *), not (T, N, *). Default: false. */
  readonly batchFirst?: boolean;
  /** What stands behind the ends. Default: 0. */
  readonly paddingValue?: number;
  /** T, where it is to exceed the greatest length. Default: `null`, the greatest length. */
  readonly totalLength?: number | null;
}

/**
 * {@link packPaddedSequence} undone: the padded sequences (T, N, *) in their first order, and their lengths, (N,) of
 * int32. Follows `torch.nn.utils.rnn.pad_packed_sequence`.
 * @throws ValueError when `totalLength` is below the greatest length
 */
export const padPackedSequence = /* @__PURE__ */ composition(
  'padPackedSequence',
  () => ({
    sequence: packedKind,
    options: K.options<UnpackOptions>({
      batchFirst: K.flag,
      paddingValue: K.number,
      totalLength: K.nullable(K.count),
    }),
  }),
  (sequence: PackedSequence, options: UnpackOptions = {}): [Tensor, Tensor] => {
    const { data, batchSizes, unsortedIndices } = sequence;
    const { batchFirst = false, paddingValue = 0 } = options;
    const total = options.totalLength ?? batchSizes.length;
    if (total < batchSizes.length) {
      throw new ValueError(
        'padPackedSequence: Expected totalLength to be at least the length of the longest sequence in input, but got ' +
          `totalLength=${total} and max sequence length being ${batchSizes.length}`,
      );
    }
    const [batch = 0] = batchSizes;
    const order = unsortedIndices ?? Array.from({ length: batch }, (_, i) => i);
    const padding = data.size(0);
    let start = 0;
    const rows = batchSizes.map((size) => {
      const first = start;
      start += size;
      return order.map((i) => (i < size ? first + i : padding));
    });
    const of = data.shape.slice(1);
    const filled = (sizes: Shape): Tensor => full([...sizes, ...of], paddingValue, { dtype: data.dtype });
    const steps = inOrder(cat([data, filled([1])]), 0, rows.flat());
    const padded = cat([
      steps.reshape([batchSizes.length, batch, ...of]),
      filled([total - batchSizes.length, batch]),
    ]);
    const lengths = order.map((i) => batchSizes.filter((size) => size > i).length);
    return [batchFirst ? padded.transpose(0, 1) : padded, tensor(lengths, { dtype: 'int32' })];
  },
);

/** Options of {@link padSequence}. */
export interface PadSequenceOptions {
  /** Whether the result is (N, T, *), not (T, N, *). Default: false. */
  readonly batchFirst?: boolean;
  /** What stands in the padding. Default: 0. */
  readonly paddingValue?: number;
  /** Whether the padding comes behind or before. Default: `'right'`. */
  readonly paddingSide?: 'right' | 'left';
}

/**
 * Sequences (L, *) of different lengths as one tensor, (T, N, *), of the dtype of the first. A tensor (N, L, *) stands
 * for N sequences. Follows `torch.nn.utils.rnn.pad_sequence`.
 * @throws ValueError when there are none; ShapeError when they differ in more than their length
 * @example nn.utils.rnn.padSequence([tensor([1, 2]), tensor([3])], { batchFirst: true }); // tensor([[1, 2], [3, 0]])
 */
export const padSequence = /* @__PURE__ */ composition(
  'padSequence',
  () => ({
    sequences: K.either(K.tensor, K.tensors),
    options: K.options<PadSequenceOptions>({
      batchFirst: K.flag,
      paddingValue: K.number,
      paddingSide: K.oneOf('right', 'left'),
    }),
  }),
  (given: Tensor | readonly Tensor[], options: PadSequenceOptions = {}): Tensor => {
    const { batchFirst = false, paddingValue = 0, paddingSide = 'right' } = options;
    const sequences = Tensor.is(given) ? unbind(given) : given;
    const [first] = sequences;
    if (first === undefined) throw new ValueError('padSequence: received an empty list of sequences');
    if (sequences.some((x) => x.ndim === 0))
      throw new ShapeError('padSequence: expected sequences of at least one dimension');
    const most = Math.max(...sequences.map((x) => x.size(0)));
    const padded = sequences.map((x) => {
      const missing = most - x.size(0);
      const sides = paddingSide === 'right' ? [0, missing] : [missing, 0];
      const around = [...x.shape.slice(1).flatMap(() => [0, 0]), ...sides];
      return pad(x.to(first.dtype), around, { value: paddingValue });
    });
    return stack(padded, batchFirst ? 0 : 1);
  },
);

/**
 * {@link padSequence} undone: views of the sequences without their padding; a length beyond T counts as T. Follows
 * `torch.nn.utils.rnn.unpad_sequence`.
 * @throws ShapeError when there is not a length for each sequence
 */
export const unpadSequence = /* @__PURE__ */ composition(
  'unpadSequence',
  () => ({
    paddedSequences: K.tensor,
    lengths: lengthsKind,
    options: K.options<{ batchFirst?: boolean }>({ batchFirst: K.flag }),
  }),
  (
    paddedSequences: Tensor,
    lengths: Tensor | readonly number[],
    { batchFirst = false }: { readonly batchFirst?: boolean } = {},
  ): Tensor[] => {
    const given = lengths instanceof Tensor ? [...lengths.data] : lengths;
    const byBatch = batchFirst ? paddedSequences : paddedSequences.transpose(0, 1);
    if (given.length !== byBatch.size(0)) {
      throw new ShapeError(
        `unpadSequence: expected a length for each of ${byBatch.size(0)} sequences, got ${given.length}`,
      );
    }
    const most = byBatch.size(1);
    return given.map((length, i) => byBatch.select(0, i).narrow(0, 0, Math.max(0, Math.min(length, most))));
  },
);

/**
 * Packs sequences (L, *) of different lengths: {@link padSequence}, then {@link packPaddedSequence}. Follows
 * `torch.nn.utils.rnn.pack_sequence`.
 * @throws ValueError when they are not sorted by length, the longest first, and are to be
 */
export const packSequence = /* @__PURE__ */ composition(
  'packSequence',
  () => ({
    sequences: K.tensors,
    options: K.options<{ enforceSorted?: boolean }>({ enforceSorted: K.flag }),
  }),
  (sequences: readonly Tensor[], options: { readonly enforceSorted?: boolean } = {}): PackedSequence =>
    packPaddedSequence(
      padSequence(sequences),
      sequences.map((x) => x.size(0)),
      options,
    ),
);

/** {@link packSequence} undone, in the first order. Follows `torch.nn.utils.rnn.unpack_sequence`. */
export const unpackSequence = /* @__PURE__ */ composition(
  'unpackSequence',
  () => ({ packedSequences: packedKind }),
  (packedSequences: PackedSequence): Tensor[] => {
    const [padded, lengths] = padPackedSequence(packedSequences, { batchFirst: true });
    return unpadSequence(padded, lengths, { batchFirst: true });
  },
);
