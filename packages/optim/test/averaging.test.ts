/** Averaged models against PyTorch, eager and compiled. */
import * as K from '@kindling/core';
import { compile, DTypeError, data, ShapeError, type Tensor, tensor, ValueError } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, test } from 'vitest';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { toTensor } from '../../core/test/oracle/tensors.ts';

const { AveragedModel, updateBn } = nn.swaUtils;

type State = Readonly<Record<string, Recorded>>;
type Average = 'none' | 'getEmaAvgFn' | 'getEmaMultiAvgFn' | 'getSwaAvgFn' | 'getSwaMultiAvgFn';

interface Updates {
  readonly op: 'updates';
  readonly average: Average;
  readonly decay: number | null;
  readonly dtype: K.DType;
  readonly useBuffers: boolean;
  readonly first: State;
  readonly models: readonly State[];
  readonly averages: readonly State[];
}

interface Run {
  readonly op: 'run';
  readonly average: Average;
  readonly decay: number | null;
  readonly first: State;
  readonly x: Recorded;
  readonly y: Recorded;
  /** The averages, before and after their statistics were worked out, and the model. */
  readonly before: State;
  readonly after: State;
  readonly model: State;
}

const { entries } = readFixture<Updates | Run>(new URL('./fixtures/averaging', import.meta.url));

const averages: Record<Average, (options: nn.swaUtils.EmaOptions) => nn.swaUtils.AveragedModelOptions> = {
  none: () => ({}),
  getEmaAvgFn: (options) => ({ avgFn: nn.swaUtils.getEmaAvgFn(options) }),
  getEmaMultiAvgFn: (options) => ({ multiAvgFn: nn.swaUtils.getEmaMultiAvgFn(options) }),
  getSwaAvgFn: () => ({ avgFn: nn.swaUtils.getSwaAvgFn() }),
  getSwaMultiAvgFn: () => ({ multiAvgFn: nn.swaUtils.getSwaMultiAvgFn() }),
};

const net = () => new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
const stateOf = (state: State): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(state).map(([key, x]) => [key, toTensor(x)]));
const valuesOf = (state: Record<string, Tensor>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(state).map(([key, x]) => [key, x.toArray()]));

describe('averages after each update are those of PyTorch', () => {
  for (const entry of entries) {
    if (entry.op !== 'updates') continue;
    const { average, decay, dtype, useBuffers, first, models } = entry;
    const name = `${average} ${decay ?? ''} ${dtype}${useBuffers ? ' with buffers' : ''}`;
    const make = () => {
      const model = net().to(dtype);
      model.loadStateDict(stateOf(first));
      const options = { ...averages[average](decay === null ? {} : { decay }), useBuffers };
      return { model, averaged: new AveragedModel(model, options) };
    };
    const check = (averaged: nn.swaUtils.AveragedModel<never>, i: number): void => {
      const wanted = stateOf(entry.averages[i] as State);
      const state = averaged.stateDict();
      expect(Object.keys(state)).toEqual(Object.keys(wanted));
      if (!average.includes('Multi')) expect(valuesOf(state)).toEqual(valuesOf(wanted));
      // PyTorch's lerp does not round the product w * (b - a), of numbers up to 8.
      const atol = 8 * 2 ** (dtype === 'float32' ? -24 : -53);
      for (const [key, x] of Object.entries(state))
        expect(K.allclose(x, wanted[key] as Tensor, { rtol: 0, atol }), key).toBe(true);
    };

    test(name, () => {
      const { model, averaged } = make();
      for (const [i, state] of models.entries()) {
        model.loadStateDict(stateOf(state));
        averaged.updateParameters(model);
        check(averaged as never, i);
      }
    });

    test(`${name}, compiled`, () => {
      const { model, averaged } = make();
      const update = compile(() => averaged.updateParameters(model));
      for (const [i, state] of models.entries()) {
        model.loadStateDict(stateOf(state));
        update();
        check(averaged as never, i);
      }
    });

    test(`${name}, from PyTorch's state in the middle`, () => {
      const { model, averaged } = make();
      averaged.loadStateDict(stateOf(entry.averages[1] as State));
      for (const [i, state] of models.entries()) {
        if (i < 2) continue;
        model.loadStateDict(stateOf(state));
        averaged.updateParameters(model);
        check(averaged as never, i);
      }
    });
  }
});

