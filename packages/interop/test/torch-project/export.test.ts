/** What an export holds, what it leaves as it was, and what it refuses. That PyTorch goes on with it, tools/interop/verify.ts shows. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  data as datasets,
  Generator,
  getRngState,
  manualSeed,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
} from '@kindling/core';
import { loadSafetensors } from '@kindling/core/node';
import { type ExportTorchOptions, exportTorch, importTorch } from '@kindling/interop';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import * as optim from '@kindling/optim';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const { lrScheduler } = optim;

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kindling-export-'));
  manualSeed(0);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

class Net extends nn.Module {
  first = new nn.Linear(4, 6);
  drop = new nn.Dropout({ p: 0.25 });
  last = new nn.Linear(6, 3);
  override forward(x: Tensor): Tensor {
    return this.last(this.drop(F.relu(this.first(x))));
  }
}

/** A training of 22 samples, two steps old. */
function training() {
  const model = new Net();
  const loss = new nn.CrossEntropyLoss();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const scheduler = new lrScheduler.StepLR(optimizer, 2);
  const [inputs, targets] = [randn([22, 4]), randint(3, [22])];
  for (let i = 0; i < 2; i++) {
    optimizer.zeroGrad();
    loss(model(inputs), targets).backward();
    optimizer.step();
  }
  return { model, loss, optimizer, scheduler, example: { inputs, targets } };
}

const text = (name: string): string => readFileSync(join(base, 'p', name), 'utf8');
const write = (options: ExportTorchOptions) => exportTorch(join(base, 'p'), options);

describe('a project', () => {
  test('has what PyTorch needs, what it is held against, and the commands', async () => {
    const { files, commands, losses } = await write({ ...training(), steps: 4 });
    expect(files).toEqual(readdirSync(join(base, 'p')).sort());
    expect(files).toEqual([
      'README.md',
      'data.py',
      'generator.safetensors',
      'loss.py',
      'model.py',
      'optimizer.json',
      'optimizer.safetensors',
      'parallel.py',
      'progress.json',
      'reference.safetensors',
      'requirements.txt',
      'scheduler.json',
      'state.py',
      'state.safetensors',
      'train.py',
      'verify.py',
    ]);
    expect(text('train.py')).toContain('optimizer = optim.AdamW(model.parameters(), lr=0.01)');
    expect(text('train.py')).toContain('scheduler = StepLR(optimizer, step_size=2, gamma=0.1)');
    expect(text('data.py')).toContain('raise NotImplementedError');
    for (const command of commands.slice(0, 2)) expect(text('README.md')).toContain(command);
    const reference = await loadSafetensors(join(base, 'p/reference.safetensors'));
    expect(reference.losses?.toArray()).toEqual(losses);
    expect(losses).toHaveLength(4);
  });

  test('makes the steps that a training here makes, in an order by seed and epoch', async () => {
    const { model, loss, optimizer, scheduler, example } = training();
    const { inputs, targets } = example;
    const { losses } = await write({
      ...{ model, loss, optimizer, scheduler, example, data: [inputs, targets] },
      ...{ batchSize: 8, steps: 5, seed: 3, epoch: 7, clipGradNorm: 0.5 },
    });
    const own: number[] = [];
    for (let epoch = 7; own.length < 5; epoch++) {
      const order = randperm(22, { generator: new Generator().manualSeed(3 + epoch) });
      for (const rows of order.split(8)) {
        optimizer.zeroGrad();
        const value = loss(model(inputs.indexSelect(0, rows)), targets.indexSelect(0, rows));
        value.backward();
        optim.clipGradNorm_(model.parameters(), 0.5);
        optimizer.step();
        own.push(value.item());
        if (own.length === 5) break;
      }
      scheduler.step();
    }
    expect(losses).toEqual(own);
  });

  test('leaves model, optimizer, schedule, gradients, modes and generator as they were', async () => {
    const { model, loss, optimizer, scheduler, example } = training();
    model.drop.eval();
    const grads = model.parameters().map((p) => p.grad);
    const state = () =>
      JSON.stringify([
        model.stateDict(),
        optimizer.stateDict(),
        scheduler.stateDict(),
        [...getRngState()],
        grads,
      ]);
    const before = state();
    const held = [...optimizer.state.values()];
    await write({ model, loss, optimizer, scheduler, example, schedulerInterval: 'step' });
    expect(state()).toBe(before);
    expect(model.parameters().every((p, i) => p.grad === grads[i])).toBe(true);
    expect([...optimizer.state.values()].every((values, i) => values === held[i])).toBe(true);
    expect([model.training, model.drop.training, optimizer.stepCount]).toEqual([true, false, 2]);
    expect(text('train.py')).toContain('EVALUATED = ["drop"]');
  });

  test('is taken up by importTorch as it was', async () => {
    const { model, optimizer, scheduler, ...more } = training();
    await write({ model, optimizer, scheduler, ...more, epoch: 5 });
    manualSeed(1);
    const { model: net, optimizer: adam, scheduler: steps } = training();
    const other = { model: net, optimizer: adam, scheduler: steps };
    expect(await importTorch(join(base, 'p'), other)).toEqual({ epoch: 5, sample: 0, step: 2 });
    expect(
      JSON.stringify([other.model.stateDict(), other.optimizer.stateDict(), other.scheduler.stateDict()]),
    ).toBe(JSON.stringify([model.stateDict(), optimizer.stateDict(), scheduler.stateDict()]));
  });

  test('takes batch size, order and samples from a loader', async () => {
    const { example, ...more } = training();
    const samples = new datasets.TensorDataset(example.inputs, example.targets);
    const loader = new datasets.DataLoader(samples, { batchSize: 5, dropLast: true });
    await write({ ...more, example, data: loader });
    expect(text('train.py')).toContain('BATCH_SIZE = 5\n');
    expect(text('train.py')).toContain('seed = None\n');
    expect(text('train.py')).toContain('"--keep-last"');
    const { 'targets.0': targets } = await loadSafetensors(join(base, 'p/data.safetensors'));
    expect(targets?.toArray()).toEqual(example.targets.toArray());
  });

  test('has a dataset of samples that are got one by one as tensors', async () => {
    const { example, ...more } = training();
    const { inputs, targets } = example;
    const data = { length: 22, get: async (i: number) => [inputs.select(0, i), targets.select(0, i)] };
    await write({ ...more, example, data });
    const held = await loadSafetensors(join(base, 'p/data.safetensors'));
    expect(held['inputs.0']?.toArray()).toEqual(inputs.toArray());
  });
});

