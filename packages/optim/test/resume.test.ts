/** A training that was stopped anywhere and goes on from its last checkpoint takes the course of one that was not, bit for bit. */
import {
  Checkpoint,
  type CheckpointStorage,
  compile,
  data,
  Generator,
  manualSeed,
  memoryStorage,
  noGrad,
  rand,
  type Tensor,
  tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { trainingStep } from '../../core/test/support/training-step.ts';
import * as optim from '../src/index.ts';

type Make = (params: Iterable<Tensor>) => {
  optimizer: optim.Optimizer;
  scheduler: optim.lrScheduler.LRScheduler;
};

const ways: Readonly<Record<string, Make>> = {
  'SGD with momentum, steps': (params) => {
    const optimizer = new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 1e-3 });
    return { optimizer, scheduler: new optim.lrScheduler.StepLR(optimizer, 1, { gamma: 0.5 }) };
  },
  'Adam in two groups, a cosine': (params) => {
    const [first, ...others] = params;
    const groups = [{ params: first === undefined ? [] : [first], lr: 0.05 }, { params: others }];
    const optimizer = new optim.Adam(groups, { lr: 0.01, amsgrad: true });
    return { optimizer, scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, 4) };
  },
};

const rows = 22;
const dataset = () => {
  const generator = new Generator().manualSeed(11);
  const x = rand([rows, 3], { generator });
  return new data.TensorDataset(x, x.square().sum(1, { keepdim: true }));
};

/** Everything of a training made anew, as by a new process, with random numbers that are not those of any other. */
function training(make: Make, compiled: boolean, storage: CheckpointStorage, seed: number) {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(3, 8),
    new nn.BatchNorm1d(8),
    new nn.Dropout({ p: 0.2 }),
    new nn.ReLU(),
    new nn.Linear(8, 1),
  );
  const { optimizer, scheduler } = make(model.parameters());
  const generator = new Generator().manualSeed(seed + 1);
  // One loader draws its orders from the default generator, as dropout does, one from its own.
  const loader = new data.DataLoader(dataset(), { batchSize: 4, shuffle: true });
  const other = new data.DataLoader(dataset(), { batchSize: 4, shuffle: true, generator });
  const averaged = new nn.swaUtils.AveragedModel(model, {
    multiAvgFn: nn.swaUtils.getEmaMultiAvgFn({ decay: 0.9 }),
  });
  const lossFn = new nn.MSELoss();
  const learn = trainingStep(optimizer, (x: Tensor, y: Tensor) => lossFn(model(x), y));
  const oneStep = (x: Tensor, y: Tensor): Tensor => {
    const loss = learn(x, y);
    averaged.updateParameters(model);
    return loss;
  };
  const step = compiled ? compile(oneStep) : oneStep;
  const checkpoint = new Checkpoint({
    storage,
    parts: { model, optimizer, scheduler, averaged, loader, other },
    values: { losses: [] as number[], half: 0 },
    keepLast: Infinity,
  });

  /** Trains to the end, or until so many steps are done, with a checkpoint at every `every`-th. */
  async function run(at: Awaited<ReturnType<typeof checkpoint.resume>>, every: number, until = Infinity) {
    const losses = [...(at?.losses ?? [])];
    for (let epoch = at?.epoch ?? 0; epoch < 3; epoch++) {
      for (let half = epoch === at?.epoch ? at.half : 0; half < 2; half++) {
        for (const [x, y] of half === 0 ? loader : other) {
          losses.push(step(x as Tensor, y as Tensor).item());
          const done = losses.length;
          if (done % every === 0) await checkpoint.save({ epoch, step: done, losses, half });
          if (done === until) return losses;
        }
      }
      scheduler.step();
    }
    return losses;
  }
  return { checkpoint, run, model, optimizer, scheduler, averaged };
}

