/** What the record says to a compiled function: what a call depends on, and what it ran. */
import { describe, expect, it } from 'vitest';
import { assumes, assumesSame, compile, dependsOn, ones, type Tensor, tensor } from '../../src/index.ts';

/** What the calls of a compiled function give with each value of a setting, several times each. */
function results(step: (x: Tensor) => Tensor, set: (value: number) => void): unknown[] {
  return [2, 3, 2, 5].map((value) => {
    set(value);
    return Array.from({ length: 3 }, () => step(ones(1)).item()).join();
  });
}

describe('a call that depends on a number', () => {
  const right = ['2,2,2', '3,3,3', '2,2,2', '5,5,5'];
  it.each<[string, (read: () => number) => void]>([
    ['by dependsOn', (read) => dependsOn('scale', read)],
    ['by dependsOn of a list', (read) => dependsOn('scales', () => [1, read()])],
    ['by assumesSame', (read) => assumesSame('scales', () => [read()])],
    [
      'by assumes',
      (read) => {
        const before = read();
        assumes('scale', () => read() === before);
      },
    ],
  ])('%s is compiled for each', (_, say) => {
    let scale = 1;
    const step = compile((x: Tensor) => {
      say(() => scale);
      return x.mul(scale);
    });
    expect(results(step, (value) => (scale = value))).toEqual(right);
  });
});

describe('a change in place that reads the old value', () => {
  const steps: Readonly<Record<string, (w: Tensor) => Tensor>> = {
    'of a result': (w) => w.mul(2).square_(),
    'of a result and itself': (w) => {
      const y = w.mul(2);
      return y.mul_(y);
    },
    'of a part': (w) => {
      const y = w.mul(2);
      const part = y.narrow(0, 0, 2);
      part.mul_(part).mul_(3);
      return y;
    },
  };
  it.each(Object.entries(steps))('%s has the same gradients in a program', (_, f) => {
    const leaf = (): Tensor => tensor([1.5, -2, 3], { dtype: 'float64', requiresGrad: true });
    const [one, other] = [leaf(), leaf()];
    const step = (w: Tensor): Tensor => {
      const y = f(w).sum();
      y.backward();
      return y.detach();
    };
    const compiled = compile(step);
    for (let i = 0; i < 4; i++) expect(compiled(one).item()).toBe(step(other).item());
    expect(one.grad?.tolist()).toEqual(other.grad?.tolist());
  });
});