describe('train.py', () => {
  test('has groups from a file, where there are several', async () => {
    const { model, loss, example } = training();
    const optimizer = new optim.SGD(
      [{ params: [model.last.weight] }, { params: model.first.parameters(), lr: 1, nesterov: true }],
      { lr: 0.1, momentum: 0.5 },
    );
    await write({ model, loss, example, optimizer });
    expect(text('train.py')).toContain('state.groups(model, HERE / "optimizer.json"), lr=0.1, momentum=0.5');
    const { param_groups: groups } = JSON.parse(text('optimizer.json'));
    expect(groups.map(({ params }: { params: string[] }) => params)).toEqual([
      ['last.weight'],
      ['first.weight', 'first.bias'],
    ]);
    expect(text('train.py')).not.toContain('find_unused_parameters');
  });

  test('reads a function of epochs from a table of its values', async () => {
    const { scheduler: _, ...more } = training();
    const scheduler = new lrScheduler.LambdaLR(more.optimizer, (epoch) => 0.5 ** epoch);
    await write({ ...more, scheduler });
    expect(text('train.py')).toContain('state.tabulated(HERE / "scheduler.safetensors", "0")');
    const { 0: table } = await loadSafetensors(join(base, 'p/scheduler.safetensors'));
    expect(table?.narrow(0, 0, 3).toArray()).toEqual([1, 0.5, 0.25]);
  });

  test('clips as it is told', async () => {
    await write({ ...training(), clipGradNorm: { maxNorm: 2, normType: 1 }, clipGradValue: 0.5 });
    expect(text('train.py')).toContain(
      'clip_grad_norm_(training.model.parameters(), max_norm=2, norm_type=1)',
    );
    expect(text('train.py')).toContain('clip_grad_value_(training.model.parameters(), 0.5)');
  });

  test('gives LBFGS a closure, and refuses it shards', async () => {
    const { model, loss, example } = training();
    await write({ model, loss, example, optimizer: new optim.LBFGS(model.parameters()) });
    expect(text('train.py')).toContain('return optimizer.step(closure).item()');
    expect(text('train.py')).toContain('this optimizer of torch has no sharded form');
  });

  test('a rate that is a tensor, as the number that it holds', async () => {
    const { model, loss, example } = training();
    const lr = tensor(0.25);
    const optimizer = new optim.SGD(model.parameters(), { lr });
    const scheduler = new lrScheduler.ExponentialLR(optimizer, 0.5);
    await write({ model, loss, example, optimizer, scheduler, steps: 4 });
    expect(lr.item()).toBe(0.25);
    expect(text('train.py')).toContain('optim.SGD(model.parameters(), lr=0.25)');
    const [group] = JSON.parse(text('optimizer.json')).param_groups;
    expect(group.lr).toBe(0.25);
  });

  test('tells DDP of parameters that get no gradient', async () => {
    class Idle extends Net {
      idle = new nn.Linear(2, 2);
    }
    const model = new Idle();
    const { loss, example } = training();
    await write({ model, loss, example, optimizer: new optim.SGD(model.parameters()) });
    expect(text('train.py')).toContain('find_unused_parameters=True');
  });
});

