import { expect, test } from 'vitest';
import { arange, eye, gradient, linalg, ShapeError, sin, tensor } from '../../src/index.ts';
import { assertClose } from '../../src/testing/index.ts';

const wave = sin(arange(36, { dtype: 'float64' }).mul(1.7));

test('gradient gives one derivative a dimension, in the order in which they are listed', () => {
  const x = wave.reshape(3, 4, 3);
  const alone = [0, 1, 2].map((dim) => gradient(x, { dim })[0]);
  for (const dim of [
    [2, 0, 1],
    [-1, 0],
    [1, -3],
    [0, 1, 2],
  ]) {
    const found = gradient(x, { dim });
    expect(found).toHaveLength(dim.length);
    found.forEach((g, i) => {
      assertClose(g, alone.at(dim[i] as number) as typeof g);
    });
  }
});

test('gradient pairs spacings with the dimensions as they are listed', () => {
  const x = wave.reshape(3, 4, 3);
  const [last, first] = gradient(x, { dim: [2, 0], spacing: [0.5, 4] });
  assertClose(last as typeof x, gradient(x, { dim: 2, spacing: 0.5 })[0] as typeof x);
  assertClose(first as typeof x, gradient(x, { dim: 0, spacing: 4 })[0] as typeof x);
  const places = [tensor([0, 1, 4, 9], { dtype: 'float64' }), tensor([0, 2, 3], { dtype: 'float64' })];
  const uneven = gradient(x, { dim: [1, 0], spacing: places });
  assertClose(uneven[1] as typeof x, gradient(x, { dim: 0, spacing: places.slice(1) })[0] as typeof x);
  expect(() => gradient(x, { dim: [0, -3] })).toThrow(ShapeError);
});

test('tensorsolve moves dimensions to the end in the order in which they are listed', () => {
  const a = wave.reshape(3, 6, 2).add(eye(6, { dtype: 'float64' }).mul(3).reshape(6, 3, 2).permute(1, 0, 2));
  const b = arange(6, { dtype: 'float64' });
  const one = linalg.tensorsolve(a, b, { dims: [0, 2] });
  const other = linalg.tensorsolve(a, b, { dims: [2, 0] });
  expect([one.shape, other.shape]).toEqual([
    [3, 2],
    [2, 3],
  ]);
  assertClose(other, linalg.tensorsolve(a.permute(1, 2, 0), b));
  assertClose(one, linalg.tensorsolve(a.permute(1, 0, 2), b));
});
