/** Sequences of numbers, padded and packed: every option, and what is refused. The numbers are PyTorch 2.15's. */

import { tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

const { packPaddedSequence, packSequence, padPackedSequence, padSequence, unpackSequence, unpadSequence } =
  nn.utils.rnn;
const sequences = [tensor([1, 2]), tensor([3, 4, 5]), tensor([6])];
const batchFirst = true;

it.each([
  [
    {},
    [
      [1, 3, 6],
      [2, 4, 0],
      [0, 5, 0],
    ],
  ],
  [
    { batchFirst },
    [
      [1, 2, 0],
      [3, 4, 5],
      [6, 0, 0],
    ],
  ],
  [
    { batchFirst, paddingSide: 'left', paddingValue: 9 },
    [
      [9, 1, 2],
      [3, 4, 5],
      [9, 9, 6],
    ],
  ],
] as const)('are padded with %j', (options, expected) => {
  expect(padSequence(sequences, options).tolist()).toEqual(expected);
});

it('are packed by steps, the longest first, and padded in the order that they came in', () => {
  const packed = packSequence(sequences, { enforceSorted: false });
  expect([packed.data.tolist(), packed.batchSizes]).toEqual([
    [3, 1, 6, 4, 2, 5],
    [3, 2, 1],
  ]);
  expect([packed.sortedIndices, packed.unsortedIndices]).toEqual([
    [1, 0, 2],
    [1, 0, 2],
  ]);
  const [padded, lengths] = padPackedSequence(packed, { batchFirst, paddingValue: -2, totalLength: 4 });
  expect(padded.tolist()).toEqual([
    [1, 2, -2, -2],
    [3, 4, 5, -2],
    [6, -2, -2, -2],
  ]);
  expect([lengths.dtype, lengths.tolist()]).toEqual(['int32', [2, 3, 1]]);
  expect(unpackSequence(packed).map((x) => x.tolist())).toEqual([[1, 2], [3, 4, 5], [6]]);
  expect(unpadSequence(padded, lengths, { batchFirst }).map((x) => x.tolist())).toEqual([
    [1, 2],
    [3, 4, 5],
    [6],
  ]);
});

describe('are refused', () => {
  it.each([
    ['where there are none', () => padSequence([]), 'padSequence: received an empty list of sequences'],
    [
      'where one has no dimension',
      () => padSequence([tensor([1]), tensor(1)]),
      'padSequence: expected sequences of at least one dimension',
    ],
    [
      'where they differ in more than their length',
      () => padSequence([zeros([2, 3]), zeros([1, 4])]),
      'padSequence: stack expects each tensor to be equal size',
    ],
    [
      'where they get shorter and are to be sorted',
      () => packSequence(sequences),
      'must be sorted in decreasing order',
    ],
    [
      'packed where there is no batch',
      () => packPaddedSequence(zeros([3]), [3]),
      'expected an input (T, N, *)',
    ],
    [
      'packed beyond their end',
      () => packPaddedSequence(zeros([3, 2]), [4, 1]),
      'expected lengths from 1 to 3',
    ],
    [
      'padded to less than the longest',
      () => padPackedSequence(packSequence([zeros([3])]), { totalLength: 2 }),
      'totalLength=2 and max sequence length being 3',
    ],
    [
      'without a length for each',
      () => unpadSequence(zeros([3, 2]), [3]),
      'expected a length for each of 2 sequences, got 1',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
