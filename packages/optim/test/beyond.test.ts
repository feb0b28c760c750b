/**
 * Whole runs of Adafactor and Muon against PyTorch, and of Lamb and SAM against their papers, eager and compiled; see
 * tools/oracle/optimisers_beyond.py.
 */
import { compile, ones, type Tensor, tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import type { Recorded } from '../../core/test/oracle/fixture.ts';
import { plain } from '../../core/test/oracle/tensors.ts';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';
import { expectAfter, rowOf } from './support/after.ts';
import {
  type BeyondRun,
  beyondRuns,
  entries,
  type MixedRun,
  makeBeyond,
  pushes,
  stepOf,
} from './support/beyond.ts';
import { half, loadable, parametersOf, stateTensors, steps } from './support/runs.ts';

// biome-ignore lint/suspicious/noExplicitAny: as plain JavaScript would
const js = (value: unknown): any => value;
const leaf = { requiresGrad: true } as const;
type Refusal = [call: () => unknown, message: RegExp];

/**
 * How far Muon's momentum in the middle may be from PyTorch's: it is a mean of the gradients so far, each of which has half the parameter in
 * it, so by half of what parameters may have been off.
 */
function noiseOf({ far, shapes }: BeyondRun, number: number): number[] | undefined {
  if (far === undefined) return undefined;
  const sizes = shapes.map((shape) => shape.reduce((n, size) => n * size, 1));
  const begin = sizes.slice(0, number).reduce((sum, size) => sum + size, 0);
  return Array.from({ length: sizes[number] as number }, (_, i) => {
    const before = Array.from({ length: half - 1 }, (_, k) => Number(rowOf(far, k + 1).array[begin + i]));
    return [i, Math.max(...before) / 2];
  }).flat();
}

/** The same state under the same keys. */
function expectState(run: BeyondRun, actual: optim.OptimizerStateDict): void {
  const expected = run.half;
  expect(Object.keys(actual.state)).toEqual(Object.keys(expected.state));
  for (const [number, values] of Object.entries(expected.state)) {
    const own = actual.state[Number(number)] as Record<string, Tensor>;
    expect(Object.keys(own).sort()).toEqual(Object.keys(values).sort());
    for (const [key, value] of Object.entries(values)) {
      const x = plain(own[key] as Tensor);
      const noise = key === 'momentum_buffer' ? noiseOf(run, Number(number)) : undefined;
      expect(mismatch(`${key} of parameter ${number}`, x, value as Recorded, { noise })).toBeNull();
    }
  }
}

const everyRun = [...beyondRuns('run'), ...beyondRuns('odd')];

describe('a run has the numbers of PyTorch, or of the paper, after each step', () => {
  it.each(everyRun)('%s', (_, run) => {
    const params = parametersOf(run.start, run.shapes);
    const optimizer = makeBeyond(run.optimizer, params, run.options);
    for (let step = 1; step <= steps; step++) {
      stepOf(optimizer, run, params, step);
      expectAfter(run, step, params);
      if (step === half) expectState(run, optimizer.base.stateDict());
    }
  });
});

describe("a run goes on from PyTorch's state in the middle", () => {
  it.each(everyRun)('%s', (_, run) => {
    const params = parametersOf(rowOf(run.after, half), run.shapes);
    const optimizer = makeBeyond(run.optimizer, params, run.optimizer === 'SAM' ? run.options : {});
    optimizer.base.loadStateDict(loadable(run.half));
    for (let step = half + 1; step <= steps; step++) {
      stepOf(optimizer, run, params, step);
      expectAfter(run, step, params);
    }
  });
});

/** The gradients of a run by a loss, given * p + p² / 4. */
function worldOf(run: BeyondRun): World {
  const params = parametersOf(run.start, run.shapes);
  const optimizer = makeBeyond(run.optimizer, params, run.options);
  return {
    call: (given: readonly (Tensor | null)[]) => {
      const loss = (): Tensor => {
        optimizer.zeroGrad();
        let sum: Tensor = zeros([], { dtype: run.dtype });
        for (const [k, p] of params.entries()) {
          const own = given[k];
          if (own) sum = sum.add(p.mul(own).add(p.square().div(4)).sum());
        }
        if (sum.requiresGrad) sum.backward();
        return sum;
      };
      if (run.optimizer === 'SAM') return optimizer.step(loss);
      loss();
      return optimizer.step();
    },
    argumentsOf: (i) => [pushes(params, i + 1, run.op === 'odd')],
    state: () => [...params, ...params.map((p) => p.grad), ...stateTensors(optimizer.base)],
  };
}

describe('a compiled step leaves the bits of an eager one, in each of the steps', () => {
  it.each(everyRun)('%s', (_, run) => {
    const { programs } = expectSameBits(() => worldOf(run), steps);
    // One more for each form of what is given: without the second, and without all.
    if (run.op === 'run') expect(programs.length).toBe(1);
    else expect(programs.length).toBeGreaterThan(1);
  });
});

describe('parameters of one shape are updated in the same memory, one after another', () => {
  it.each(['Lamb', 'Muon'])('%s', (name) => {
    /** How many KiB of its own the program of a step has. */
    const memory = (count: number): number => {
      const params = Array.from({ length: count }, () => ones([64, 64], leaf));
      for (const p of params) p.grad = ones([64, 64]);
      const optimizer = makeBeyond(name, params, {});
      const step = compile(() => optimizer.base.step());
      for (let i = 0; i < 3; i++) step();
      return Number(/memory: ([\d.]+) KiB of its own/.exec(step.explain())?.[1]);
    };
    const [one, four] = [memory(1), memory(4)];
    // A matrix takes 16 KiB; Muon holds one product more between two parameters.
    expect(one).toBeGreaterThanOrEqual(16);
    expect(four).toBeLessThan(one + 2 * 16);
  });
});

describe('Adafactor', () => {
  it("takes the rounding unit of the group's first parameter, as PyTorch does", () => {
    const runs = entries.filter((entry): entry is MixedRun => entry.op === 'mixed');
    expect(runs.length).toBe(2);
    for (const { after } of runs) {
      const params = after.map(({ dtype }) => tensor([1, 2], { dtype, requiresGrad: true }));
      const optimizer = new optim.Adafactor(params);
      for (let step = 0; step < 3; step++) {
        for (const p of params) p.grad = tensor([1e-9, 1e-9], { dtype: p.dtype });
        optimizer.step();
      }
      for (const [i, p] of params.entries())
        expect(mismatch(`${i}`, plain(p), after[i] as Recorded)).toBeNull();
    }
  });

  // R C beyond float32, an infinite mean of R beside small and large rows, no curvature, and an ε₁ that is nearly or quite none.
  it.each([
    [null, [1e14, 2e14, 3e14, -4e14], [1, 2, 3, 4]],
    [null, [1, 2, Infinity, 3], [NaN, -22973148, NaN, NaN]],
    [null, [1e3, 2e19, Infinity, 1e3], [NaN, NaN, NaN, NaN]],
    [null, [1e-22, 0, 3, -2e-30], [1, 2, 0.8750477433204651, 4]],
    [1e-22, [1e-18, 2e-19, 3e-18, -4e-20], [-0.45537009835, -0.05836745724, 1.579378843307, 0.091622844338]],
    [0, [1e-18, 2e-24, 0, -4e-20], [-Infinity, -Infinity, NaN, NaN]],
  ])('has what PyTorch has of gradients far from 1: eps1 %s, %j', (eps1, last, after) => {
    const w = tensor([1, 2, 3, 4], { dtype: 'float32' }).reshape(2, 2).requiresGrad_();
    const optimizer = new optim.Adafactor([w], { lr: 0.5, eps: [eps1, 1e-3] });
    for (const grad of [[1e-18, 2e-18, 0, 4e-18], [1e-18, 2e-18, 0, 4e-18], last]) {
      w.grad = tensor(grad, { dtype: 'float32' }).reshape(2, 2);
      optimizer.step();
    }
    for (const [i, x] of [...w.data].entries()) {
      const expected = after[i] as number;
      if (Number.isFinite(expected)) expect(x / expected).toBeCloseTo(1, 5);
      else expect(x).toBe(expected);
    }
  });
});

/** What is refused at once, by whom, and how it is said. */
const refused: Refusal[] = [
  [
    () => new optim.Muon([ones([2, 3, 4], leaf)]),
    /^Muon: Muon only supports 2D parameters .*size: \[2, 3, 4\]/,
  ],
  [
    () => new optim.Muon([ones([2, 3], leaf), ones([3], leaf)]),
    /^Muon: Muon only supports 2D parameters .*size: \[3\]/,
  ],
  [
    () => new optim.Muon([ones([2, 3], leaf)]).addParamGroup({ params: [ones([3], leaf)] }),
    /^Muon: Muon only supports 2D parameters/,
  ],
  ...['arbitrary', '', 1].map(
    (adjustLrFn): Refusal => [
      () => new optim.Muon([ones([2, 3], leaf)], js({ adjustLrFn })),
      /^Muon: adjustLrFn: expected one of "original", .* or null, got/,
    ],
  ),
  ...[[1, 2], [1, 2, Number.NaN], 3, null].map(
    (nsCoefficients): Refusal => [
      () => new optim.Muon([ones([2, 3], leaf)], js({ nsCoefficients })),
      /^Muon: nsCoefficients: expected three finite numbers, got/,
    ],
  ),
  ...[100, -1, 1.5].map(
    (nsSteps): Refusal => [
      () => new optim.Muon([ones([2, 3], leaf)], js({ nsSteps })),
      /^Muon: nsSteps: expected an integer in \[0, 100\), got/,
    ],
  ),
  ...[[-1e-30, 1e-3], [0, null], [1e-3], 1e-3, [Number.NaN, 0]].map(
    (eps): Refusal => [
      () => new optim.Adafactor([ones([2], leaf)], js({ eps })),
      /^Adafactor: eps: expected a pair of numbers >= 0, the first of which may be null, got/,
    ],
  ),
  [
    () => new optim.Adafactor([ones([2], leaf)], { d: 0.5 }),
    /^Adafactor: d: expected a finite number >= 1, got 0.5/,
  ],
  [
    () => new optim.Adafactor([ones([2], leaf)], { beta2Decay: 0.8 }),
    /^Adafactor: beta2Decay: expected a finite number <= 0, got 0.8/,
  ],
  [
    () => new optim.Lamb([ones([2], leaf)], { betas: [0.9, 1] }),
    /^Lamb: betas: expected a pair of numbers in \[0, 1\)/,
  ],
  ...[optim.Muon, optim.Adafactor, optim.Lamb, optim.LBFGS].flatMap((Class): Refusal[] => {
    const { name } = Class;
    return [
      [() => new Class(js(ones([2, 2], leaf))), /an iterable of Tensors or groups, got a Tensor/],
      [
        () => new Class([ones([2, 2], leaf)], js(0.1)),
        new RegExp(`^${name}: expected an options object, got 0.1`),
      ],
      [
        () => new Class([ones([2, 2], leaf)], { lr: -1 }),
        new RegExp(`^${name}: lr: expected a finite number >= 0`),
      ],
      [() => new Class([ones([2, 2], leaf)], js({ lr_: 1 })), new RegExp(`^${name}: unknown option lr_`)],
      [() => new Class([]), new RegExp(`^${name}: optimizer got an empty parameter list`)],
    ];
  }),
];

describe('what cannot be is refused', () => {
  it.each(refused.map(([call, message]): [string, () => unknown] => [String(message), call]))(
    '%s',
    (message, call) => {
      expect(call).toThrow(new RegExp(message.slice(1, -1)));
    },
  );

  it('a state of other shapes than the optimizer keeps', () => {
    const optimizer = new optim.Adafactor([ones([2, 3], leaf)]);
    const { param_groups } = optimizer.stateDict();
    const state = (entry: Record<string, unknown>): optim.OptimizerStateDict =>
      js({ param_groups, state: { 0: entry } });
    const [row_var, col_var] = [ones([2, 1]), ones([1, 3])];
    expect(() => optimizer.loadStateDict(state({ step: 1, row_var: ones([2, 3]), col_var }))).toThrow(
      /row_var has shape \[2, 3\], expected \[2, 1\]/,
    );
    expect(() => optimizer.loadStateDict(state({ step: 1, row_var }))).toThrow(/has no col_var/);
    optimizer.loadStateDict(state({ step: 1, row_var, col_var }));
    expect(optimizer.stateDict().state[0]).toMatchObject({
      row_var: { shape: [2, 1] },
      col_var: { shape: [1, 3] },
    });
  });
});
