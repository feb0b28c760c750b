/** LBFGS whose closure is compiled: the bits of eager; and what becomes of a step inside of a compiled function. */
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
import { describe, expect, it, vi } from 'vitest';
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

/** What is left of some steps: losses, parameters, gradients, the memory of the optimizer. */
function course(problem: Problem, options: optim.LBFGSOptions, wrap: (closure: Closure) => Closure): unknown {
  manualSeed(2);
  const [params, lossOf] = problem();
  const optimizer = new optim.LBFGS(params, options);
  const closure = wrap(() => {
    optimizer.zeroGrad();
    const loss = lossOf();
    loss.backward();
    return loss;
  });
  const losses = Array.from({ length: 6 }, () => bitsOf(optimizer.step(closure).detach()));
  const { state, param_groups } = optimizer.stateDict();
  return [losses, params.map((p) => [bitsOf(p), bitsOf(p.grad)]), JSON.stringify([state, param_groups])];
}

describe('a compiled closure leaves the bits of an eager one', () => {
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
    let compiled: Compiled<[], Tensor> | undefined;
    const found = course(of, options, (closure) => {
      compiled = compile(closure);
      return compiled;
    });
    expect(found).toEqual(course(of, options, (closure) => closure));
    expect(compiled?.programs.length).toBe(1);
  });
});

describe('a step inside of a compiled function', () => {
  const stepOf = (): Closure => {
    const p = tensor([3, -4], { requiresGrad: true });
    const optimizer = new optim.LBFGS([p]);
    return () =>
      optimizer
        .step(() => {
          optimizer.zeroGrad();
          const loss = p.square().sum();
          loss.backward();
          return loss;
        })
        .detach();
  };

  it('is refused, with what to write instead', () => {
    const step = compile(stepOf());
    step();
    expect(() => step()).toThrow(CompileError);
    expect(() => step()).toThrow(
      /LBFGS.step: how far .* depends on values; compile the closure, and call step outside: write const closure = compile\(/,
    );
  });

  it('runs as it is where it may', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const [loose, eager] = [compile(stepOf(), { fallback: 'eager' }), stepOf()];
    for (let i = 0; i < 3; i++) expect(bitsOf(loose())).toEqual(bitsOf(eager()));
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
