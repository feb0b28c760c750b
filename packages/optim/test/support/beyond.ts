/** Runs of optimizers that are no expression of single elements, as tools/oracle/optimisers_beyond.py has them. */
import type { Tensor } from '@kindling/core';
import { type Recorded, readFixture } from '../../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../../core/test/oracle/signature.ts';
import { cotangent } from '../../../core/test/oracle/tensors.ts';
import * as optim from '../../src/index.ts';
import { make, type Options, type RecordedState } from './runs.ts';

/** A run whose gradients are a hash of step and position, and half the parameter. */
export interface BeyondRun {
  readonly op: 'run' | 'odd';
  readonly optimizer: string;
  readonly options: Options;
  readonly dtype: 'float32' | 'float64';
  readonly shapes: readonly (readonly number[])[];
  readonly start: Recorded;
  /** All parameters side by side, by the number of the step. */
  readonly after: Readonly<Record<string, Recorded>>;
  /** How far PyTorch's runs from starts some ulps beside come to lie from it, where that is not a matter of ulps. */
  readonly far?: Readonly<Record<string, readonly number[]>>;
  readonly half?: RecordedState;
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
    .map((run) => [`${run.optimizer} ${JSON.stringify(run.options)} ${run.dtype}`, run]);

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

/** Sets the gradients of a step. */
export function pull(params: readonly Tensor[], step: number): void {
  for (const [k, p] of params.entries()) p.grad = push(p, step, k, params.length).add(p.detach().div(2));
}

/** Those of an odd run: zeros at first, then one that is missing, NaN, and infinity. */
export function pullOddly(params: readonly Tensor[], step: number): void {
  pull(params, step);
  const set = (p: Tensor | undefined, value: number): void => {
    if (p?.grad) p.grad.data[0] = value;
  };
  if (step <= 2) for (const p of params) p.grad?.zero_();
  const [, second] = params;
  if (step === 3 && second !== undefined) second.grad = null;
  if (step === 5) set(params[0], Number.NaN);
  if (step === 6) set(params.at(-1), Number.POSITIVE_INFINITY);
}

/** One step of a run. */
export function stepOf(optimizer: Steps, name: string, params: readonly Tensor[], step: number): void {
  if (name === 'SAM')
    optimizer.step(() => {
      pull(params, step);
      return params[0] as Tensor;
    });
  else {
    pull(params, step);
    optimizer.step();
  }
}
