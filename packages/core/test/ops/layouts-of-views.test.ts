/** Strides of views and whether they share memory, where PyTorch's are seen by `stride()` and by in-place changes. */

import { arange, asStrided, diff, index, ones } from '@kindling/core';
import { describe, expect, test } from 'vitest';

describe('expand', () => {
  test.each([
    { from: [2, 4], to: [1, 2, 4], strides: [8, 4, 1] },
    { from: [2, 4], to: [2, 1, 2, 4], strides: [0, 8, 4, 1] },
    { from: [2, 4], to: [1, 3, 2, 4], strides: [0, 0, 4, 1] },
    { from: [3], to: [1, 1, 3], strides: [3, 3, 1] },
    { from: [1, 3], to: [1, 2, 3], strides: [0, 0, 1] },
    { from: [], to: [1, 1], strides: [0, 0] },
  ])('of $from to $to has the strides $strides', ({ from, to, strides }) => {
    // A size of 1 in front strides over what lies behind it, as after unsqueeze.
    expect(ones(from).expand(to).strides).toEqual(strides);
  });
});

describe('index without a choice', () => {
  test.each([
    ['...', ['...' as const]],
    [':', [':' as const]],
    ['nothing', []],
  ])('is the whole, as it lies: %s', (_, items) => {
    const x = asStrided(arange(20), [1, 3, 5], [1, 1, 3]);
    const y = index(x, ...items);
    expect(y === x).toBe(false);
    expect([y.strides, y.storage === x.storage]).toEqual([[1, 1, 3], true]);
  });
});

describe('ravel', () => {
  test('shares the memory of what is contiguous', () => {
    const x = ones([2, 3]);
    x.ravel().fill_(7);
    expect(x.sum().item()).toBe(42);
  });

  test('copies what is not, even where a view would do', () => {
    const x = ones([2, 6]);
    const y = x.index(':', { step: 2 }).ravel();
    y.fill_(7);
    expect([x.sum().item(), y.strides]).toEqual([12, [1]]);
  });
});

test('differences of order 0 are a copy', () => {
  const x = ones(3);
  diff(x, { n: 0 }).fill_(7);
  expect(x.tolist()).toEqual([1, 1, 1]);
});