describe('several ranks share', () => {
  const exported = async (more: Partial<ExportTorchOptions>): Promise<string> => {
    await write({ ...training(), ...more });
    return text('parallel.py');
  };
  const floats = (): Partial<ExportTorchOptions> => ({ example: [randn([22, 4]), randn([22, 3])] });

  test('cross entropy by the weights of its targets', async () => {
    expect(await exported({})).toContain('part / summed(weights.sum())');
  });
  test('means and sums by their samples', async () => {
    expect(await exported({ ...floats(), loss: new nn.MSELoss() })).toContain('(share.count / share.total)');
    rmSync(join(base, 'p'), { recursive: true });
    expect(await exported({ ...floats(), loss: new nn.HuberLoss({ reduction: 'sum' }) })).toContain(
      '* (share.count > 0)',
    );
  });
  test("a loss of the user's of the whole batch, unless it is said to be a mean", async () => {
    const loss = (x: Tensor, y: Tensor): Tensor => x.sub(y).square().mean().sqrt();
    expect(await exported({ ...floats(), loss })).toContain('gathered(output, share)');
    rmSync(join(base, 'p'), { recursive: true });
    expect(await exported({ ...floats(), loss, lossOf: 'mean' })).toContain('(share.count / share.total)');
  });
  test('statistics of batch normalisation, where that is asked for', async () => {
    const model = new nn.Sequential(new nn.Linear(4, 5), new nn.BatchNorm1d(5), new nn.Linear(5, 3));
    const python = await exported({
      model,
      optimizer: new optim.SGD(model.parameters()),
      scheduler: undefined as never,
    });
    expect(python).toContain('def batch_norm_of_all');
    expect(text('train.py')).toContain('--sync-batch-norm');
  });
  test('nothing, where the model looks at several samples at once', async () => {
    class Centred extends Net {
      override forward(x: Tensor): Tensor {
        return super.forward(x.sub(x.mean(0)));
      }
    }
    const model = new Centred();
    const python = await exported({
      model,
      optimizer: new optim.SGD(model.parameters()),
      scheduler: undefined as never,
    });
    expect(python).toContain('runs in one process');
    expect(text('README.md')).toContain(
      'It runs in one process only: its model looks at several samples at once',
    );
  });
});

describe('before anything is written', () => {
  const refuses = async (options: ExportTorchOptions, message: RegExp | string): Promise<void> => {
    await expect(write(options)).rejects.toThrow(message);
    expect(existsSync(join(base, 'p'))).toBe(false);
    expect(readdirSync(base)).toEqual([]);
  };

  test("optimizers and schedules of Kindling's own are refused with a way round", async () => {
    const { model, scheduler: _, optimizer, ...more } = training();
    await refuses(
      { ...more, model, optimizer: new optim.Lion(model.parameters()) },
      'torch.optim has no Lion',
    );
    const schedule = new lrScheduler.WarmupStableDecayLR(optimizer, 10);
    await refuses({ ...more, model, optimizer, scheduler: schedule }, /no WarmupStableDecayLR.*LambdaLR/);
    const sam = new optim.SAM(optimizer) as unknown as optim.Optimizer;
    await refuses({ ...more, model, optimizer: sam }, 'of SAM, its base');
  });

  test("a parameter that is not the model's is refused", async () => {
    const { model, ...more } = training();
    const optimizer = new optim.SGD([...model.parameters(), tensor([1, 2.5], { requiresGrad: true })]);
    await refuses(
      { ...more, model, optimizer, scheduler: undefined as never },
      'a parameter of shape [2] that is none of the model',
    );
  });

  test('data of another form than the example, and loaders with an order of their own, are refused', async () => {
    const { example, ...more } = training();
    await refuses(
      { ...more, example, data: [randn([9, 5]), randint(3, [9])] },
      'tensor 0 of data has shape [9, 5]',
    );
    await refuses({ ...more, example, data: [randn([9, 4])] }, 'samples of data have 1 tensors');
    const samples = new datasets.TensorDataset(example.inputs, example.targets);
    const sampler = new datasets.WeightedRandomSampler(new Array<number>(22).fill(1), 22);
    await refuses(
      { ...more, example, data: new datasets.DataLoader(samples, { sampler }) },
      'a sampler of its own',
    );
  });

  test('options that cannot be are refused', async () => {
    const given = training();
    await refuses({ ...given, steps: 0 }, 'steps');
    await refuses({ ...given, example: [] as never }, 'example');
    await refuses({ ...given, schedulerInterval: 'day' as never }, 'schedulerInterval');
  });
});