beforeEach(() => void vi.spyOn(console, 'warn'));
// Such as that a schedule stepped before its optimizer.
afterEach(() => {
  expect(console.warn).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

const state = ({ model, optimizer, scheduler, averaged }: ReturnType<typeof training>): string =>
  JSON.stringify([model, averaged, optimizer, scheduler].map((part) => part.stateDict()));

describe.each(Object.entries(ways))('%s', (_, make) => {
  describe.each([
    ['eager', false],
    ['compiled', true],
  ])('%s', (_, compiled) => {
    it('goes on as if it had never been stopped, wherever that was', { timeout: 120_000 }, async () => {
      const whole = training(make, compiled, memoryStorage(), 1);
      const losses = await whole.run(null, 1000);
      expect(losses).toHaveLength(36);
      expect(new Set(losses).size).toBe(36);
      // In the middle of an epoch, at its end (5 and 6 batches), between two loaders, twice in one run.
      for (const stops of [[1], [5], [7], [12], [13], [20, 22], [30, 31, 33]]) {
        const storage = memoryStorage();
        let last = training(make, compiled, storage, 1);
        await last.run(null, 2, stops[0]);
        for (const until of [...stops.slice(1), Infinity]) {
          last = training(make, compiled, storage, 100 + Math.min(until, 99));
          const at = await last.checkpoint.resume();
          // Before the second step nothing was saved: the run begins anew.
          if (at === null) last = training(make, compiled, storage, 1);
          const taken = await last.run(at, 2, until);
          expect(taken).toEqual(losses.slice(0, taken.length));
        }
        expect(state(last)).toBe(state(whole));
      }
    });

    it('goes back to any checkpoint in one process, also where the step is compiled', {
      timeout: 120_000,
    }, async () => {
      const one = training(make, compiled, memoryStorage(), 2);
      const losses = await one.run(null, 5);
      const end = state(one);
      const names = await one.checkpoint.list();
      expect(names).toHaveLength(7);
      for (const name of [names[5], names[2]]) {
        const at = await one.checkpoint.load(name ?? '');
        expect(await one.run(at, 1000)).toEqual(losses);
        expect(state(one)).toBe(end);
      }
    });
  });
});

describe('the state of', () => {
  type Plain = new (params: Iterable<Tensor>) => optim.Optimizer;
  const needsMore = ['Optimizer', 'SAM', 'SparseAdam'];
  const plain = Object.entries(optim).filter(
    (entry): entry is [string, Plain & (typeof entry)[1]] =>
      typeof entry[1] === 'function' &&
      entry[1].prototype instanceof optim.Optimizer &&
      !needsMore.includes(entry[0]),
  );

  it.each(plain)('%s goes through a file', async (_, Kind: Plain) => {
    const begin = () => {
      const w = tensor(
        [
          [1.5, -2],
          [0.5, 3],
        ],
        { requiresGrad: true },
      );
      const optimizer = new Kind([w]);
      // Those that need no schedule have two modes.
      (optimizer as { train?: () => void }).train?.();
      const step = (): string => {
        optimizer.step(() => {
          optimizer.zeroGrad();
          const loss = w
            .square()
            .mul(tensor([1, 3]))
            .sum()
            .add(w.sum().cos());
          loss.backward();
          return loss;
        });
        return JSON.stringify(w);
      };
      const model = {
        stateDict: () => ({ w }),
        loadStateDict: (other: { w: Tensor }) => noGrad(() => w.copy_(other.w)),
      };
      return { step, parts: { model, optimizer } };
    };
    const storage = memoryStorage();
    const [whole, resumed] = [begin(), begin()];
    for (let i = 0; i < 3; i++) whole.step();
    await new Checkpoint({ storage, parts: whole.parts }).save({ step: 3 });
    await new Checkpoint({ storage, parts: resumed.parts }).resume();
    for (let i = 0; i < 3; i++) expect(resumed.step()).toBe(whole.step());
  });
});

describe('a checkpoint', () => {
  it('takes no state of another optimizer, and leaves the model as it is', async () => {
    const storage = memoryStorage();
    const [sgd, adam] = Object.values(ways);
    if (sgd === undefined || adam === undefined) throw new Error('two ways are needed');
    await training(sgd, false, storage, 1).run(null, 4, 4);
    const other = training(adam, false, storage, 2);
    const before = state(other);
    await expect(other.checkpoint.resume()).rejects.toThrow(
      /^Checkpoint\.resume\('checkpoint-00000001\.safetensors'\): part "optimizer" does not fit, and nothing was changed: Adam\.loadStateDict: /,
    );
    expect(state(other)).toBe(before);
  });
});
