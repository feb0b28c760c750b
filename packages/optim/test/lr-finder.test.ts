/** A sweep over learning rates: what it suggests, when it ends, and that it leaves no trace. */
import {
  compile,
  data,
  Generator,
  KindlingError,
  manualSeed,
  rand,
  randn,
  type Tensor,
  tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { trainingStep } from '../../core/test/support/training-step.ts';

const bad = (value: unknown): never => value as never;

/** A sweep whose losses are known beforehand. */
function scripted(loss: (iteration: number) => number | Tensor, options: optim.LrFindOptions = {}) {
  return optim.lrFind(new optim.SGD([tensor([1.5], { requiresGrad: true })], { lr: 1 }), loss, options);
}

function problem() {
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.BatchNorm1d(8),
    new nn.Dropout({ p: 0.25 }),
    new nn.Linear(8, 1),
  );
  const x = randn([48, 4]);
  const set = new data.TensorDataset(x, x.sum(1, { keepdim: true }));
  const loader = new data.DataLoader(set, { batchSize: 16, shuffle: true });
  return { model, loader, lossFn: new nn.MSELoss() };
}

/** The losses of an epoch of training. */
function epochOf(
  { model, loader, lossFn }: ReturnType<typeof problem>,
  optimizer: optim.Optimizer,
): number[] {
  const losses: number[] = [];
  for (const [x, y] of loader as Iterable<[Tensor, Tensor]>) {
    optimizer.zeroGrad();
    const loss = lossFn(model(x), y);
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  return losses;
}

const optimizers: Record<string, (params: Iterable<Tensor>) => optim.Optimizer> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.01 }),
};

describe('rates', () => {
  it('rise by a factor, or by a difference, from the first to the last', () => {
    const { points } = scripted(() => 1, { startLr: 1e-4, endLr: 1, numIter: 5 });
    for (const [i, { lr }] of points.entries()) expect(lr / 10 ** (i - 4)).toBeCloseTo(1, 12);
    const linear = scripted(() => 1, { startLr: 0, endLr: 1, numIter: 5, stepMode: 'linear' });
    expect(linear.points.map(({ lr }) => lr)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  it('are refused where their factor is no number', () => {
    expect(() => scripted(() => 1, { endLr: 1e308 })).toThrow(
      /^lrFind: no number is as great as endLr \/ startLr/,
    );
    expect(scripted(() => 1, { startLr: 1e300, endLr: 1e308, numIter: 2 }).points).toHaveLength(2);
  });

  it('are none to begin with where they are 0', () => {
    const { points, suggestion } = scripted((i) => 9 - i, {
      startLr: 0,
      endLr: 1,
      numIter: 9,
      stepMode: 'linear',
    });
    expect([points.length, points[0]?.lr]).toEqual([9, 0]);
    expect(Object.values(suggestion).every((rate) => (rate as number) > 0)).toBe(true);
  });

  it('of groups keep their ratio', () => {
    const groups = [0.1, 0.4, 0].map((lr) => ({ params: [tensor([1.5], { requiresGrad: true })], lr }));
    const optimizer = new optim.SGD(groups, { lr: 1 });
    const seen: number[][] = [];
    optim.lrFind(optimizer, () => seen.push(optimizer.paramGroups.map(({ lr }) => lr)), {
      startLr: 1,
      endLr: 4,
      numIter: 2,
    });
    expect(seen).toEqual([
      [0.25, 1, 0],
      [1, 4, 0],
    ]);
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.1, 0.4, 0]);
  });
});

describe('the running mean', () => {
  it('of a constant loss is that loss', () => {
    for (const { smoothed } of scripted(() => 3).points) expect(smoothed).toBeCloseTo(3, 12);
  });

  it('ends the sweep at so many times its least value', () => {
    const losses = (i: number): number => (i < 10 ? 1 : 3);
    expect(scripted(losses, { smoothing: 0 })).toMatchObject({ diverged: false });
    const early = scripted(losses, { smoothing: 0, divergence: 2 });
    expect(early.diverged).toBe(true);
    expect(early.points.length).toBe(11);
    expect(scripted((i) => 10 ** i, { divergence: Infinity, numIter: 20 }).points.length).toBe(20);
  });

  it('of losses below 0 ends it where they have risen as far', () => {
    expect(scripted((i) => -1 - i / 100, { smoothing: 0 }).diverged).toBe(false);
    expect(scripted((i) => (i < 10 ? -1 : 2.5), { smoothing: 0 }).points.length).toBe(11);
  });

  it('that is not a number ends it, and is not among the points', () => {
    const { points, diverged } = scripted((i) => (i < 30 ? 1 : Number.NaN));
    expect([points.length, diverged]).toEqual([30, true]);
  });
});

describe('suggestions', () => {
  // 100 steps, of which 10 to 94 count; losses fall from 20 to 60 and rise from there.
  const losses = (i: number): number => (i < 20 ? 50 : i < 60 ? 70 - i : i - 50);
  const { points, suggestion } = scripted(losses, { smoothing: 0, divergence: Infinity });
  const lrAt = (i: number): number => points[i]?.lr ?? Number.NaN;

  it('lie in the middle of the fall, and a tenth of the least', () => {
    // Of the 41 points from 20 to 60, in fastai's count: 41 // 3 + 41 // 6 behind the one before.
    expect(suggestion.valley).toBe(lrAt(19 + 13 + 6));
    expect(suggestion.minimum).toBe(lrAt(60) / 10);
  });

  it('lie where the loss falls most steeply', () => {
    const steep = scripted((i) => losses(i) - (i > 40 ? 5 : 0), { smoothing: 0, divergence: Infinity });
    expect(steep.suggestion.steepest).toBe(lrAt(40));
  });

  it('are the first of several that are as good, as by argmin', () => {
    const level = scripted(() => 1, { smoothing: 0 });
    expect(level.suggestion.steepest).toBe(level.points[10]?.lr);
    expect(level.suggestion.minimum).toBe((level.points[10]?.lr ?? 0) / 10);
    // Two falls of ten points, each from a place above.
    const twice = (i: number): number => (i < 15 ? 50 : i < 25 ? 25 - i : i < 40 ? 60 : i < 50 ? 70 - i : 80);
    const falls = scripted(twice, { smoothing: 0, divergence: Infinity });
    // In fastai's count: 11 // 3 + 11 // 6 from one before the first of its 11 points.
    expect(falls.suggestion.valley).toBe(falls.points[13 + 3 + 1]?.lr);
  });

  it('are not made of a sweep that ended at once', () => {
    const none = { valley: null, steepest: null, minimum: null };
    expect(scripted((i) => 10 ** i).suggestion).toEqual(none);
    expect(scripted(() => 1, { numIter: 4 }).suggestion).toEqual(none);
    expect(scripted(() => 1, { smoothing: 0 }).suggestion.valley).toBeNull();
  });

  it('train', () => {
    const { model, loader, lossFn } = problem();
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-6 });
    const found = optim.lrFind(optimizer, { model, lossFn, loader }).suggestion.valley ?? 0;
    for (const group of optimizer.paramGroups) group.lr = found;
    const losses = Array.from({ length: 30 }, () => epochOf({ model, loader, lossFn }, optimizer)).flat();
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 3);
  });
});

