/**
 * Whole runs of Adafactor and Muon against PyTorch, and of Lamb and SAM against their papers, eager and compiled; see
 * tools/oracle/optimisers_beyond.py.
 */
import { type Tensor, tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import type { Recorded } from '../../core/test/oracle/fixture.ts';
import { plain } from '../../core/test/oracle/tensors.ts';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';
import {
  type BeyondRun,
  beyondRuns,
  cut,
  entries,
  type MixedRun,
  makeBeyond,
  pullOddly,
  push,
  stepOf,
} from './support/beyond.ts';
import { half, loadable, type RecordedState, sideBySide, stateTensors, steps } from './support/runs.ts';

/** Where float32 is rounded otherwise than in PyTorch, the last of bfloat16's 8 bits of Muon's direction may be another. */
const factorOf = ({ optimizer, dtype }: BeyondRun): number => (optimizer === 'Muon' && dtype === 'float32' ? 8 : 1);

function expectAfter(run: BeyondRun, step: number, params: readonly Tensor[]): void {
  const expected = run.after[step];
  if (expected === undefined) return;
  const factor = factorOf(run);
  const found = mismatch(`parameters after step ${step}`, plain(sideBySide(params)), expected, { factor });
  expect(found).toBeNull();
}

/** The same state under the same keys. */
function expectState(actual: optim.OptimizerStateDict, expected: RecordedState, factor: number): void {
  expect(Object.keys(actual.state)).toEqual(Object.keys(expected.state));
  for (const [number, values] of Object.entries(expected.state)) {
    const own = actual.state[Number(number)] as Record<string, Tensor>;
    expect(Object.keys(own).sort()).toEqual(Object.keys(values).sort());
    for (const [key, value] of Object.entries(values)) {
      const x = plain(own[key] as Tensor);
      expect(mismatch(`${key} of parameter ${number}`, x, value as Recorded, { factor })).toBeNull();
    }
  }
}

describe('a run has the numbers of PyTorch, or of the paper', () => {
  it.each(beyondRuns('run'))('%s', (_, run) => {
    const params = cut(run.start, run.shapes);
    const optimizer = makeBeyond(run.optimizer, params, run.options);
    for (let step = 1; step <= steps; step++) {
      stepOf(optimizer, run.optimizer, params, step);
      expectAfter(run, step, params);
      if (step === half && run.half !== undefined) expectState(optimizer.base.stateDict(), run.half, factorOf(run));
    }
  });
});

describe("a run goes on from PyTorch's state in the middle", () => {
  it.each(beyondRuns('run'))('%s', (_, run) => {
    const params = cut(run.after[half] as Recorded, run.shapes);
    const optimizer = makeBeyond(run.optimizer, params, run.optimizer === 'SAM' ? run.options : {});
    optimizer.base.loadStateDict(loadable(run.half as RecordedState));
    for (let step = half + 1; step <= steps; step++) {
      stepOf(optimizer, run.optimizer, params, step);
      expectAfter(run, step, params);
    }
  });
});

describe('zero, missing, NaN and infinite gradients do as in PyTorch', () => {
  it.each(beyondRuns('odd'))('%s', (_, run) => {
    const params = cut(run.start, run.shapes);
    const optimizer = makeBeyond(run.optimizer, params, run.options);
    for (let step = 1; step <= 8; step++) {
      pullOddly(params, step);
      optimizer.step();
      expectAfter(run, step, params);
    }
  });
});

/** The gradients of a run by a loss: given * p + p² / 4. */
function worldOf(run: BeyondRun): World {
  const params = cut(run.start, run.shapes);
  const optimizer = makeBeyond(run.optimizer, params, run.options);
  return {
    call: (given: readonly Tensor[]) => {
      const loss = (): Tensor => {
        optimizer.zeroGrad();
        let sum: Tensor = zeros([], { dtype: run.dtype });
        for (const [k, p] of params.entries())
          sum = sum.add(
            p
              .mul(given[k] as Tensor)
              .add(p.square().div(4))
              .sum(),
          );
        sum.backward();
        return sum;
      };
      if (run.optimizer === 'SAM') return optimizer.step(loss);
      loss();
      return optimizer.step();
    },
    argumentsOf: (i) => [params.map((p, k) => push(p, i + 1, k, params.length))],
    state: () => [...params, ...params.map((p) => p.grad), ...stateTensors(optimizer.base)],
  };
}

describe('a compiled step leaves the bits of an eager one', () => {
  it.each(beyondRuns('run'))('%s', (_, run) => {
    const { programs } = expectSameBits(() => worldOf(run), 8);
    expect(programs.length).toBe(1);
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
});
