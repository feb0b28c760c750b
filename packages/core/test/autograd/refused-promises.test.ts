/** A promise that is refused may fail later: the refusal was caught, so that this ends no program. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  autograd,
  compile,
  enableGrad,
  forkRng,
  func,
  inferenceMode,
  noGrad,
  ones,
  type Tensor,
} from '../../src/index.ts';

const unhandled: unknown[] = [];
const listen = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', listen));
afterAll(() => void process.off('unhandledRejection', listen));

const x = ones([2], { requiresGrad: true });
const fails = (): never => Promise.reject(new Error('later')) as never;

it.each<[string, () => unknown]>([
  ['noGrad', () => noGrad(fails)],
  ['enableGrad', () => enableGrad(fails)],
  ['inferenceMode', () => inferenceMode(fails)],
  ['setGradEnabled', () => autograd.setGradEnabled(false, fails)],
  ['detectAnomaly', () => autograd.detectAnomaly(fails)],
  ['forkRng', () => forkRng(fails)],
  ['checkpoint', () => autograd.checkpoint(fails as (x: Tensor) => Tensor, x)],
  ['jacobian', () => autograd.functional.jacobian(fails, x)],
  ['func.grad', () => (func.grad(fails) as unknown as (x: Tensor) => unknown)(x)],
  ['compile', () => compile(fails as () => Tensor)()],
  [
    'registerHook',
    () => {
      const y = x.mul(2);
      y.registerHook(fails);
      y.sum().backward();
    },
  ],
])('of %s', async (_, f) => {
  unhandled.length = 0;
  expect(f).toThrow(/promise|asynchronous/i);
  await new Promise((done) => setTimeout(done, 5));
  expect(unhandled).toEqual([]);
});
