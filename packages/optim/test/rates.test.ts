/** Learning rates that are tensors: read at each step, filled by schedulers, kept in groups and state dicts; see tools/oracle/tensor_rates.py. */
import { compile, ones, Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { bitsOf, expectSameBits } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';
import { expectAfter } from './support/after.ts';
import { gradientsOf, make, type Options, parametersOf, setGradients, stateTensors } from './support/runs.ts';

interface RateRun {
  readonly op: 'plain';
  readonly optimizer: string;
  readonly shape: readonly number[];
  readonly start: Recorded;
  readonly after: Recorded;
  /** What the tensor holds at the end. */
  readonly rate: number;
  /** The line that says so where the optimizer is printed. */
  readonly line: string;
}

/** A run whose betas are tensors, which are filled after half of its steps. */
interface BetasRun {
  readonly op: 'betas';
  readonly optimizer: 'Adam' | 'AdamW';
  readonly dtype: 'float32' | 'float64';
  readonly options: Options;
  readonly start: Recorded;
  readonly after: Recorded;
  readonly line: string;
}

const { lrScheduler } = optim;
const fixture = readFixture<RateRun | BetasRun>(new URL('./fixtures/rates', import.meta.url));
const entries = fixture.entries.filter((entry): entry is RateRun => entry.op === 'plain');
const betasRuns = fixture.entries.filter((entry): entry is BetasRun => entry.op === 'betas');
const rateOf = (value: number, dtype: 'float32' | 'float64' = 'float64'): Tensor => tensor(value, { dtype });
const rateIn = (optimizer: optim.Optimizer): unknown => optimizer.paramGroups[0]?.lr;

describe('runs whose rate a scheduler fills have the numbers of PyTorch, and are printed as there', () => {
  it.each(entries.map((run) => [run.optimizer, run] as const))('%s', (name, run) => {
    const params = parametersOf(run.start);
    const rate = rateOf(0.125).reshape([...run.shape]);
    const optimizer = make(name, params, { lr: rate });
    const schedule = new lrScheduler.StepLR(optimizer, 4, { gamma: 0.5 });
    for (let step = 1; step <= 12; step++) {
      setGradients(params, step);
      optimizer.step();
      schedule.step();
      expectAfter(run, step, params);
    }
    expect(rateIn(optimizer)).toBe(rate);
    expect(rate.item()).toBe(run.rate);
    expect(schedule.getLastLr()).toEqual([run.rate]);
    expect(String(optimizer).split('\n')).toContain(run.line);
  });
});

const closure = (optimizer: optim.Optimizer, p: Tensor) => (): Tensor => {
  optimizer.zeroGrad();
  const loss = p.sub(1).square().sum();
  loss.backward();
  return loss;
};
const point = (): Tensor =>
  tensor(
    [
      [1.5, -2],
      [0.5, 3],
    ],
    { dtype: 'float64', requiresGrad: true },
  );

const others = ['LBFGS', 'Muon', 'Lion', 'LAMB', 'SGDScheduleFree', 'AdamWScheduleFree'].filter(
  (name) => name in optim,
);

describe('others have the bits of numbers', () => {
  it.each([...others, ...entries.map(({ optimizer }) => optimizer)])('%s', (name) => {
    const run = (lr: number | Tensor): [Tensor, optim.Optimizer] => {
      const p = point();
      const optimizer = make(name, [p], { lr });
      if ('train' in optimizer) (optimizer as optim.SGDScheduleFree).train();
      const schedule = new lrScheduler.ExponentialLR(optimizer, 0.75);
      for (let i = 0; i < 5; i++) {
        optimizer.step(closure(optimizer, p));
        schedule.step();
      }
      return [p, optimizer];
    };
    const rate = rateOf(0.1);
    const [[p, withTensor], [q, withNumber]] = [run(rate), run(0.1)];
    expect(bitsOf(p.detach())).toEqual(bitsOf(q.detach()));
    expect(rateIn(withTensor)).toBe(rate);
    expect(rate.item()).toBe(rateIn(withNumber));
  });
});

describe('a scheduler fills the tensor', () => {
  const schedules: Readonly<
    Record<string, (o: optim.Optimizer) => { step(metric?: never): void; getLastLr(): number[] }>
  > = {
    ReduceLROnPlateau: (o) => {
      const plateau = new lrScheduler.ReduceLROnPlateau(o, { patience: 0, factor: 0.5 });
      return { step: () => plateau.step(1), getLastLr: () => plateau.getLastLr() };
    },
    CyclicLR: (o) => new lrScheduler.CyclicLR(o, 0.125, 0.5, { stepSizeUp: 2 }),
    OneCycleLR: (o) => new lrScheduler.OneCycleLR(o, 0.5, { totalSteps: 8 }),
    SequentialLR: (o) =>
      new lrScheduler.SequentialLR(
        o,
        [new lrScheduler.ConstantLR(o, { factor: 0.5 }), new lrScheduler.ExponentialLR(o, 0.5)],
        [2],
      ),
    ChainedScheduler: (o) =>
      new lrScheduler.ChainedScheduler([
        new lrScheduler.ConstantLR(o, { factor: 0.5 }),
        new lrScheduler.ExponentialLR(o, 0.5),
      ]),
    LambdaLR: (o) => new lrScheduler.LambdaLR(o, (epoch) => 1 / (1 + epoch)),
    SWALR: (o) => new optim.swaUtils.SWALR(o, 0.0625, { annealEpochs: 3 }),
  };
  it.each(Object.entries(schedules))('%s', (_, make) => {
    const run = (lr: number | Tensor): number[][] => {
      const p = point();
      const optimizer = new optim.SGD([p], { lr, momentum: 0.5 });
      const schedule = make(optimizer);
      const seen: number[][] = [];
      for (let i = 0; i < 6; i++) {
        optimizer.step(closure(optimizer, p));
        schedule.step();
        seen.push(schedule.getLastLr());
        if (lr instanceof Tensor) {
          expect(rateIn(optimizer)).toBe(lr);
          expect(schedule.getLastLr()).toEqual([lr.item()]);
        }
      }
      return seen;
    };
    expect(run(rateOf(0.25))).toEqual(run(0.25));
  });

  it('in its precision, which is then the last rate', () => {
    const rate = rateOf(0.1, 'float32');
    const optimizer = new optim.SGD([point()], { lr: rate });
    const schedule = new lrScheduler.ConstantLR(optimizer, { factor: 1 / 3 });
    expect(rate.item()).toBe(Math.fround(Math.fround(0.1) / 3));
    expect(schedule.getLastLr()).toEqual([rate.item()]);
    expect(schedule.baseLrs).toEqual([Math.fround(0.1)]);
  });

  it('and lrFind leaves it as it was', () => {
    const p = point();
    const rate = rateOf(0.25);
    const optimizer = new optim.SGD([p], { lr: rate });
    const loss = closure(optimizer, p);
    const { points } = optim.lrFind(optimizer, () => optimizer.step(loss), { numIter: 10 });
    expect(points[0]?.lr).toBe(1e-7);
    expect(rateIn(optimizer)).toBe(rate);
    expect(rate.item()).toBe(0.25);
  });
});

describe('a compiled step', () => {
  const trained = (compiles: boolean, schedules: boolean): [Tensor, Tensor, number] => {
    const p = point();
    const rate = rateOf(0.1);
    const optimizer = new optim.Adam([p], { lr: rate });
    const schedule = new lrScheduler.ExponentialLR(optimizer, 0.5);
    const call = (x: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = p.mul(x).square().sum();
      loss.backward();
      optimizer.step();
      if (schedules) schedule.step();
      return loss.detach();
    };
    const step = compiles ? compile(call) : call;
    for (let i = 0; i < 12; i++) {
      step(ones([2, 2], { dtype: 'float64' }));
      if (!schedules && i % 2 === 1) rate.fill_(0.1 / (i + 1));
    }
    const programs = compiles
      ? [...(step as ReturnType<typeof compile>).explain().matchAll(/^program \d/gm)].length
      : 1;
    return [p.detach(), rate, programs];
  };

  it.each([
    ['is filled between calls', false],
    ['is filled by a scheduler in the call', true],
  ])('serves on where the rate %s', (_, schedules) => {
    const [[p, rate, programs], [q, expected]] = [trained(true, schedules), trained(false, schedules)];
    expect(bitsOf(p)).toEqual(bitsOf(q));
    expect(rate.item()).toBe(expected.item());
    expect(programs).toBe(1);
  });

  it('refuses to fill it beside a scheduler, which no later call would do', () => {
    const p = point();
    const rate = rateOf(0.1);
    const optimizer = new optim.SGD([p], { lr: rate });
    const step = compile(() => {
      optimizer.step();
      rate.mul_(0.5);
    });
    expect(() => {
      for (let i = 0; i < 3; i++) {
        p.grad = ones([2, 2], { dtype: 'float64' });
        step();
      }
    }).toThrow(/the function changes an option of a group of SGD, which later calls would not do/);
  });
});

describe('state dicts', () => {
  it('hold the tensor, and give a new one where they are loaded, also by way of JSON', () => {
    const rate = tensor([0.25], { dtype: 'float32' });
    const optimizer = new optim.AdamW([point()], { lr: rate });
    const dict = optimizer.stateDict();
    expect(dict.param_groups[0]?.lr).toBe(rate);
    for (const saved of [dict, JSON.parse(JSON.stringify(dict)) as typeof dict]) {
      const other = new optim.AdamW([point()], { lr: 0.5 });
      other.loadStateDict(saved);
      const loaded = rateIn(other) as Tensor;
      expect(loaded === rate).toBe(false);
      expect([loaded.dtype, loaded.shape]).toEqual(['float32', [1]]);
      expect(loaded.item()).toBe(0.25);
      expect(String(other)).toContain('lr: tensor([0.2500])');
    }
    const third = new optim.AdamW([point()], { lr: rateOf(0.5) });
    third.loadStateDict(new optim.AdamW([point()], { lr: 0.125 }).stateDict());
    expect(rateIn(third)).toBe(0.125);
  });

  it('with rates that cannot be are refused', () => {
    const optimizer = new optim.SGD([point()], { lr: 0.5 });
    const { state, param_groups } = optimizer.stateDict();
    const load = (lr: Tensor) => () =>
      optimizer.loadStateDict({ state, param_groups: [{ ...param_groups[0], lr }] });
    expect(load(rateOf(Number.NaN))).toThrow(/^SGD.loadStateDict: lr: expected a finite number, got NaN$/);
    expect(load(tensor([1, 2]))).toThrow(/^SGD.loadStateDict: lr: expected .*, got a Tensor of shape \[2\]$/);
    expect(rateIn(optimizer)).toBe(0.5);
  });
});

describe('what a rate cannot be', () => {
  const one = 'a finite number >= 0, or a floating-point Tensor of one element';
  it.each<[object, string]>([
    [{ lr: tensor([0.1, 0.2]) }, `lr: expected ${one}, got a Tensor of shape [2]`],
    [{ lr: tensor([]) }, `lr: expected ${one}, got a Tensor of shape [0]`],
    [{ lr: tensor(1, { dtype: 'int32' }) }, `lr: expected ${one}, got a Tensor of shape []`],
    [{ lr: tensor(true) }, `lr: expected ${one}, got a Tensor of shape []`],
    [{ lr: rateOf(-0.5) }, 'lr: expected a finite number >= 0, got -0.5'],
    [{ lr: rateOf(Number.NaN) }, 'lr: expected a finite number >= 0, got NaN'],
    [
      { lr: rateOf(0.1), foreach: true },
      'lr as a Tensor is not supported for capturable=False and foreach=True',
    ],
    [
      { lr: tensor(0.1, { requiresGrad: true }), differentiable: true },
      'lr: a step that is differentiable gives no gradient by its rate',
    ],
    [{ weightDecay: tensor(0.1) }, 'weightDecay: expected a finite number >= 0, got a Tensor of shape []'],
  ])('%o', (options, message) => {
    expect(() => new optim.Adam([point()], options)).toThrow(`Adam: ${message}`);
  });

  it('is looked at in each step: below zero a schedule may lead, to NaN none', () => {
    const p = point();
    const rate = rateOf(0.5);
    const optimizer = new optim.SGD([p], { lr: rate });
    p.grad = ones([2, 2], { dtype: 'float64' });
    rate.fill_(-1);
    optimizer.step();
    expect(p.detach().toArray()).toEqual([
      [2.5, -1],
      [1.5, 4],
    ]);
    rate.fill_(Number.NaN);
    expect(() => optimizer.step()).toThrow(/^SGD.step: lr: expected a finite number, got NaN$/);
    expect(rateIn(optimizer)).toBe(rate);
  });

  it('of an optimizer that has numbers alone', () => {
    class Still extends optim.Optimizer<{ lr: number }> {
      constructor(params: optim.Params<{ lr: number }>, options: object) {
        super(params, { lr: 0.1, ...options });
      }
      protected override updateOf(): optim.Update {
        return { state: [], kernel: { run: () => {} } };
      }
      protected override numbers(): number[] {
        return [];
      }
    }
    expect(() => new Still([point()], { lr: rateOf(0.1) })).toThrow(
      /^Still: lr: expected a finite number, got/,
    );
    const still = new Still([point()], {});
    const { state, param_groups } = new Still([point()], {}).stateDict();
    still.loadStateDict({ state, param_groups: [{ ...param_groups[0], lr: rateOf(0.25) }] });
    expect(rateIn(still)).toBe(0.25);
  });
});

describe('betas that are tensors', () => {
  const begun = (run: BetasRun) => {
    const params = parametersOf(run.start);
    const betas = [0.8125, 0.96875].map((beta) => tensor(beta, { dtype: run.dtype }));
    return { params, betas, optimizer: make(run.optimizer, params, { ...run.options, betas }) };
  };
  const change = ([beta1, beta2]: Tensor[]): void => {
    beta1?.fill_(0.25);
    beta2?.fill_(0.5);
  };
  const titled = betasRuns.map(
    (run) => [`${run.optimizer} ${JSON.stringify(run.options)} ${run.dtype}`, run] as const,
  );

  it.each(titled)(
    "have PyTorch's numbers, also where they are filled, and are printed as there: %s",
    (_, run) => {
      const { params, betas, optimizer } = begun(run);
      for (let step = 1; step <= 12; step++) {
        setGradients(params, step);
        optimizer.step();
        expectAfter(run, step, params);
        if (step === 6) change(betas);
      }
      expect(optimizer.paramGroups[0]?.betas?.map((beta: unknown, i: number) => beta === betas[i])).toEqual([
        true,
        true,
      ]);
      expect(String(optimizer).split('\n')).toContain(run.line);
    },
  );

  it.each(titled)('are read at each call of a compiled step: %s', (_, run) => {
    const { programs } = expectSameBits(() => {
      const { params, betas, optimizer } = begun(run);
      return {
        call: (given: readonly Tensor[]) => {
          optimizer.zeroGrad();
          for (const [k, p] of params.entries())
            p.mul(given[k] as Tensor)
              .sum()
              .backward();
          optimizer.step();
        },
        argumentsOf: (i) => {
          if (i === 6) change(betas);
          // Within what one kernel serves.
          if (i === 4) betas[0]?.fill_(0.75);
          return [gradientsOf(params, i + 1)];
        },
        state: () => [...params, ...stateTensors(optimizer)],
      };
    }, 12);
    expect(programs.length).toBe(2);
  });

  it('come back from state dicts as new ones, also by way of JSON', () => {
    const betas = [tensor(0.5), tensor([0.75])] as const;
    const dict = new optim.AdamW([point()], { betas }).stateDict();
    for (const saved of [dict, JSON.parse(JSON.stringify(dict)) as typeof dict]) {
      const other = new optim.AdamW([point()]);
      other.loadStateDict(saved);
      const loaded: readonly unknown[] = other.paramGroups[0]?.betas ?? [];
      expect(loaded.map((beta) => beta instanceof Tensor && [beta.item(), beta.shape])).toEqual([
        [0.5, []],
        [0.75, [1]],
      ]);
      expect(loaded[0] === betas[0]).toBe(false);
    }
  });

  it('of which a schedule moves the first leave the second a tensor', () => {
    const run = (betas: optim.AdamOptions['betas']): [Tensor, readonly unknown[]] => {
      const p = point();
      const optimizer = new optim.Adam([p], { lr: 0.1, betas: betas as never });
      const schedule = new lrScheduler.OneCycleLR(optimizer, 0.5, { totalSteps: 8 });
      for (let i = 0; i < 6; i++) {
        optimizer.step(closure(optimizer, p));
        schedule.step();
      }
      return [p, optimizer.paramGroups[0]?.betas ?? []];
    };
    const second = rateOf(0.75);
    const [[p, held], [q, numbers]] = [run([rateOf(0.5), second]), run([0.5, 0.75])];
    expect(bitsOf(p.detach())).toEqual(bitsOf(q.detach()));
    expect(held[0]).toBe(numbers[0]);
    expect(held[1]).toBe(second);
  });

  const pair = 'a pair of numbers in [0, 1), or a pair, each a floating-point Tensor of one element';
  it.each<[object, string]>([
    [{ betas: [0.9, rateOf(0.5)] }, `betas: expected ${pair}, got `],
    [{ betas: [rateOf(0.9), tensor([0.5, 0.5])] }, `betas: expected ${pair}, got `],
    [{ betas: [rateOf(0.9), rateOf(1)] }, 'betas: expected a pair of numbers in [0, 1), got [0.9, 1]'],
    [
      { betas: [rateOf(0.9), rateOf(0.5)], foreach: true },
      'betas[0] as a Tensor is not supported for capturable=False and foreach=True',
    ],
    [
      { betas: [rateOf(0.9), rateOf(0.5).requiresGrad_()], differentiable: true },
      'betas: a step that is differentiable gives no gradient by its betas; give it each beta.detach(), or beta.item()',
    ],
  ])('are refused where they cannot be: %o', (options, message) => {
    expect(() => new optim.Adam([point()], options)).toThrow(`Adam: ${message}`);
  });

  it('are looked at in each step', () => {
    const betas = [rateOf(0.5), rateOf(0.75)] as const;
    const optimizer = new optim.Adam([point()], { betas });
    betas[1].fill_(Number.NaN);
    expect(() => optimizer.step()).toThrow(/^Adam.step: betas: expected a pair of numbers in \[0, 1\), /);
  });
});
