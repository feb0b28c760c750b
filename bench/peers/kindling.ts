import * as core from '@kindling/core';
import {
  avgPool2d,
  compile,
  conv2d,
  manualSeed,
  matmul,
  maxPool2d,
  noGrad,
  rand,
  randint,
  randn,
  type Tensor,
} from '@kindling/core';
import { useWideVectors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optimizers from '@kindling/optim';
import { sequenceCalls } from '../sequences.ts';
import { training } from '../training.ts';
import * as cases from './cases.ts';
import { note, runSuite, timed, times } from './timing.ts';

/** Whether functions run as programs: of training steps, and of losses. */
const compiled = process.argv.includes('compiled');
if (process.argv.includes('wide')) {
  const { enabled, reason } = useWideVectors();
  if (!enabled) note(`vectors are not wide: ${reason}`);
}
// Where the library has threads, it takes all cores by itself.
const { setNumThreads } = core as { setNumThreads?: (count: number) => void };
setNumThreads?.(Number(process.env.BENCH_THREADS ?? 1));

manualSeed(0);

/**
 * About as many as PyTorch does in its time: a million steps on two batches lead to weights that no training has, and
 * to denormal numbers.
 */
const stepsOfARun = 2000;

async function steps(): Promise<void> {
  for (const { name, batch, ...net } of cases.nets) {
    for (const optimizer of cases.optimizers) {
      const { step: eager, batch: draw, beginAnew } = training(net, optimizer);
      const step = compiled ? compile(eager) : eager;
      // Two batches in turns: none is where the step before left it.
      const batches = [draw(batch), draw(batch)] as const;
      let turn: 0 | 1 = 0;
      let count = 0;
      times[cases.stepCase(name, optimizer)] = await timed(() => {
        turn = turn === 0 ? 1 : 0;
        if (++count % stepsOfARun === 0) beginAnew();
        return step(...batches[turn]).item();
      });
    }
  }
}

async function kernels(): Promise<void> {
  if (compiled) return;
  for (const n of cases.matmulSizes) {
    const a = randn([n, n]);
    const b = randn([n, n]);
    times[cases.matmulCase(n)] = await timed(() => matmul(a, b));
  }
  const a = randn([2 ** 20]);
  const b = randn([2 ** 20]);
  const logits = randn([1024, 1000]);
  const calls: Record<(typeof cases.elementwise)[number], () => Tensor> = {
    add: () => a.add(b),
    exp: () => a.exp(),
    tanh: () => a.tanh(),
    sum: () => a.sum(),
    softmax: () => logits.softmax(1),
  };
  for (const name of cases.elementwise) times[cases.elementwiseCase(name)] = await timed(calls[name]);
  const [x, y] = [randn([1024, 64]), randn([1024, 64])];
  const [u, v] = [x.flatten(), y.flatten()];
  const image = randn([1, 256, 256]);
  const rows = randint(0, 1024, [1024]);
  const moves: Record<(typeof cases.moves)[number], () => Tensor> = {
    dot: () => u.dot(v),
    'cat of columns': () => core.cat([x, y], 1),
    'indexSelect of rows': () => x.indexSelect(0, rows),
    'reflect pad': () => core.pad(image, [1, 1, 1, 1], { mode: 'reflect' }),
    'roll of both': () => image.roll([1, 2], [1, 2]),
  };
  for (const name of cases.moves) times[cases.moveCase(name)] = await timed(moves[name]);
}

/** A layer's result without gradients, and with those by the leaves from that of the result. */
async function timeLayer(name: string, y: () => Tensor, leaves: readonly Tensor[], g: Tensor): Promise<void> {
  const [forward, both] = cases.layerCases(name);
  const alone = (): Tensor => noGrad(y);
  const all = (): void => {
    for (const leaf of leaves) leaf.grad = null;
    y().backward({ gradient: g });
  };
  times[forward] = await timed(compiled ? compile(alone) : alone);
  times[both] = await timed(compiled ? compile(all) : all);
}

async function convolutions(): Promise<void> {
  for (const { name, padding, groups, ...shapes } of cases.convolutions) {
    const x = randn(shapes.x, { requiresGrad: true });
    const weight = randn(shapes.weight, { requiresGrad: true });
    const bias = randn(shapes.weight.slice(0, 1), { requiresGrad: true });
    const y = (): Tensor => conv2d(x, weight, bias, { padding, groups });
    const g = randn(noGrad(y).shape);
    await timeLayer(name, y, [x, weight, bias], g);
  }
  const step = compiled ? compile(lenetStep()) : lenetStep();
  times[cases.lenet.name] = await timed(() => step().item());
}

function lenetStep(): () => Tensor {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );
  const optimizer = new optimizers.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([cases.lenet.batch, 1, 28, 28]);
  const target = randint(0, 10, [cases.lenet.batch]);
  return () => {
    optimizer.zeroGrad();
    const loss = nn.F.crossEntropy(model(x), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

async function poolings(): Promise<void> {
  for (const { name, kind, kernel, ...given } of cases.poolings) {
    const x = randn(given.x, { requiresGrad: true });
    const options = { stride: given.stride, padding: given.padding };
    const y = (): Tensor => (kind === 'max' ? maxPool2d(x, kernel, options) : avgPool2d(x, kernel, options));
    const g = randn(noGrad(y).shape);
    await timeLayer(name, y, [x], g);
  }
}

async function norms(): Promise<void> {
  const { F } = nn;
  for (const { name, kind, x: shape } of cases.norms) {
    const x = randn([...shape], { requiresGrad: true });
    const channels = kind === 'layer' || kind === 'rms' ? shape.at(-1) : shape[1];
    const weight = randn([channels ?? 1], { requiresGrad: true });
    const bias = randn([channels ?? 1], { requiresGrad: true });
    const [mean, variance] = [core.zeros([channels ?? 1]), core.ones([channels ?? 1])];
    const calls: Record<typeof kind, () => Tensor> = {
      layer: () => F.layerNorm(x, [...weight.shape], { weight, bias }),
      rms: () => F.rmsNorm(x, [...weight.shape], { weight }),
      batch: () => F.batchNorm(x, mean, variance, { weight, bias, training: true }),
      group: () => F.groupNorm(x, cases.normGroups, { weight, bias }),
      instance: () => F.instanceNorm(x, { weight, bias }),
    };
    const y = calls[kind];
    const g = randn([...shape]);
    await timeLayer(name, y, [x, weight, bias], g);
  }
}

async function sequences(): Promise<void> {
  for (const [name, call] of sequenceCalls((f) => (compiled ? compile(f) : f)))
    times[name] = await timed(call);
}

async function losses(): Promise<void> {
  for (const shape of cases.lossShapes) {
    const input = randn([...shape], { requiresGrad: true });
    const target = rand([...shape]);
    const classes = randint(0, shape[1], [shape[0], ...shape.slice(2)]);
    const logProbabilities = randn([...shape])
      .logSoftmax(1)
      .detach()
      .requiresGrad_();
    const { F } = nn;
    const calls: Record<(typeof cases.losses)[number], () => Tensor> = {
      crossEntropy: () => F.crossEntropy(input, classes),
      bceWithLogits: () => F.binaryCrossEntropyWithLogits(input, target),
      mse: () => F.mseLoss(input, target),
      l1: () => F.l1Loss(input, target),
      huber: () => F.huberLoss(input, target),
      smoothL1: () => F.smoothL1Loss(input, target),
      nll: () => F.nllLoss(logProbabilities, classes),
    };
    for (const name of cases.losses) {
      const eager = (): void => {
        input.grad = null;
        logProbabilities.grad = null;
        calls[name]().backward();
      };
      times[cases.lossCase(name, shape)] = await timed(compiled ? compile(eager) : eager);
    }
  }
}

type Maker = new (params: Tensor[], options: object) => optimizers.Optimizer & { train?(): void };
const makers = optimizers as unknown as Readonly<Record<string, Maker>>;

/**
 * A step of LBFGS from one place and without memory each time: down a quadratic function that it does not reach the
 * bottom of.
 */
function quasiNewtonStep(params: Tensor[], options: object): () => void {
  const start = params.map((p) => p.detach().clone());
  const [bends, targets] = [params.map((p) => rand([...p.shape])), params.map((p) => randn([...p.shape]))];
  const optimizer = new optimizers.LBFGS(params, { toleranceGrad: 0, toleranceChange: 0, ...options });
  const eager = (): Tensor => {
    optimizer.zeroGrad();
    const losses = params.map((p, i) =>
      p
        .sub(targets[i] as Tensor)
        .square()
        .mul(bends[i] as Tensor)
        .sum(),
    );
    const loss = losses.reduce((sum, x) => sum.add(x));
    loss.backward();
    return loss;
  };
  const closure = compiled ? compile(eager) : eager;
  return () => {
    noGrad(() => {
      for (const [i, p] of params.entries()) p.copy_(start[i] as Tensor);
    });
    optimizer.state.clear();
    optimizer.step(closure);
  };
}

/** What makes the update of parameters whose gradients are there. */
function updateOf({ name, options }: cases.UpdateCase, params: Tensor[]): () => void {
  if (name === 'LBFGS') return quasiNewtonStep(params, options);
  const wrapped = (step: () => void): (() => void) => (compiled ? compile(step) : step);
  if (name === 'SAM') {
    const sam = new optimizers.SAM(new optimizers.SGD(params, { lr: 1e-4 }), options);
    return wrapped(() => {
      sam.firstStep();
      sam.secondStep();
    });
  }
  const optimizer = new (makers[name] as Maker)(params, { lr: 1e-4, ...options });
  optimizer.train?.();
  return wrapped(() => optimizer.step());
}

/** The update alone, of parameters whose gradients are there, and a copy of as much memory. */
async function optim(): Promise<void> {
  for (const size of cases.updateSizes) {
    const [from, to] = [new Float32Array(size).fill(1), new Float32Array(size)];
    if (!compiled) times[cases.copyCase(size)] = await timed(() => to.set(from));
    for (const update of cases.updates) {
      if (size > (update.most ?? size)) continue;
      const matrix = update.matrices ? cases.updateMatrices[size] : undefined;
      const shape = [...(matrix ?? [size / cases.updateTensors])];
      const params = Array.from({ length: cases.updateTensors }, () => {
        const p = randn(shape, { requiresGrad: true });
        p.grad = randn(shape);
        return p;
      });
      times[cases.updateCase(update, size)] = await timed(updateOf(update, params));
    }
  }
}

await runSuite({ optim, steps, kernels, convolutions, poolings, norms, sequences, losses });
