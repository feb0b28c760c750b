/** Whole runs of every optimizer of PyTorch's database against PyTorch, eager and compiled; see tools/oracle/optimiser_runs.py. */
import type { Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import type { Recorded } from '../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../core/test/oracle/signature.ts';
import { plain } from '../../core/test/oracle/tensors.ts';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import type { OptimizerStateDict } from '../src/index.ts';
import {
  half,
  loadable,
  make,
  parametersOf,
  type RecordedState,
  type Run,
  runs,
  setGradients,
  sideBySide,
  stateTensors,
  steps,
} from './support/runs.ts';

const titled = (op: Run['op']): [title: string, run: Run][] =>
  runs
    .filter((run) => run.op === op)
    .map((run) => [`${run.optimizer} ${JSON.stringify(run.options)} ${run.dtype}`, run]);

function expectAfter(run: Run, step: number, params: readonly Tensor[]): void {
  const expected = run.after[step];
  if (expected === undefined) return;
  expect(mismatch(`parameters after step ${step}`, plain(sideBySide(params)), expected)).toBeNull();
}

/** A state dict holds what PyTorch's holds: the same keys, in each the same. */
function expectSameState(actual: OptimizerStateDict, expected: RecordedState): void {
  // The recorded runs went by PyTorch's plain loop.
  const options = expected.param_groups.map((group) =>
    'foreach' in group ? { ...group, foreach: null } : group,
  );
  expect(actual.param_groups).toEqual(options);
  expect(Object.keys(actual.state)).toEqual(Object.keys(expected.state));
  for (const [number, values] of Object.entries(expected.state)) {
    const own = actual.state[Number(number)] as Record<string, Tensor>;
    expect(Object.keys(own).sort()).toEqual(Object.keys(values).sort());
    for (const [key, value] of Object.entries(values))
      expect(
        mismatch(`${key} of parameter ${number}`, plain(own[key] as Tensor), value as Recorded),
      ).toBeNull();
  }
}

describe("a run has PyTorch's numbers", () => {
  it.each(titled('plain'))('%s', (_, run) => {
    const params = parametersOf(run.start);
    const optimizer = make(run.optimizer, params, run.options);
    for (let step = 1; step <= steps; step++) {
      setGradients(params, step);
      optimizer.step();
      expectAfter(run, step, params);
      if (step === half && run.half !== undefined) expectSameState(optimizer.stateDict(), run.half);
    }
  });
});

describe("a run goes on from PyTorch's state in the middle", () => {
  it.each(titled('plain'))('%s', (_, run) => {
    const params = parametersOf(run.after[half] as Recorded);
    const optimizer = make(run.optimizer, params);
    optimizer.loadStateDict(loadable(run.half as RecordedState));
    for (let step = half + 1; step <= steps; step++) {
      setGradients(params, step);
      optimizer.step();
      expectAfter(run, step, params);
    }
  });
});

describe('zero, missing, NaN and infinite gradients do as in PyTorch', () => {
  it.each(titled('odd'))('%s', (_, run) => {
    const params = parametersOf(run.start);
    const optimizer = make(run.optimizer, params, run.options);
    for (let step = 1; step <= 12; step++) {
      setGradients(params, step, true);
      optimizer.step();
      expectAfter(run, step, params);
    }
  });
});

describe('groups have options of their own, and come when they may', () => {
  it.each(titled('groups'))('%s', (_, run) => {
    const params = parametersOf(run.start);
    const optimizer = make(run.optimizer, [{ params: params.slice(0, 2) }], run.options);
    for (let step = 1; step <= 20; step++) {
      if (step === 4)
        optimizer.addParamGroup({
          params: params[2],
          ...optionsOf(Object.entries(run.second ?? {})),
        } as never);
      setGradients(params.slice(0, step < 4 ? 2 : 3), step);
      optimizer.step();
      expectAfter(run, step, params);
    }
    expectSameState(optimizer.stateDict(), run.end as RecordedState);
  });
});

/** A step whose gradients come from a loss, as they do in a compiled one: the products of parameters and what is given. */
function lossWorld(run: Run): World {
  const params = parametersOf(run.start);
  const optimizer = make(run.optimizer, params, run.options);
  return {
    call: (given: readonly (Tensor | null)[]) => {
      optimizer.zeroGrad();
      for (const [k, p] of params.entries()) given[k]?.mul(p).sum().backward();
      optimizer.step();
    },
    argumentsOf: (i) => {
      const made = parametersOf(run.start);
      setGradients(made, i + 1, run.op === 'odd');
      return [made.map((p) => p.grad)];
    },
    state: () => [...params, ...stateTensors(optimizer)],
  };
}

describe('a compiled step leaves the bits of an eager one', () => {
  it.each([...titled('plain'), ...titled('odd')])('%s', (_, run) => {
    const { programs } = expectSameBits(() => lossWorld(run), 12);
    expect(programs.length).toBeGreaterThan(0);
  });
});
