/** Training scripts that are drawn, and what happens between their calls: compiled, they have the bits of eager. */
import {
  autograd,
  Generator,
  manualSeed,
  noGrad,
  randint,
  randn,
  setNumThreads,
  Tensor,
  zeros,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import fc from 'fast-check';
import { afterEach, describe, it } from 'vitest';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';

afterEach(() => setNumThreads(1));

const { F } = nn;
const width = 6;
const classes = 3;

/** A part of a model: what it does, and what it has. */
interface Part {
  readonly forward: (x: Tensor) => Tensor;
  readonly modules?: readonly nn.Module<never, unknown>[];
  readonly tensors?: readonly Tensor[];
}

const clipped = autograd.defineFunction({
  name: 'Clipped',
  forward(ctx: autograd.FunctionContext, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.clamp({ min: -1, max: 1 });
  },
  backward(ctx, g) {
    const [x] = ctx.savedTensors;
    return g.mul(x.abs().le(1));
  },
});

const parts: Readonly<Record<string, () => Part>> = {
  linear() {
    const layer = new nn.Linear(width, width);
    return { modules: [layer], forward: (x) => layer(x).tanh() };
  },
  convolution() {
    const layer = new nn.Conv1d(1, 2, 3, { padding: 1 });
    return { modules: [layer], forward: (x) => F.maxPool1d(layer(x.unsqueeze(1)), 2).flatten(1) };
  },
  recurrence() {
    const layer = new nn.GRU(2, 2, { batchFirst: true });
    return { modules: [layer], forward: (x) => layer(x.reshape(-1, 3, 2))[0].flatten(1) };
  },
  attention: () => ({
    forward(x) {
      const q = x.reshape(-1, 3, 2);
      return F.scaledDotProductAttention(q, q.mul(0.5), q, { dropoutP: 0.25 }).reshape(-1, width);
    },
  }),
  batchNorm() {
    const layer = new nn.BatchNorm1d(width);
    return { modules: [layer], forward: (x) => layer(x) };
  },
  dropout() {
    const layer = new nn.Dropout({ p: 0.4 });
    return { modules: [layer], forward: (x) => layer(x) };
  },
  'a function with a derivative of its own': () => ({ forward: (x) => clipped(x.mul(1.5)) }),
  'a generator of its own'() {
    const generator = new Generator().manualSeed(7);
    return { forward: (x) => x.add(randn([width], { generator })) };
  },
  'a region without gradients': () => ({ forward: (x) => x.add(noGrad(() => x.square())) }),
  'statistics of its own'() {
    const mean = zeros([width]);
    return {
      tensors: [mean],
      forward(x) {
        noGrad(() => mean.lerp_(x.detach().mean(0), 0.1));
        return x.sub(mean.clone());
      },
    };
  },
  'a hook': () => ({
    forward(x) {
      const y = x.mul(1.25);
      if (y.requiresGrad) y.registerHook((g) => g.mul(0.5));
      return y;
    },
  }),
  'a checkpoint'() {
    const layer = new nn.Linear(width, width);
    return { modules: [layer], forward: (x) => autograd.checkpoint((y: Tensor) => layer(y).tanh(), x) };
  },
};

const optimizers = {
  SGD: (groups) => new optim.SGD(groups, { lr: 0.05, momentum: 0.9 }),
  Adam: (groups) => new optim.Adam(groups, { lr: 0.01 }),
  RMSprop: (groups) => new optim.RMSprop(groups, { lr: 0.01 }),
  Adagrad: (groups) => new optim.Adagrad(groups, { lr: 0.01 }),
} satisfies Record<string, (groups: { params: Tensor[]; lr?: number }[]) => optim.Optimizer>;

/** A model in training, and what actions keep. */
interface Script {
  readonly model: nn.Module<never, unknown>;
  readonly optimizer: optim.Optimizer;
  readonly first: Tensor;
  saved: Record<string, Tensor> | null;
}

/** What may happen between two calls. */
const actions: Readonly<Record<string, (script: Script) => void>> = {
  'a parameter is written to': ({ first }) => void (first.data[0] = 0.5),
  'a gradient is replaced': ({ first }) => {
    first.grad = zeros(first.shape);
  },
  'a parameter is frozen, or not': ({ first }) => void first.requiresGrad_(!first.requiresGrad),
  'a model is saved': (script) => {
    const entries = Object.entries(script.model.stateDict() as Record<string, Tensor>);
    script.saved = Object.fromEntries(entries.map(([name, x]) => [name, x.detach().clone()]));
  },
  'a model is loaded': ({ model, saved }) => {
    if (saved !== null) model.loadStateDict(saved);
  },
  'an optimizer loads its own state': ({ optimizer }) => optimizer.loadStateDict(optimizer.stateDict()),
  eval: ({ model }) => void model.eval(),
  train: ({ model }) => void model.train(),
  'a rate changes': ({ optimizer }) => {
    for (const group of optimizer.paramGroups) group.lr *= 0.5;
  },
  'a hook of the optimizer comes': ({ optimizer }) => void optimizer.registerStepPreHook(() => {}),
  'a hook of a parameter comes': ({ first }) => {
    if (first.requiresGrad) first.registerHook((g) => g.mul(0.5));
  },
  'a seed': () => manualSeed(11),
  'two threads': () => setNumThreads(2),
};

const drawn = fc.record({
  names: fc.array(fc.constantFrom(...Object.keys(parts)), { minLength: 1, maxLength: 3 }),
  optimizer: fc.constantFrom(...(Object.keys(optimizers) as (keyof typeof optimizers)[])),
  groups: fc.boolean(),
  loss: fc.constantFrom('crossEntropy', 'square'),
  calls: fc.array(
    fc.record({
      before: fc.array(fc.constantFrom(...Object.keys(actions)), { maxLength: 2 }),
      short: fc.boolean(),
      mode: fc.constantFrom('as it is', 'as it is', 'without gradients'),
    }),
    { minLength: 4, maxLength: 8 },
  ),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

function worldOf({ names, optimizer: kind, groups, loss: lossName, calls }: Drawn): World {
  const body = names.map((name) => parts[name]!());
  const head = new nn.Linear(width, classes);
  const model = new nn.ModuleList([...body.flatMap(({ modules = [] }) => modules), head]);
  const parameters = model.parameters();
  const given = groups
    ? [{ params: parameters.slice(0, 1), lr: 0.02 }, { params: parameters.slice(1) }]
    : [{ params: parameters }];
  const optimizer = optimizers[kind](given);
  const script: Script = { model, optimizer, first: parameters[0]!, saved: null };
  const outputOf = (x: Tensor): Tensor => head(body.reduce((h, { forward }) => forward(h), x));
  return {
    call(x: Tensor, y: Tensor) {
      const h = outputOf(x);
      if (!h.requiresGrad) return h;
      optimizer.zeroGrad();
      const loss = lossName === 'square' ? h.square().mean() : F.crossEntropy(h, y);
      loss.backward();
      optimizer.step();
      return loss;
    },
    around: (i, run) => (calls[i]?.mode === 'without gradients' && i > 2 ? noGrad(run) : run()),
    argumentsOf(i) {
      // What comes before the program is there is no matter of it.
      for (const name of i < 2 ? [] : calls[i]!.before) actions[name]!(script);
      const n = calls[i]!.short ? 3 : 4;
      return [randn([n, width]), randint(0, classes, [n])];
    },
    state: () => [
      ...Object.values(model.stateDict() as Record<string, Tensor>),
      ...parameters.map((p) => p.grad),
      ...body.flatMap(({ tensors = [] }) => tensors),
      ...[...optimizer.state.values()]
        .flatMap(Object.values<unknown>)
        .filter((x): x is Tensor => x instanceof Tensor),
    ],
  };
}

describe('drawn training scripts', () => {
  it('have the bits of eager, whatever happens between the calls', () => {
    fc.assert(
      fc.property(drawn, (one) => {
        expectSameBits(() => worldOf(one), one.calls.length);
      }),
      { numRuns: 16, seed: 8 },
    );
  });
});
