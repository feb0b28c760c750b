/** gelu of float32 against float64, over all of its range. */
import { linspace, type Tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import { expect, it } from 'vitest';

const valueAndSlope = (x: Tensor): [Tensor, Tensor | null] => {
  const leaf = x.detach().requiresGrad_();
  const y = F.gelu(leaf);
  y.sum().backward();
  return [y.detach(), leaf.grad];
};

it('gelu of float32 has values and slopes within 2 ulp of the largest number that they are made of', () => {
  const x = linspace(-15, 15, 30_001);
  const [[y, slope], [exact, exactSlope]] = [valueAndSlope(x), valueAndSlope(x.double())];
  const ulp = 2 ** -23;
  const allowed = x.double().abs().clampMin(1).mul(ulp);
  expect(y.double().sub(exact).abs().le(allowed).all().item()).toBe(true);
  const slopeError = slope?.double().sub(exactSlope ?? exact);
  expect(slopeError?.abs().max().item()).toBeLessThan(2 * ulp);
});
