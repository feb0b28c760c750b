/** Tensors arranged anew in pieces: as taking entries dimension by dimension arranges them, whatever fits scratch at a time. */
import {
  compile,
  type DType,
  indexSelect,
  manualSeed,
  pad,
  randint,
  roll,
  type Tensor,
  tensor,
} from '@kindling/core';
import { expect, it } from 'vitest';

type Source = (i: number, size: number) => number;
const sources = {
  reflect: (i, size) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i),
  replicate: (i, size) => Math.min(Math.max(i, 0), size - 1),
  circular: (i, size) => ((i % size) + size) % size,
} as const satisfies Record<string, Source>;

/** x made anew along a dimension from `start` to before `end`, entry by entry. */
function along(x: Tensor, dim: number, start: number, end: number, source: Source): Tensor {
  const size = x.size(dim);
  const entries = Array.from({ length: end - start }, (_, i) => source(start + i, size));
  return indexSelect(x, dim, tensor(entries, { dtype: 'int32' }));
}

// Few elements, many small blocks, blocks that do not fit scratch, long rows, and rows that are turned round whole.
const shapes = [
  [2, 3, 4],
  [70, 9, 8],
  [3, 150, 170],
  [2, 20, 3000],
  [9, 2500, 3],
  [1, 2, 20000],
];
const dtypes: DType[] = ['float32', 'float64', 'uint8'];

it.each(shapes)('pads and rolls (%d, %d, %d)', (...shape) => {
  manualSeed(3);
  for (const dtype of dtypes) {
    for (const x of [
      randint(0, 200, shape).to(dtype),
      randint(0, 200, shape.toReversed()).to(dtype).transpose(0, 2),
    ]) {
      for (const mode of ['reflect', 'replicate', 'circular'] as const) {
        const padded = pad(x, [2, 1, 1, 1], { mode });
        const [rows, columns] = [x.size(1), x.size(2)];
        const expected = along(along(x, 1, -1, rows + 1, sources[mode]), 2, -2, columns + 1, sources[mode]);
        expect(padded.equal(expected), `${mode} ${dtype}`).toBe(true);
      }
      const rolled = roll(x, [1, -1, 2], [0, 1, 2]);
      const shifts = [1, -1, 2];
      const expected = shifts.reduce(
        (y, shift, dim) => along(y, dim, -shift, y.size(dim) - shift, sources.circular),
        x,
      );
      expect(rolled.equal(expected), dtype).toBe(true);
    }
  }
});

it('programs copy the same pieces', () => {
  const x = randint(0, 200, [3, 50, 40]).to('float32');
  const fn = (y: Tensor): Tensor[] => [
    pad(y, [3, 2, 0, 4], { mode: 'reflect' }),
    pad(y, [-1, 2, 1, 0], { mode: 'replicate' }),
    pad(y.transpose(1, 2), [3, -2], { mode: 'circular' }),
    roll(y, [7, 1], [1, 2]),
  ];
  const compiled = compile(fn);
  for (let i = 0; i < 3; i++) {
    for (const [k, found] of compiled(x).entries())
      expect(found.equal(fn(x)[k] as Tensor), `${k}`).toBe(true);
  }
});
