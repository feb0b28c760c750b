/** LBFGS whose closure is compiled, and whose step is: the bits of eager. */
import {
  type Compiled,
  CompileError,
  compile,
  manualSeed,
  randn,
  sub,
  type Tensor,
  tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';

type Closure = () => Tensor;
/** Makes the parameters anew, with the loss of them. */
type Problem = () => [params: Tensor[], loss: Closure];

const problems: Readonly<Record<string, Problem>> = {
  'a net': () => {
    const model = new nn.Sequential(new nn.Linear(3, 6), new nn.Tanh(), new nn.Linear(6, 1));
    const [x, y] = [randn([20, 3]), randn([20, 1])];
    return [model.parameters(), () => nn.functional.mseLoss(model(x), y)];
  },
  // One parameter alone: its gradient is all of the flat one.
  'one parameter': () => {
    const w = tensor([-1.5, 2.5], { dtype: 'float64', requiresGrad: true });
    return [[w], () => w.narrow(0, 0, 1).square().add(w.square().mul(3)).add(w.pow(4)).sum()];
  },
  "Rosenbrock's valley": () => {
    const [x, y] = [tensor(-1.5, { requiresGrad: true }), tensor(2.5, { requiresGrad: true })];
    return [[x, y], () => sub(1, x).square().add(y.sub(x.square()).square().mul(100))];
  },
};

/** How a step is made of an optimizer and its closure. */
type Steps = (optimizer: optim.LBFGS, closure: Closure) => Closure;

const eager: Steps = (optimizer, closure) => () => optimizer.step(closure);

/** What is left of some steps: losses, parameters, gradients, the memory of the optimizer. */
function course(problem: Problem, options: optim.LBFGSOptions, stepOf: Steps): unknown {
  manualSeed(2);
  const [params, lossOf] = problem();
  const optimizer = new optim.LBFGS(params, options);
  const step = stepOf(optimizer, () => {
    optimizer.zeroGrad();
    const loss = lossOf();
    loss.backward();
    return loss;
  });
  const losses = Array.from({ length: 6 }, () => bitsOf(step().detach()));
  const { state, param_groups } = optimizer.stateDict();
  return [losses, params.map((p) => [bitsOf(p), bitsOf(p.grad)]), JSON.stringify([state, param_groups])];
}

describe('a compiled closure, and a compiled step, leave the bits of eager ones', () => {
  const searches: Readonly<Record<string, optim.LBFGSOptions>> = {
    'at a rate': { lr: 0.1, maxIter: 8, historySize: 4 },
    'by strong Wolfe': { lineSearchFn: 'strong_wolfe', maxIter: 8, historySize: 4 },
    'uphill, by strong Wolfe': { lineSearchFn: 'strong_wolfe', maxIter: 4, maximize: true },
  };
  const cases = Object.keys(problems).flatMap((problem) =>
    Object.keys(searches).map((search) => [problem, search] as const),
  );
  it.each(cases)('%s, %s', (problem, search) => {
    const [of, options] = [problems[problem] as Problem, searches[search] as optim.LBFGSOptions];
    const expected = course(of, options, eager);
    let compiled: Compiled<[], Tensor> | undefined;
    const ofClosure: Steps = (optimizer, closure) => {
      compiled = compile(closure);
      return eager(optimizer, compiled);
    };
    const ofStep: Steps = (optimizer, closure) => {
      compiled = compile(eager(optimizer, closure));
      return compiled;
    };
    for (const how of [ofClosure, ofStep]) {
      expect(course(of, options, how)).toEqual(expected);
      expect(compiled?.programs.length).toBe(1);
    }
  });
});

describe('a compiled step', () => {
  const fit = (options: optim.LBFGSOptions = {}) => {
    manualSeed(4);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
    const optimizer = new optim.LBFGS(model.parameters(), { maxIter: 5, lr: 0.1, ...options });
    const closure =
      (x: Tensor, y: Tensor, scale = 1) =>
      (): Tensor => {
        optimizer.zeroGrad();
        const loss = nn.functional.mseLoss(model(x), y).mul(scale);
        loss.backward();
        return loss;
      };
    return { model, optimizer, closure };
  };

  it('takes batches, flags and a schedule, which are others in each call, and counts its own calls', () => {
    const run = (wrap: typeof compile): unknown => {
      const { optimizer, closure } = fit();
      const schedule = new optim.lrScheduler.StepLR(optimizer, 3);
      let calls = 0;
      const step = wrap((x: Tensor, y: Tensor, scale: number) => {
        calls++;
        return optimizer.step(closure(x, y, scale));
      });
      const losses = Array.from({ length: 12 }, (_, i) => {
        const loss = step(randn([6 + (i % 2), 3]), randn([6 + (i % 2), 1]), 1 + (i % 3));
        schedule.step();
        return bitsOf(loss.detach());
      });
      return [losses, calls, optimizer.stepCount];
    };
    const asItIs = ((fn: unknown) => fn) as typeof compile;
    expect(run(compile)).toEqual(run(asItIs));
  });

  it('may be one of several, beside other optimizers and what else stands in a function', () => {
    const run = (wrap: typeof compile): unknown => {
      const [a, b] = [fit(), fit({ lineSearchFn: 'strong_wolfe' })];
      const adam = new optim.Adam(a.model.parameters());
      const step = wrap((x: Tensor, y: Tensor) => {
        const before = a.optimizer.step(a.closure(x, y));
        const after = a.optimizer.step(a.closure(x, y, 2));
        adam.step(a.closure(x, y));
        return [before, after, b.optimizer.step(b.closure(x, y))].map((loss) => loss.detach());
      });
      const [x, y] = [randn([6, 3]), randn([6, 1])];
      return Array.from({ length: 5 }, () => step(x, y).map(bitsOf));
    };
    const asItIs = ((fn: unknown) => fn) as typeof compile;
    expect(run(compile)).toEqual(run(asItIs));
  });

  it('refuses a closure that takes what the rest of the function computes anew', () => {
    const { optimizer, closure } = fit();
    const step = compile((x: Tensor, y: Tensor) => optimizer.step(closure(x.mul(2), y)));
    const [x, y] = [randn([6, 3]), randn([6, 1])];
    const calls = (): void => {
      for (let i = 0; i < 6; i++) step(x, y);
    };
    expect(calls).toThrow(/takes something else from outside in each call, lastly a tensor of shape/);
  });

  it('compares its closure with the program in its first calls, whatever that has run', () => {
    const { optimizer, closure } = fit();
    let scale = 1;
    const step = compile((x: Tensor, y: Tensor) => optimizer.step(closure(x, y, scale)));
    const [x, y] = [randn([6, 3]), randn([6, 1])];
    for (let i = 0; i < 5; i++) step(x, y);
    scale = 2;
    expect(() => step(x, y)).toThrow(CompileError);
  });

  it('explains what its closure has become', () => {
    const { optimizer, closure } = fit();
    const step = compile((x: Tensor, y: Tensor) => optimizer.step(closure(x, y)));
    const [x, y] = [randn([6, 3]), randn([6, 1])];
    for (let i = 0; i < 3; i++) step(x, y);
    expect(step.explain()).toMatch(/^program 0, .*mse_loss/s);
    expect(step.report()).toHaveLength(1);
  });

  it('leaves parameters and counts as they were where its closure fails', () => {
    const p = tensor([3, -4], { requiresGrad: true });
    const optimizer = new optim.LBFGS([p], { lineSearchFn: 'strong_wolfe', maxIter: 2 });
    let fails = false;
    const step = compile(() =>
      optimizer.step(() => {
        if (fails) throw new Error('out of luck');
        optimizer.zeroGrad();
        const loss = p.pow(4).sum();
        loss.backward();
        return loss;
      }),
    );
    step();
    const [before, steps] = [bitsOf(p), optimizer.stepCount];
    fails = true;
    expect(() => step()).toThrow('out of luck');
    expect([bitsOf(p), optimizer.stepCount]).toEqual([before, steps]);
  });
});