describe('a run with averages, their rate and their statistics', () => {
  for (const entry of entries) {
    if (entry.op !== 'run') continue;
    const { average, decay, first } = entry;
    const run = (compiled: boolean) => {
      const model = net().double();
      model.loadStateDict(stateOf(first));
      const [x, y] = [toTensor(entry.x), toTensor(entry.y)];
      const averaged = new AveragedModel(model, averages[average](decay === null ? {} : { decay }));
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
      const scheduler = new optim.swaUtils.SWALR(optimizer, 0.02, { annealEpochs: 20 });
      const train = (xs: Tensor, ys: Tensor): void => {
        optimizer.zeroGrad();
        nn.functional.mseLoss(model(xs), ys).backward();
        optimizer.step();
      };
      const both = (xs: Tensor, ys: Tensor): void => {
        train(xs, ys);
        averaged.updateParameters(model);
      };
      const [first10, later] = compiled ? [compile(train), compile(both)] : [train, both];
      for (let step = 0; step < 60; step++) {
        const [xs, ys] = [x, y].map((z) => z.narrow(0, 8 * (step % 3), 8)) as [Tensor, Tensor];
        if (step < 10) first10(xs, ys);
        else {
          later(xs, ys);
          scheduler.step();
        }
      }
      const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 });
      return { model, averaged, loader };
    };
    const close = (state: Record<string, Tensor>, wanted: State): void => {
      for (const [key, x] of Object.entries(stateOf(wanted)))
        expect(K.allclose(state[key] as Tensor, x, { rtol: 1e-10, atol: 1e-12 }), key).toBe(true);
    };

    test(`${average} gives PyTorch's numbers`, () => {
      const { model, averaged, loader } = run(false);
      close(model.stateDict(), entry.model);
      close(averaged.stateDict(), entry.before);
      averaged.eval();
      updateBn(loader, averaged);
      close(averaged.stateDict(), entry.after);
      expect(averaged.module[1]?.training).toBe(false);
    });

    test(`${average} gives the same bits compiled`, () => {
      const [eager, compiled] = [run(false), run(true)];
      expect(valuesOf(compiled.averaged.stateDict())).toEqual(valuesOf(eager.averaged.stateDict()));
      expect(compiled.averaged.nAveraged.item()).toBe(50);
    });
  }
});

describe('an averaged model', () => {
  const ema = () => ({ multiAvgFn: nn.swaUtils.getEmaMultiAvgFn({ decay: 0.5 }) });

  test('is a model of its own, called as the one it was made of', () => {
    const model = net();
    const averaged = new AveragedModel(model, ema());
    expect(averaged(K.ones([2, 3])).shape).toEqual([2, 2]);
    const before = valuesOf(averaged.stateDict());
    for (const p of model.parameters()) K.noGrad(() => p.add_(1));
    expect(valuesOf(averaged.stateDict())).toEqual(before);
    const weight: nn.Parameter = new AveragedModel(new nn.Linear(1, 1)).module.weight;
    expect(weight.shape).toEqual([1, 1]);
    expect(String(averaged)).toContain('(module): Sequential(');
  });

  test('takes the numbers as they are at first, where the copy holds none that are finite', () => {
    const model = new nn.Linear(2, 1);
    for (const step of [(f: () => void) => f, compile as (f: () => void) => () => void]) {
      const averaged = new AveragedModel(model, ema());
      K.noGrad(() => averaged.module.weight.fill_(Number.NaN));
      const update = step(() => averaged.updateParameters(model));
      for (let i = 0; i < 4; i++) update();
      expect(averaged.module.weight.equal(model.weight)).toBe(true);
    }
  });

  test('begins anew where its count is set to 0, compiled too', () => {
    const model = new nn.Linear(1, 1, { bias: false });
    const averaged = new AveragedModel(model, ema());
    const update = compile(() => averaged.updateParameters(model));
    const seen: number[] = [];
    for (const [i, weight] of [1, 2, 4, 8, 16, 32].entries()) {
      nn.init.constant_(model.weight, weight);
      if (i === 4) averaged.nAveraged.zero_();
      update();
      seen.push(averaged.module.weight.item());
    }
    expect(seen).toEqual([1, 1.5, 2.75, 5.375, 16, 24]);
  });

  test('keeps its averages through a copy and its JSON', () => {
    const model = net();
    const averaged = new AveragedModel(model, ema());
    averaged.updateParameters(model);
    const copy = nn.deepcopy(averaged);
    const read = new AveragedModel(net(), ema());
    read.loadStateDict(JSON.parse(JSON.stringify(averaged)));
    for (const p of model.parameters()) K.noGrad(() => p.add_(1));
    for (const m of [averaged, copy, read]) m.updateParameters(model);
    expect(valuesOf(copy.stateDict())).toEqual(valuesOf(averaged.stateDict()));
    expect(valuesOf(read.stateDict())).toEqual(valuesOf(averaged.stateDict()));
  });

  test('hands several parameters of a dtype to multiAvgFn, and the count', () => {
    const seen: unknown[] = [];
    const model = net();
    const averaged = new AveragedModel(model, {
      useBuffers: true,
      multiAvgFn: (own, now, n) => seen.push([own.length, now.length, own[0]?.dtype, (n as Tensor).item()]),
    });
    averaged.updateParameters(model);
    averaged.updateParameters(model);
    expect(seen).toEqual([
      [8, 8, 'float32', 1],
      [1, 1, 'int32', 1],
    ]);
  });

  test.each<[() => unknown, new (message: string) => Error, string]>([
    [() => new AveragedModel(5 as never), ValueError, 'AveragedModel: model: expected a module'],
    [
      () => new AveragedModel(net(), { ...ema(), avgFn: nn.swaUtils.getEmaAvgFn() }),
      ValueError,
      'only one of avgFn and multiAvgFn should be provided',
    ],
    [() => new AveragedModel(net(), { avg_fn: () => 0 } as never), ValueError, 'did you mean avgFn?'],
    [
      () => new AveragedModel(net()).updateParameters(5 as never),
      ValueError,
      'AveragedModel.updateParameters: model',
    ],
    [
      () => new AveragedModel(net()).updateParameters(new nn.Linear(3, 4)),
      ValueError,
      'the model has 2 parameters, the averaged one 6',
    ],
    [
      () => new AveragedModel(new nn.Linear(3, 4)).updateParameters(new nn.Linear(4, 3)),
      ShapeError,
      'number 0 of the parameters has shape [3, 4] in the model, [4, 3] in the averaged one',
    ],
    [
      () => {
        const averaged = new AveragedModel(net(), { avgFn: () => 0.5 as never });
        for (let i = 0; i < 2; i++) averaged.updateParameters(net());
      },
      DTypeError,
      'AveragedModel.updateParameters: avgFn: expected it to return a Tensor, got 0.5',
    ],
    [
      () => nn.swaUtils.getEmaAvgFn({ decay: 1.5 }),
      ValueError,
      'getEmaAvgFn: decay: expected a number in [0, 1], got 1.5',
    ],
    [() => nn.swaUtils.getEmaAvgFn(0.9 as never), ValueError, 'write getEmaAvgFn({ decay: 0.9 })'],
    [() => nn.swaUtils.getEmaMultiAvgFn({ decay: -0.1 }), ValueError, 'getEmaMultiAvgFn: decay'],
  ])('refuses what it cannot average %#', (f, error, message) => {
    expect(f).toThrow(error);
    expect(f).toThrow(message);
  });
});

