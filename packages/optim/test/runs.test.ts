/** Whole runs of every optimizer of PyTorch's database against PyTorch, eager and compiled; see tools/oracle/optimiser_runs.py. */
import type { Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import type { Recorded } from '../../core/test/oracle/fixture.ts';
import { plain } from '../../core/test/oracle/tensors.ts';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import type { OptimizerStateDict } from '../src/index.ts';
import { expectAfter, rowOf } from './support/after.ts';
import {
  Course,
  half,
  loadable,
  make,
  parametersOf,
  type RecordedState,
  type Run,
  runs,
  setGradients,
  stateTensors,
  steps,
} from './support/runs.ts';

const titled = (...ops: Run['op'][]): [title: string, run: Run][] =>
  runs
    .filter(({ op }) => ops.includes(op))
    .map((run) => [`${run.op} ${run.optimizer} ${JSON.stringify(run.options)} ${run.dtype}`, run]);

/** A state dict holds what PyTorch's holds: the same keys in the same order, in each the same. */
function expectSameState(actual: OptimizerStateDict, expected: RecordedState): void {
  // The recorded runs went by PyTorch's plain loop.
  const options = expected.param_groups.map((group) =>
    'foreach' in group ? { ...group, foreach: null } : group,
  );
  expect(actual.param_groups).toEqual(options);
  expect(actual.param_groups.map(Object.keys)).toEqual(options.map(Object.keys));
  expect(Object.keys(actual.state)).toEqual(Object.keys(expected.state));
  for (const [number, values] of Object.entries(expected.state)) {
    const own = actual.state[Number(number)] as Record<string, Tensor>;
    expect(Object.keys(own)).toEqual(Object.keys(values));
    for (const [key, value] of Object.entries(values))
      expect(
        mismatch(`${key} of parameter ${number}`, plain(own[key] as Tensor), value as Recorded),
      ).toBeNull();
  }
}

describe("a run has PyTorch's numbers after each step", () => {
  it.each(titled('plain', 'odd', 'hooked', 'groups'))('%s', (_, run) => {
    const course = new Course(run);
    for (let step = 1; step <= steps; step++) {
      course.step(step);
      expectAfter(run, step, course.params);
      if (step === half && run.half !== undefined) expectSameState(course.optimizer.stateDict(), run.half);
    }
  });
});

describe("a run goes on from PyTorch's state in the middle", () => {
  it.each(titled('plain', 'groups'))('%s', (_, run) => {
    const params = parametersOf(rowOf(run.after, half));
    const groups = [{ params: params.slice(0, 2) }, { params: params.slice(2) }];
    const optimizer = make(run.optimizer, run.op === 'groups' ? groups : params);
    optimizer.loadStateDict(loadable(run.half as RecordedState));
    for (let step = half + 1; step <= steps; step++) {
      setGradients(params, step);
      optimizer.step();
      expectAfter(run, step, params);
    }
  });
});

/** A step whose gradients come from a loss, as they do in a compiled one: the products of parameters and what is given. */
function lossWorld(run: Run): World {
  const course = new Course(run);
  const { params, optimizer } = course;
  return {
    call: (given: readonly (Tensor | null)[]) => {
      if (run.op === 'hooked') return course.stepWithClosure(given).detach();
      optimizer.zeroGrad();
      for (const [k, p] of params.entries()) given[k]?.mul(p).sum().backward();
      return optimizer.step();
    },
    argumentsOf: (i) => [course.gradientsOf(i + 1)],
    state: () => [...params, ...stateTensors(optimizer)],
  };
}

describe('a compiled step leaves the bits of an eager one, in each of the steps', () => {
  it.each(titled('plain', 'odd', 'hooked', 'groups'))('%s', (_, run) => {
    const { programs } = expectSameBits(() => lossWorld(run), steps);
    expect(programs.length).toBeGreaterThan(0);
  });
});