it('leaves a loader where it stands, and closes what else it went through', () => {
  const { model, lossFn } = problem();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const set = new data.TensorDataset(randn([10, 4]), randn([10, 1]));
  const order = (sweeps: boolean): unknown[] => {
    const generator = new Generator().manualSeed(4);
    const loader = new data.DataLoader(set, { batchSize: 4, shuffle: true, generator });
    const seen: unknown[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const [x] of loader) {
        seen.push(x.tolist());
        if (sweeps) optim.lrFind(optimizer, { model, lossFn, loader: loader as never }, { numIter: 5 });
        seen.push(loader.stateDict());
      }
    }
    return seen;
  };
  expect(order(true)).toEqual(order(false));
  const closed: number[] = [];
  const loader = {
    *[Symbol.iterator]() {
      let given = 0;
      try {
        for (; given < 3; given++) yield set.get(given).map((x) => x.unsqueeze(0).expand(2, -1));
      } finally {
        closed.push(given);
      }
    },
  };
  optim.lrFind(optimizer, { model, lossFn, loader }, { numIter: 5 });
  expect(closed).toEqual([3, 1]);
});

describe.each(Object.keys(optimizers))('a sweep of %s', (name) => {
  const make = optimizers[name] as (params: Iterable<Tensor>) => optim.Optimizer;

  it('changes nothing: training goes on as if it had not been', () => {
    const train = (sweeps: boolean, before: number): unknown[] => {
      const { model, loader, lossFn } = problem();
      const optimizer = make(model.parameters());
      const generator = new Generator().manualSeed(3);
      const epoch = (): number[] => epochOf({ model, loader, lossFn }, optimizer);
      for (let i = 0; i < before; i++) epoch();
      if (sweeps) {
        const parts = {
          model,
          loader,
          lossFn: (a: Tensor, b: Tensor) => lossFn(a, b).add(rand([], { generator }).mul(0)),
        };
        expect(
          optim.lrFind(optimizer, parts, { numIter: 20, generators: [generator] }).points.length,
        ).toBeGreaterThan(10);
      }
      const grads = [...model.parameters()].map(({ grad }) => grad?.tolist() ?? null);
      return [
        grads,
        optimizer.stepCount,
        epoch(),
        epoch(),
        JSON.stringify(model.stateDict()),
        JSON.stringify(optimizer.stateDict()),
        rand([2], { generator }).tolist(),
      ];
    };
    for (const before of [0, 2]) expect(train(true, before)).toEqual(train(false, before));
  });

  it('is the same by a function as by parts, and compiled', () => {
    const sweep = (how: 'parts' | 'function' | 'compiled'): optim.LrFindResult => {
      const { model, loader, lossFn } = problem();
      const optimizer = make(model.parameters());
      if (how === 'parts') return optim.lrFind(optimizer, { model, loader, lossFn }, { numIter: 30 });
      const step = trainingStep(optimizer, (x: Tensor, y: Tensor) => lossFn(model(x), y));
      const run = how === 'compiled' ? compile(step) : step;
      let batches: Iterator<Tensor[]> = (loader as Iterable<Tensor[]>)[Symbol.iterator]();
      const next = (): [Tensor, Tensor] => {
        let { done, value } = batches.next();
        if (done === true) {
          batches = (loader as Iterable<Tensor[]>)[Symbol.iterator]();
          ({ done, value } = batches.next());
        }
        return value as [Tensor, Tensor];
      };
      return optim.lrFind(optimizer, () => run(...next()), { numIter: 30, model });
    };
    const parts = sweep('parts');
    expect(sweep('function')).toEqual(parts);
    expect(sweep('compiled')).toEqual(parts);
  });
});