describe('statistics of averages', () => {
  const model = () => new nn.Sequential(new nn.BatchNorm1d(1));
  const column = (...values: number[]): Tensor =>
    tensor(
      values.map((x) => [x]),
      { dtype: 'float32' },
    );
  const batches = [column(1, 3), column(5, 7)];

  test('are the plain mean over batches, whatever stood there and whatever the momentum', async () => {
    const slow = {
      async *[Symbol.asyncIterator]() {
        yield* batches;
      },
    };
    const loader = new data.DataLoader<[Tensor], [Tensor]>(
      { length: 2, get: async (i: number): Promise<[Tensor]> => [batches[i] as Tensor] },
      { batchSize: null },
    );
    const through: ((m: nn.Sequential) => void | Promise<void>)[] = [
      (m) => updateBn(batches, m),
      (m) =>
        updateBn(
          batches.map((x) => [x, 'label'] as const),
          m,
        ),
      (m) => updateBn(slow, m),
      (m) => updateBn(loader, m, { wait: true }),
    ];
    for (const go of through) {
      const m = model();
      m(column(100, 300));
      m.eval();
      await go(m as never);
      const bn = m[0] as nn.BatchNorm1d;
      expect([bn.runningMean?.item(), bn.runningVar?.item(), bn.numBatchesTracked?.item()]).toEqual([
        4, 2, 2,
      ]);
      expect([bn.momentum, bn.training, m.training]).toEqual([0.1, false, false]);
    }
  });

  test('nothing is read for a model without', () => {
    const endless = {
      *[Symbol.iterator](): Iterator<Tensor> {
        for (;;) yield K.ones([1, 1]);
      },
    };
    expect(updateBn(endless, new nn.Linear(1, 1))).toBeUndefined();
  });

  test('mode and momentum come back where a batch fails', async () => {
    const m = model().eval();
    expect(() => updateBn([5 as never], m)).toThrow(DTypeError);
    expect(() => updateBn([K.ones([2, 3])], m)).toThrow(ShapeError);
    const failing = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Tensor> {
        yield* [];
        throw new Error('no such file');
      },
    };
    await expect(updateBn(failing, m)).rejects.toThrow('no such file');
    expect([m.training, (m[0] as nn.BatchNorm1d).momentum]).toEqual([false, 0.1]);
    expect(() => updateBn(5 as never, m)).toThrow('updateBn: loader: expected what can be iterated');
  });
});
