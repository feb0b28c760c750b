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
