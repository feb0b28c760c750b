/** Runs of optimizers that are no expression of single elements, as tools/oracle/optimisers_beyond.py has them. */
import type { Tensor } from '@kindling/core';
import { type Recorded, readFixture } from '../../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../../core/test/oracle/signature.ts';
import { cotangent } from '../../../core/test/oracle/tensors.ts';
import * as optim from '../../src/index.ts';
import { make, type Options, type RecordedState, type ShapedRun } from './runs.ts';

/** A run whose gradients are a hash of step and position, and half the parameter. */
export interface BeyondRun extends ShapedRun {
  readonly op: 'run' | 'odd';
  readonly optimizer: string;
  readonly half: RecordedState;
}

/** Parameters of two dtypes, three steps on. */
export interface MixedRun {
  readonly op: 'mixed';
  readonly optimizer: string;
  readonly after: readonly Recorded[];
}

export const entries = readFixture<BeyondRun | MixedRun>(
  new URL('../fixtures/beyond', import.meta.url),
).entries;

export const beyondRuns = (op: BeyondRun['op']): [title: string, run: BeyondRun][] =>
  entries
    .filter((entry): entry is BeyondRun => entry.op === op)
    .map((run) => [`${op} ${run.optimizer} ${JSON.stringify(run.options)} ${run.dtype}`, run]);

/** What both an optimizer and SAM are. */
export interface Steps {
  step(closure?: () => Tensor): unknown;
  zeroGrad(): void;
}

/** The optimizer of a run, and the one that keeps the state: SAM's is the one within. */
export function makeBeyond(
  name: string,
  params: readonly Tensor[],
  options: Options = {},
): Steps & { base: optim.Optimizer } {
  if (name !== 'SAM') {
    const optimizer = make(name, params, options);
    return Object.assign(optimizer, { base: optimizer });
  }
  const { base, rho, adaptive, ...rest } = options;
  const own = optionsOf(Object.entries({ rho, adaptive }));
  return new optim.SAM(make(base as string, params, rest), own) as never;
}

/** What is added to half of the k-th of n parameters in the gradient of a step, counted from 1. */
export const push = (p: Tensor, step: number, k: number, n: number): Tensor => cotangent(p, n * step + k);

/** What is given of the gradients of a step; in an odd run zeros at first, then one that is missing, or all, NaN, and infinity. */
export function pushes(params: readonly Tensor[], step: number, odd: boolean): (Tensor | null)[] {
  const given = params.map((p, k) => push(p, step, k, params.length));
  if (!odd) return given;
  const set = (g: Tensor | undefined, value: number): void => {
    if (g !== undefined) g.data[0] = value;
  };
  if (step === 5) set(given[0], Number.NaN);
  if (step === 6) set(given.at(-1), Number.POSITIVE_INFINITY);
  if (step % 10 === 7) return given.map(() => null);
  return step % 10 === 3 ? given.map((g, k) => (k === 1 ? null : g)) : given;
}

/** Sets the gradients of a step. */
function pull(params: readonly Tensor[], step: number, odd: boolean): void {
  for (const [k, g] of pushes(params, step, odd).entries()) {
    const p = params[k] as Tensor;
    p.grad = g && g.add(p.detach().div(2));
    if (odd && step <= 2) p.grad?.zero_();
  }
}

/** One step of a run. */
export function stepOf(optimizer: Steps, run: BeyondRun, params: readonly Tensor[], step: number): void {
  const isOdd = run.op === 'odd';
  if (run.optimizer === 'SAM')
    optimizer.step(() => {
      pull(params, step, isOdd);
      return params[0] as Tensor;
    });
  else {
    pull(params, step, isOdd);
    optimizer.step();
  }
}
