import { expect, it } from 'vitest';
import { compile, manualSeed, pad, randn, type Tensor, tensor } from '../../src/index.ts';

it('explain() times kernels that work out where others read and write, and leaves what comes after as it was', () => {
  manualSeed(0);
  const x = randn([2, 3, 6, 6], { requiresGrad: true });
  const reflected = (x: Tensor): Tensor => pad(x, [1, 2, 2, 1], { mode: 'reflect' }).square().sum();
  const step = compile((f: Tensor) => {
    x.grad = null;
    const loss = reflected(x).mul(f);
    loss.backward();
    return loss;
  });
  const factor = tensor(1.5);
  for (let i = 0; i < 4; i++) step(factor);
  const now = (): unknown => [step(factor).item(), x.grad?.tolist()];
  const before = now();
  expect(step.explain()).toContain('microseconds each');
  expect(now()).toEqual(before);
});

it('explain() times nothing of a program that changes integers that it was given: kernels may read by them', () => {
  const x = tensor([1, 2, 3, 4], { dtype: 'float32' });
  const next = compile((at: Tensor) => {
    at.add_(1);
    return x.indexSelect(0, at).mul(2);
  });
  for (let i = 0; i < 4; i++) next(tensor([0, 2]));
  expect(next.explain()).not.toMatch(/^ +\d+\.\d+ /m);
  expect(next(tensor([0, 2])).tolist()).toEqual([4, 8]);
});
