/** Compiled functions that are given gradients of the tensors that they train, as `clip(parameters.map((p) => p.grad))`. */
import { compile, manualSeed, noGrad, randn, type Tensor } from '@kindling/core';
import { describe, expect, it, vi } from 'vitest';

type Step = (gradients: Tensor[], x: Tensor, weights: Tensor[]) => Tensor[];

const backward = ([v, w]: Tensor[], x: Tensor): void =>
  (v as Tensor)
    .mul(x)
    .mul(w as Tensor)
    .sum()
    .backward();
const clear = (weights: Tensor[]): void => {
  for (const w of weights) w.grad = null;
};

const steps: Record<string, Step> = {
  'reads them, and replaces them': (gradients, x, weights) => {
    const result = gradients.map((g) => g.mul(2));
    clear(weights);
    backward(weights, x);
    return result;
  },
  'reads them once they are replaced': (gradients, x, weights) => {
    clear(weights);
    backward(weights, x);
    return gradients.map((g) => g.mul(2));
  },
  'adds to them': (gradients, x, weights) => {
    backward(weights, x);
    return gradients.map((g) => g.mul(2));
  },
  'changes them, and replaces them': (gradients, x, weights) => {
    noGrad(() => {
      for (const g of gradients) g.mul_(0.5);
    });
    const result = gradients.map((g) => g.add(1));
    clear(weights);
    backward(weights, x);
    return result;
  },
  'clips them, and steps': (gradients, _x, weights) =>
    noGrad(() => {
      for (const [i, g] of gradients.entries()) weights[i]?.sub_(g.mul_(0.5), { alpha: 0.1 });
      return gradients;
    }),
};

/** What comes of calls with the gradients, then of two with them swapped, and with others. */
function outcome(step: Step, check: boolean | undefined, reads: boolean, compiled: boolean) {
  manualSeed(3);
  const weights = [0, 1].map(() => randn([5], { requiresGrad: true }));
  for (const w of weights) w.grad = randn([5]);
  const call = (gradients: Tensor[], x: Tensor): Tensor[] => step(gradients, x, weights);
  const program = compiled ? compile(call, { check }) : null;
  const f = program ?? call;
  const values: number[][] = [];
  const made: number[] = [];
  for (let i = 0; i < 14; i++) {
    const gradients = i === 11 ? [randn([5]), randn([5])] : weights.flatMap((w) => w.grad ?? []);
    const results = f(i === 10 ? gradients.reverse() : gradients, randn([5]));
    values.push(...[...results, ...weights].map((x) => [...x.detach().clone().data]));
    if (reads) values.push(...weights.map((w) => [...(w.grad?.data ?? [])]));
    made.push(program?.programs.length ?? 0);
  }
  return { values, made };
}

describe.each(Object.entries(steps))('a step that is given gradients and %s', (_, step) => {
  it.each([undefined, false, true])('is one program, of the bits of eager (check: %s)', (check) => {
    const warn = vi.spyOn(console, 'warn');
    for (const reads of [false, true]) {
      const { values, made } = outcome(step, check, reads, true);
      expect(values).toEqual(outcome(step, check, reads, false).values);
      // Swapped ones, and those that are no gradient, have another.
      expect([made[9], made[13]]).toEqual([1, 3]);
    }
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
