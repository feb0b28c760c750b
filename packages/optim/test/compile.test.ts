/** Training scripts of the usual kinds, compiled: 300 steps with the bits of eager, whatever happens between the calls. */
import { autograd, compile, noGrad, rand, randint, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import { trainingStep } from '../../core/test/support/training-step.ts';
import * as optim from '../src/index.ts';

const F = nn.functional;
const mlp = (...sizes: number[]): nn.Sequential =>
  new nn.Sequential(
    ...sizes.slice(1).flatMap((size, i) => {
      const layer = new nn.Linear(sizes[i]!, size);
      return i + 2 < sizes.length ? [layer, new nn.Tanh()] : [layer];
    }),
  );
const stateOf = (...optimizers: optim.Optimizer[]): Tensor[] =>
  optimizers.flatMap((o) =>
    [...o.state.values()].flatMap((s) => Object.values(s)).filter((x): x is Tensor => typeof x === 'object'),
  );
const left =
  (model: nn.Module, ...optimizers: optim.Optimizer[]) =>
  () => [
    ...Object.values(model.stateDict() as Record<string, Tensor>),
    ...model.parameters().map((p) => p.grad),
    ...stateOf(...optimizers),
  ];

/** What a script comes to that does one step of training in each call. */
const training = <A extends unknown[]>(
  model: nn.Module,
  optimizer: optim.Optimizer,
  lossOf: (...given: A) => Tensor,
  argumentsOf: (i: number) => unknown[],
): World => ({ call: trainingStep(optimizer, lossOf), argumentsOf, state: left(model, optimizer) });

/** Changes how often one parameter says that it was updated. */
function count(optimizer: optim.Optimizer, step: number): void {
  const [state] = optimizer.state.values();
  if (state !== undefined) state.step = step;
}

const steps = 300;
const scripts: Readonly<Record<string, () => World>> = {
  'a classifier with SGD, momentum, and a schedule of steps': () => {
    const model = mlp(4, 8, 3);
    const optimizer = new optim.SGD(model.parameters(), {
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 1e-3,
      nesterov: true,
    });
    const schedule = new optim.lrScheduler.StepLR(optimizer, 20, { gamma: 0.5 });
    const lossOf = (x: Tensor, y: Tensor): Tensor => F.crossEntropy(model(x), y, { labelSmoothing: 0.1 });
    return training(model, optimizer, lossOf, (i) => {
      if (i > 0 && i % 5 === 0) schedule.step();
      return [randn([i % 7 === 6 ? 3 : 8, 4]), randint(0, 3, [i % 7 === 6 ? 3 : 8])];
    });
  },
  'a regression with Adam and clipping by norm': () => {
    const model = mlp(3, 10, 1);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01, amsgrad: true });
    return {
      call: (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        const loss = F.huberLoss(model(x), y, { delta: 0.5 });
        loss.backward();
        const norm = nn.utils.clipGradNorm_(model.parameters(), 0.1);
        optimizer.step();
        return [loss, norm];
      },
      argumentsOf: () => [randn([6, 3]), randn([6, 1])],
      state: left(model, optimizer),
    };
  },
  'AdamW with dropout and batch norm, train and eval, rates that change by hand': () => {
    const model = new nn.Sequential(
      new nn.Linear(5, 8),
      new nn.BatchNorm1d(8),
      new nn.ReLU(),
      new nn.Dropout({ p: 0.4 }),
      new nn.Linear(8, 2),
    );
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.02 });
    return {
      call: (x: Tensor) => {
        const loss = model(x).square().mean();
        if (model.training) {
          optimizer.zeroGrad();
          loss.backward();
          optimizer.step();
        }
        return loss.detach();
      },
      argumentsOf: (i) => {
        model.train(i % 10 < 8);
        if (i % 25 === 0) optimizer.paramGroups[0]!.lr = 0.02 / (1 + i);
        return [randn([4, 5])];
      },
      state: left(model, optimizer),
    };
  },
  'gradients added up over four batches': () => {
    const model = mlp(2, 6, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
    return {
      call: (x: Tensor, y: Tensor, last: boolean) => {
        const loss = F.mseLoss(model(x), y).div(4);
        loss.backward();
        if (last) {
          optimizer.step();
          optimizer.zeroGrad();
        }
        return loss;
      },
      argumentsOf: (i) => [randn([3, 2]), randn([3, 1]), i % 4 === 3],
      state: left(model, optimizer),
    };
  },
  'two players with an optimizer each': () => {
    const [maker, judge] = [mlp(2, 8, 2), mlp(2, 8, 1)];
    const [ofMaker, ofJudge] = [
      new optim.Adam(maker.parameters(), { lr: 0.01, betas: [0.5, 0.999] }),
      new optim.Adam(judge.parameters(), { lr: 0.01 }),
    ];
    return {
      call: (real: Tensor) => {
        const made = maker(randn([4, 2]));
        ofJudge.zeroGrad();
        const a = F.softplus(judge(real).neg())
          .mean()
          .add(F.softplus(judge(made.detach())).mean());
        a.backward();
        ofJudge.step();
        ofMaker.zeroGrad();
        const b = F.softplus(judge(made).neg()).mean();
        b.backward();
        ofMaker.step();
        return { a, b };
      },
      argumentsOf: () => [randn([4, 2])],
      state: () => [...left(maker, ofMaker)(), ...left(judge, ofJudge)()],
    };
  },
  'an embedding under a softmax, with a cosine schedule': () => {
    const table = new nn.Embedding(7, 4, { paddingIdx: 0 });
    const head = new nn.Linear(4, 7);
    const parameters = [...table.parameters(), ...head.parameters()];
    const optimizer = new optim.SGD(parameters, { lr: 0.5 });
    const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, steps);
    return {
      call: trainingStep(optimizer, (tokens: Tensor) =>
        F.crossEntropy(head(table(tokens).mean(1)), tokens.select(1, 0)),
      ),
      argumentsOf: (i) => {
        if (i > 0) schedule.step();
        return [randint(0, 7, [5, 3])];
      },
      state: () => [...parameters, ...parameters.map((p) => p.grad)],
    };
  },
  'groups with rates of their own, one of them added later, and a frozen layer': () => {
    const model = mlp(3, 5, 5, 1);
    const [first, second, third] = [0, 2, 4].map((i) => model[i] as nn.Linear) as [
      nn.Linear,
      nn.Linear,
      nn.Linear,
    ];
    first.bias!.requiresGrad_(false);
    const optimizer = new optim.SGD(
      [{ params: second.parameters(), lr: 0.01 }, { params: third.parameters() }],
      { lr: 0.1, momentum: 0.5 },
    );
    return {
      call: (x: Tensor) => {
        model.zeroGrad();
        const loss = model(x).abs().sum();
        loss.backward();
        optimizer.step();
        return loss;
      },
      argumentsOf: (i) => {
        if (i === 50) optimizer.addParamGroup({ params: [first.weight], lr: 0.001 });
        if (i === 100) first.bias!.requiresGrad_();
        return [randn([4, 3])];
      },
      state: left(model, optimizer),
    };
  },
  'checkpoints saved, and loaded again between calls, and parameters changed by hand': () => {
    const model = mlp(3, 6, 2);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    let saved: string | null = null;
    const lossOf = (x: Tensor): Tensor => model(x).logSoftmax(1).select(1, 0).mean().neg();
    return training(model, optimizer, lossOf, (i) => {
      if (i === 40) saved = JSON.stringify([model.stateDict(), optimizer.stateDict()]);
      if (i === 90 || i === 140) {
        const [ofModel, ofOptimizer] = JSON.parse(saved!);
        model.loadStateDict(ofModel);
        optimizer.loadStateDict(ofOptimizer);
      }
      if (i === 200) noGrad(() => (model[0] as nn.Linear).weight.mul_(0.5));
      if (i === 210) (model[0] as nn.Linear).weight.grad?.fill_(3);
      return [randn([5, 3])];
    });
  },
  'Adam, with parameters that count the same, count apart, and the same again': () => {
    const model = mlp(3, 10, 1);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const lossOf = (x: Tensor, y: Tensor): Tensor => F.mseLoss(model(x), y);
    return training(model, optimizer, lossOf, (i) => {
      if (i % 50 === 20) count(optimizer, 3 * i);
      if (i % 50 === 40) count(optimizer, i);
      return [randn([4, 3]), randn([4, 1])];
    });
  },
  'a penalty on gradients': () => {
    const model = mlp(2, 6, 1);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const lossOf = (x: Tensor): Tensor => {
      const input = x.detach().requiresGrad_();
      const y = model(input);
      const [g] = autograd.grad(y.sum(), [input], { createGraph: true });
      return y.square().mean().add(g!.square().sum(1).sqrt().sub(1).square().mean());
    };
    return training(model, optimizer, lossOf, () => [randn([5, 2])]);
  },
  "a loss of the user's, in float64, with weights and a sum over samples": () => {
    class Pinball extends nn.Loss {
      override forward(x: Tensor, y: Tensor): Tensor {
        const r = y.sub(x);
        return nn.reduceLoss(r.mul(0.9).maximum(r.mul(-0.1)), { reduction: this.reduction });
      }
    }
    const w = randn([3, 1], { dtype: 'float64', requiresGrad: true });
    const lossFn = new Pinball({ reduction: 'sum' });
    const optimizer = new optim.SGD([w], { lr: 1e-3, maximize: false });
    return {
      call: (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad({ setToNone: false });
        const loss = lossFn(x.matmul(w), y);
        loss.backward();
        optimizer.step();
        return loss;
      },
      argumentsOf: () => [rand([6, 3], { dtype: 'float64' }), rand([6, 1], { dtype: 'float64' })],
      state: () => [w, w.grad],
    };
  },
};

describe('a compiled training script', () => {
  it.each(Object.keys(scripts))('%s: has the bits of eager', (name) => {
    expectSameBits(scripts[name]!, steps);
  });

  it('is compiled once, whatever the schedule does to the rate', () => {
    const fn = expectSameBits(() => {
      const model = mlp(2, 4, 1);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const schedule = new optim.lrScheduler.OneCycleLR(optimizer, 0.5, { totalSteps: 40 });
      const lossOf = (x: Tensor): Tensor => model(x).square().mean();
      return training(model, optimizer, lossOf, (i) => {
        if (i > 0) schedule.step();
        return [randn([3, 2])];
      });
    }, 40);
    expect(fn.programs.length).toBe(1);
  });

  it('refuses a rate that cannot be, as eager does, and counts its steps', () => {
    const w = tensor([1.5, 2], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const step = compile(trainingStep(optimizer, () => w.square().sum()));
    for (let i = 0; i < 5; i++) step();
    expect(optimizer.stepCount).toBe(5);
    optimizer.paramGroups[0]!.lr = Number.NaN;
    expect(() => step()).toThrow(/^SGD\.step: lr: expected a finite number, got NaN|lr/);
    expect(w.toArray()).not.toContain(Number.NaN);
  });
});
