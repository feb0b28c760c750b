import { afterEach, expect, it, vi } from 'vitest';
import { timeKernels } from '../../src/compile/machine/timing.ts';
import { compile, manualSeed, pad, randn, type Tensor, tensor } from '../../src/index.ts';

afterEach(() => void vi.restoreAllMocks());

it('a kernel takes the least of several times, each of as many runs as a clock tells apart', () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  let runs = 0;
  // Of milliseconds: an eighth each, but for one run in five, in which somebody else is at work.
  const quick = (): number => {
    now += ++runs % 5 === 0 ? 0.5 : 0.125;
    return 0;
  };
  const slow = (): number => {
    now += 3;
    return 0;
  };
  const [first = 0, second] = timeKernels(
    [quick, slow].map((run) => ({ run, changed: [] })),
    [],
  );
  expect(first).toBe(125);
  expect(second).toBe(3000);
});

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
