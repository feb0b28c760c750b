/** What holds for every optimizer and every schedule: its constructor checks what it is called with, under its own name. */
import { KindlingError, type Tensor, tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';

type Constructor = new (...args: readonly unknown[]) => unknown;

const { lrScheduler } = optim;
const leaf = (): Tensor => tensor([[1.5]], { requiresGrad: true });
const sgd = (): optim.SGD => new optim.SGD([leaf()], { lr: 0.1, momentum: 0.9 });

const classesOf = (
  exported: object,
  base: abstract new (...args: never) => unknown,
): [string, Constructor][] =>
  Object.entries(exported).filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof base,
  ) as [string, Constructor][];

/** What schedule-free optimizers count in their groups. */
const progress = new Set(['k', 'weightSum', 'lrMax', 'scheduledLr']);

const optimizers = classesOf(optim, optim.Optimizer);

/** What schedules need between their optimizer and their options, those that need something. */
const needed: Record<string, readonly unknown[]> = {
  CosineAnnealingLR: [5],
  CosineAnnealingWarmRestarts: [5],
  CyclicLR: [0.1, 1],
  ExponentialLR: [0.9],
  LambdaLR: [() => 1],
  MultiStepLR: [[2, 3]],
  MultiplicativeLR: [() => 1],
  OneCycleLR: [1],
  SWALR: [0.1],
  StepLR: [3],
  WarmupStableDecayLR: [10],
};
const schedules = classesOf(lrScheduler, lrScheduler.LRScheduler).filter(
  ([name]) => name !== 'SequentialLR' && name !== 'ChainedScheduler',
);

const refuses = (call: () => unknown, message: RegExp): void => {
  expect(call).toThrow(KindlingError);
  expect(call).toThrow(message);
};

describe.each(optimizers)('%s', (name, Optimizer) => {
  it('takes an object for its options, and only options that it has', () => {
    expect(() => new Optimizer([leaf()], undefined)).not.toThrow();
    refuses(() => new Optimizer([leaf()], 0.1), new RegExp(`^${name}: expected an options object, got 0.1`));
    refuses(() => new Optimizer([leaf()], { mutant: 1 }), new RegExp(`^${name}: unknown option mutant`));
  });

  it('takes nothing beyond its options', () => {
    refuses(() => new Optimizer([leaf()], {}, 3), new RegExp(`^${name}: takes .*got 3 beyond that`));
  });

  it('takes each number of its options only if it is one', () => {
    const { params: _, ...options } = (new Optimizer([leaf()]) as optim.SGD).paramGroups[0] ?? {};
    const numbers = Object.entries(options).filter(
      ([option, value]) => typeof value === 'number' && !progress.has(option),
    );
    expect(numbers.length).toBeGreaterThan(0);
    for (const [option] of numbers)
      for (const wrong of [Number.NaN, '0.1', [0.1]])
        refuses(
          () => new Optimizer([leaf()], { [option]: wrong }),
          new RegExp(`^${name}: ${option}: expected`),
        );
  });
});

describe.each(schedules)('%s', (name, Schedule) => {
  const others = needed[name] ?? [];
  const options = name === 'OneCycleLR' ? { totalSteps: 5 } : {};

  it('takes an optimizer first', () => {
    expect(() => new Schedule(sgd(), ...others, options)).not.toThrow();
    for (const wrong of ['SGD', undefined, [leaf()]])
      refuses(
        () => new Schedule(wrong, ...others, options),
        new RegExp(`^${name}: optimizer: expected an Optimizer`),
      );
  });

  it('takes what it needs only if it is of its kind', () => {
    for (const [i] of others.entries())
      for (const wrong of [undefined, null, 'x', {}])
        refuses(() => new Schedule(sgd(), ...others.with(i, wrong), options), new RegExp(`^${name}: `));
  });

  it('takes an object for its options, only options that it has, and nothing beyond', () => {
    refuses(
      () => new Schedule(sgd(), ...others, 0.5),
      new RegExp(`^${name}: expected an options object, got 0.5`),
    );
    refuses(
      () => new Schedule(sgd(), ...others, { ...options, mutant: 1 }),
      new RegExp(`^${name}: unknown option mutant`),
    );
    refuses(
      () => new Schedule(sgd(), ...others, options, 3),
      new RegExp(`^${name}: takes .*got 3 beyond that`),
    );
  });
});

describe('schedules of schedules', () => {
  const step = (optimizer: optim.Optimizer): optim.lrScheduler.StepLR => new lrScheduler.StepLR(optimizer, 2);
  const Sequential = lrScheduler.SequentialLR as unknown as Constructor;
  const Chained = lrScheduler.ChainedScheduler as unknown as Constructor;

  it('check their optimizer, their schedules and their options', () => {
    const optimizer = sgd();
    const both = [step(optimizer), step(optimizer)];
    refuses(() => new Sequential('SGD', both, [2]), /^SequentialLR: optimizer: expected an Optimizer/);
    refuses(
      () => new Sequential(optimizer, 'both', [2]),
      /^SequentialLR: schedulers: expected a list of at least one scheduler/,
    );
    refuses(() => new Sequential(optimizer, both, 2), /^SequentialLR: milestones: expected/);
    refuses(() => new Sequential(optimizer, both, [2], 0.5), /^SequentialLR: expected an options object/);
    refuses(() => new Sequential(optimizer, both, [2], {}, 3), /^SequentialLR: takes .* beyond that/);
    refuses(
      () => new Chained('both'),
      /^ChainedScheduler: schedulers: expected a list of at least one scheduler/,
    );
    refuses(() => new Chained(both, 0.5), /^ChainedScheduler: expected an options object/);
    refuses(() => new Chained(both, {}, 3), /^ChainedScheduler: takes .* beyond that/);
  });

  it('take no epoch', () => {
    const optimizer = sgd();
    for (const composed of [
      new lrScheduler.SequentialLR(optimizer, [step(optimizer), step(optimizer)], [2]),
      new lrScheduler.ChainedScheduler([step(optimizer)]),
    ])
      refuses(
        () => (composed.step as (epoch: number) => void)(3),
        new RegExp(`^${composed.constructor.name}.step: takes`),
      );
  });
});
