import { expect, it } from 'vitest';
import * as K from '../../src/index.ts';
import { numberOfRank } from '../../src/ops/order/rank.ts';

it('operands that lie crosswise give what their copies give', () => {
  const generator = new K.Generator().manualSeed(3);
  const draw = (...shape: number[]): K.Tensor => K.randn(shape, { generator });
  const pairs: [K.Tensor, K.Tensor][] = [
    [draw(6, 1, 20, 1), draw(1, 5, 1, 30)],
    [draw(6, 1, 20, 30).transpose(2, 3), draw(1, 5, 30, 1)],
    [draw(20, 1, 7), draw(1, 300, 1)],
    [draw(4, 3, 20, 30).narrow(2, 1, 16), draw(3, 16, 1)],
  ];
  for (const [a, b] of pairs) {
    const shape = K.broadcastShapes(a.shape, b.shape);
    const whole = (x: K.Tensor): K.Tensor => x.expand(...shape).contiguous();
    expect(K.equal(a.sub(b), whole(a).sub(whole(b)))).toBe(true);
  }
});

it('counts of more elements than scratch holds are those of their parts', () => {
  const n = 2 ** 21 + 2 ** 18;
  const x = K.rand([n], { generator: new K.Generator().manualSeed(2) });
  const counts = (first: number, count: number): K.Tensor =>
    K.histogram(x.narrow(0, first, count), 7, { range: [0.1, 0.8] }).hist;
  const parts = counts(0, 2 ** 20)
    .add(counts(2 ** 20, 2 ** 20))
    .add(counts(2 ** 21, 2 ** 18));
  expect(K.equal(counts(0, n), parts)).toBe(true);
});

it('the number of a rank is that of the sorted row', () => {
  const { data } = K.randn(5000, { generator: new K.Generator().manualSeed(1) });
  for (const row of [data, Float64Array.from(data, (x) => x * 1e200), Int32Array.from(data, (x) => x * 3)]) {
    const sorted = row.slice().sort();
    for (const k of [0, 1, 17, 2499, 2500, 4999]) expect(numberOfRank(row, k)).toBe(sorted[k]);
  }
  expect(numberOfRank(Float32Array.of(Number.NaN, 2, -0, 1), 2)).toBe(2);
  expect(numberOfRank(Float32Array.of(Number.NaN), 0)).toBeNaN();
});

it('draws of many numbers are those of one after the other', () => {
  for (const before of [0, 1, 623, 624, 700]) {
    const [many, single] = [0, 1].map(() => new K.Generator().manualSeed(5)) as [K.Generator, K.Generator];
    for (const count of [before, 64, 1000, 624, 5000]) {
      const words = new Int32Array(count);
      many.fill(words, count);
      expect(words).toEqual(Int32Array.from(words, () => single.random()));
      expect(many.getState()).toEqual(single.getState());
    }
  }
});

it.each(['float32', 'float64', 'int32', 'uint8'] as const)(
  'what is joined in scratch, chunk by chunk, is found where it was put: %s',
  (dtype) => {
    const numbers = (...shape: number[]): K.Tensor => {
      const count = shape.reduce((a, b) => a * b, 1);
      return K.arange(count).remainder(251).to(dtype).reshape(shape);
    };
    for (const [rows, widths] of [
      [700, [30, 1, 0, 17]],
      [3, [400, 500]],
      [40, [16]],
    ] as const) {
      const parts = widths.map((width) => numbers(rows, width, 2).add(1));
      const joined = K.cat(parts, 1);
      let start = 0;
      for (const [k, width] of widths.entries()) {
        expect(K.equal(joined.narrow(1, start, width), parts[k] as K.Tensor)).toBe(true);
        start += width;
      }
      expect(start).toBe(joined.size(1));
    }
    const [a, b] = [numbers(30, 20, 40), numbers(30, 20, 40).add(1)];
    for (const dim of [1, 2, 3]) {
      const stacked = K.stack([a, b], dim);
      expect(K.equal(stacked.select(dim, 0), a)).toBe(true);
      expect(K.equal(stacked.select(dim, 1), b)).toBe(true);
    }
  },
);

it.each(['float32', 'int32', 'uint8'] as const)('what is padded in scratch, block by block: %s', (dtype) => {
  const x = K.arange(9 * 31 * 23)
    .remainder(251)
    .to(dtype)
    .reshape(9, 31, 23);
  for (const padding of [
    [2, 1],
    [0, 3, 1, 0],
    [1, 1, -2, 4],
    [0, 0, 0, 0, 2, 1],
  ]) {
    const padded = K.pad(x, padding, { value: 7 });
    const back = K.pad(
      padded,
      padding.map((side) => -Math.max(side, 0)),
    );
    const kept = K.pad(
      x,
      padding.map((side) => Math.min(side, 0)),
    );
    expect(K.equal(back, kept)).toBe(true);
    expect(padded.eq(7).sum().item()).toBe(kept.eq(7).sum().item() + padded.count - kept.count);
  }
});

it('the gradient of a part is 0 around it', () => {
  const x = K.zeros([40, 50, 6], { requiresGrad: true });
  for (const [dim, start, length] of [
    [0, 3, 30],
    [1, 7, 40],
    [2, 1, 4],
  ] as const) {
    const part = x.narrow(dim, start, length);
    const g = K.arange(part.count).add(1).float().reshape(part.shape);
    const gradient = K.autograd.grad(part, x, { gradOutputs: g })[0] as K.Tensor;
    expect(K.equal(gradient.narrow(dim, start, length), g)).toBe(true);
    expect(gradient.sum().item()).toBe(g.sum().item());
  }
});
