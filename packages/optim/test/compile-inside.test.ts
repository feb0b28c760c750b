/** What stands beside an optimizer's step inside of a compiled function: schedules do what they do; what could not be followed is refused. */

import { type Compiled, CompileError, compile, manualSeed, randn, type Tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';

const {
  ChainedScheduler,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LinearLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
} = optim.lrScheduler;

/** How a schedule steps, and what it counts. */
type Schedule = (optimizer: optim.Optimizer) => { step: () => void; count: () => number };

const stepping = (
  scheduler:
    | optim.lrScheduler.LRScheduler
    | optim.lrScheduler.ChainedScheduler
    | optim.lrScheduler.SequentialLR,
) => ({
  step: () => scheduler.step(),
  count: () => scheduler.lastEpoch,
});

const schedules: Readonly<Record<string, Schedule>> = {
  CosineAnnealingWarmRestarts: (o) => stepping(new CosineAnnealingWarmRestarts(o, 3, { tMult: 2 })),
  OneCycleLR: (o) => stepping(new OneCycleLR(o, 1, { totalSteps: 40 })),
  SequentialLR: (o) =>
    stepping(new SequentialLR(o, [new LinearLR(o, { totalIters: 3 }), new ExponentialLR(o, 0.9)], [4])),
  ChainedScheduler: (o) =>
    stepping(new ChainedScheduler([new LinearLR(o, { totalIters: 3 }), new ExponentialLR(o, 0.9)])),
  ReduceLROnPlateau: (o) => {
    const scheduler = new ReduceLROnPlateau(o, { patience: 1 });
    return { step: () => scheduler.step(1), count: () => scheduler.lastEpoch };
  },
};

function run(
  schedule: Schedule,
  make: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor,
): { outcome: unknown; step: (x: Tensor) => Tensor } {
  manualSeed(2);
  const w = randn([3], { requiresGrad: true });
  const optimizer = new optim.Adam([w], { lr: 0.1 });
  const scheduler = schedule(optimizer);
  const step = make((x) => {
    optimizer.zeroGrad();
    const loss = w.mul(x).square().sum();
    loss.backward();
    optimizer.step();
    scheduler.step();
    return loss;
  });
  const outcome = Array.from({ length: 12 }, () => [
    bitsOf(step(randn([3]))),
    bitsOf(w),
    optimizer.paramGroups.map(({ lr }) => lr),
    scheduler.count(),
  ]);
  return { outcome, step };
}

describe('a schedule inside of a compiled step', () => {
  it.each(Object.entries(schedules))('%s', (_, schedule) => {
    const { outcome, step } = run(schedule, (fn) => compile(fn));
    expect(outcome).toEqual(run(schedule, (fn) => fn).outcome);
    expect((step as Compiled<[Tensor], Tensor>).programs.length).toBe(1);
  });
});

describe('a compiled step that could not be followed is refused', () => {
  const refusal = (change: (optimizer: optim.Adam, n: number) => unknown): unknown => {
    const w = randn([3], { requiresGrad: true });
    const optimizer = new optim.Adam([w], { lr: 0.1 });
    let n = 0;
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      const factor = change(optimizer, ++n);
      w.mul(x)
        .square()
        .sum()
        .mul(typeof factor === 'number' ? factor : 1)
        .backward();
      optimizer.step();
    });
    try {
      for (let i = 0; i < 6; i++) step(randn([3]));
    } catch (error) {
      expect(error).toBeInstanceOf(CompileError);
      return (error as Error).message;
    }
    return null;
  };

  it('where it sets a rate by hand', () => {
    expect(refusal(() => null)).toBe(null);
    expect(
      refusal((o, n) => {
        for (const group of o.paramGroups) group.lr = 0.1 / n;
      }),
    ).toMatch(/changes an option of a group of Adam, which later calls would not do; do so outside/);
    expect(
      refusal((o, n) => {
        for (const group of o.paramGroups) group.betas = [0.9 / n, 0.99];
      }),
    ).toMatch(/changes an option of a group of Adam/);
  });

  it('where a weight of the loss grows by a counter, though state comes into being in the first call', () => {
    expect(refusal((_, n) => Math.min(1, n / 10))).toMatch(/takes something else from outside .* for mul/);
  });

  it('where EarlyStopping decides', () => {
    const stopping = new optim.EarlyStopping();
    expect(refusal(() => stopping.step(1))).toMatch(
      /EarlyStopping.step decides by the values of a call; call it outside/,
    );
  });
});

it('a group that is added between calls is known also to the program that only forgets gradients', () => {
  type Step = (x: Tensor, isFirst: boolean) => Tensor;
  const outcome = (make: (fn: Step) => Step): unknown => {
    manualSeed(2);
    const w = randn([3], { requiresGrad: true });
    const added = randn([2], { requiresGrad: true });
    const optimizer = new optim.Adam([w], { lr: 0.1 });
    const step = make((x, isFirst) => {
      if (isFirst) optimizer.zeroGrad();
      const loss = w.mul(x).square().sum();
      loss.backward();
      if (!isFirst) optimizer.step();
      return loss.detach();
    });
    return Array.from({ length: 12 }, (_, i) => {
      step(randn([3]), i % 2 === 0);
      if (i === 6) {
        added.grad = randn([2]);
        optimizer.addParamGroup({ params: [added] });
      }
      return [w, w.grad, added, added.grad].map(bitsOf);
    });
  };
  expect(outcome((fn) => compile(fn, { check: false }))).toEqual(outcome((fn) => fn));
});
