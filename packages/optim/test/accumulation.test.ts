/** Gradients of several small batches, summed up before a step, are those of one large batch. */
import { compile, manualSeed, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, test } from 'vitest';

const steps = 5;

/** A net, its optimizer, and for each step a batch of twelve. */
function start() {
  manualSeed(7);
  const model = new nn.Sequential(new nn.Linear(3, 8), new nn.Tanh(), new nn.Linear(8, 2)).double();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
  const batches = Array.from(
    { length: steps },
    () => [randn([12, 3], { dtype: 'float64' }), randn([12, 2], { dtype: 'float64' })] as const,
  );
  return { model, optimizer, batches };
}

const numbersOf = (model: nn.Sequential): number[] =>
  model.parameters().flatMap((p) => Array.from(p.detach().data));

/** What a run leaves that takes each batch in parts of `size`; with `compiled` both of its functions are. */
function run(size: number, compiled: boolean): number[] {
  const { model, optimizer, batches } = start();
  const accumulate = (x: Tensor, y: Tensor): void => {
    // The mean of a part counts as much as the part is of the batch.
    nn.functional
      .mseLoss(model(x), y)
      .mul(x.size(0) / 12)
      .backward();
  };
  const update = (): void => {
    optimizer.step();
    optimizer.zeroGrad();
  };
  const [add, end] = compiled ? [compile(accumulate), compile(update)] : [accumulate, update];
  for (const [x, y] of batches) {
    for (let from = 0; from < 12; from += size) {
      const rows = Math.min(size, 12 - from);
      add(x.narrow(0, from, rows), y.narrow(0, from, rows));
    }
    end();
  }
  return numbersOf(model);
}

describe.each([1, 2, 3, 4, 5, 6])('in parts of %i', (size) => {
  test('the numbers are those of whole batches, but for the order of sums', () => {
    const [whole, parts] = [run(12, false), run(size, false)];
    for (const [i, value] of parts.entries())
      expect(Math.abs(value - (whole[i] as number))).toBeLessThan(1e-12);
  });

  test('the bits are the same where both functions are compiled', () => {
    expect(run(size, true)).toEqual(run(size, false));
  });
});