it('SAM, whose step needs a closure, is swept too', () => {
  const { model, loader, lossFn } = problem();
  const optimizer = new optim.SAM(new optim.SGD(model.parameters(), { lr: 0.5 }));
  const before = JSON.stringify(model.stateDict());
  expect(optim.lrFind(optimizer, { model, loader, lossFn }).points.length).toBeGreaterThan(20);
  expect(JSON.stringify(model.stateDict())).toBe(before);
  expect(optimizer.paramGroups[0]?.lr).toBe(0.5);
});

it('an error in a step leaves everything as it was', () => {
  const w = tensor([1.5], { requiresGrad: true });
  const optimizer = new optim.SGD([w], { lr: 0.5, momentum: 0.5 });
  const step = (i: number): Tensor => {
    if (i === 3) throw new Error('mine');
    const loss = w.square().sum();
    loss.backward();
    optimizer.step();
    return loss;
  };
  expect(() => optim.lrFind(optimizer, step)).toThrow('mine');
  expect([w.item(), w.grad, optimizer.stepCount, optimizer.state.size, optimizer.paramGroups[0]?.lr]).toEqual(
    [1.5, null, 0, 0, 0.5],
  );
});

describe('what cannot be', () => {
  const optimizer = new optim.SGD([tensor([1.5], { requiresGrad: true })], { lr: 1 });
  const { model, lossFn } = problem();
  it.each<[() => unknown, string]>([
    [() => scripted(() => Number.NaN), 'lrFind: the first loss, at a learning rate of 1e-7, is NaN'],
    [
      () => scripted(() => tensor([1, 2])),
      'lrFind: step: expected it to give the loss, a number or a Tensor of one element, got a Tensor of shape [2]',
    ],
    [() => scripted(bad(async () => 1)), 'got a Promise'],
    [() => scripted(bad(() => undefined)), 'got undefined'],
    [
      () => scripted(() => 1, { startLr: 0 }),
      'lrFind: expected a startLr above 0 for stepMode "exp" and below endLr, got 0 and 10',
    ],
    [() => scripted(() => 1, { startLr: 1, endLr: 1 }), 'and below endLr, got 1 and 1'],
    [
      () => scripted(() => 1, { numIter: 1 }),
      'lrFind: numIter: expected an integer from 2 to 1000000, got 1',
    ],
    [() => scripted(() => 1, { numIter: 2 ** 31 }), 'lrFind: numIter: expected an integer from 2 to 1000000'],
    [() => scripted(() => 1, { divergence: 1 }), 'lrFind: divergence: expected a number > 1, got 1'],
    [() => scripted(() => 1, { smoothing: 1 }), 'lrFind: smoothing: expected a number in [0, 1), got 1'],
    [() => scripted(() => 1, bad({ start_lr: 1 })), 'lrFind: unknown option start_lr; did you mean startLr?'],
    [() => optim.lrFind(bad(model), () => 1), 'lrFind: optimizer: expected an Optimizer or SAM'],
    [
      () => optim.lrFind(optimizer, bad({ model, lossFn })),
      'lrFind: step: expected a function that makes a step and gives its loss, or { model, lossFn, loader }',
    ],
    [() => optim.lrFind(optimizer, { model, lossFn, loader: [] }), 'lrFind: the loader gives no batches'],
    [
      () =>
        optim.lrFind(optimizer, { model, lossFn, loader: [[rand([2, 4]), rand([2, 1])] as const].values() }),
      'lrFind: the loader gives no batches when it is begun anew; pass a DataLoader, or a list of batches',
    ],
    [
      () => optim.lrFind(optimizer, { model, lossFn, loader: [bad(rand([2, 4]))] }),
      'lrFind: expected batches [input, target] of the loader',
    ],
  ])('%s is refused', (call, message) => {
    expect(call).toThrow(KindlingError);
    expect(call).toThrow(message);
  });
});
