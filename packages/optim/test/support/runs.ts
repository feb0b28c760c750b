/** Runs of optimizers whose gradients are a hash of step and position, as tools/oracle/optimiser_runs.py has them. */
import { noGrad, parametersToVector, Tensor } from '@kindling/core';
import { type Recorded, readFixture } from '../../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../../core/test/oracle/signature.ts';
import { cotangent, toTensor } from '../../../core/test/oracle/tensors.ts';
import * as optim from '../../src/index.ts';

export type Options = Readonly<Record<string, unknown>>;

/** PyTorch's state dict, its tensors recorded. */
export interface RecordedState {
  readonly state: Readonly<Record<string, Readonly<Record<string, Recorded | null>>>>;
  readonly param_groups: readonly Options[];
}

export interface Run {
  readonly op: 'plain' | 'odd' | 'groups';
  readonly optimizer: string;
  readonly options: Options;
  readonly second?: Options;
  readonly dtype: 'float32' | 'float64';
  readonly start: Recorded;
  /** All parameters side by side, by the number of the step. */
  readonly after: Readonly<Record<string, Recorded>>;
  readonly half?: RecordedState;
  readonly end?: RecordedState;
}

export const runs = readFixture<Run>(new URL('../fixtures/runs', import.meta.url)).entries;
export const steps = 100;
export const half = 50;

type Maker = new (params: unknown, options?: unknown) => optim.Optimizer;

/** An optimizer by its name, with options under PyTorch's names. */
export const make = (name: string, params: unknown, options: Options = {}): optim.Optimizer =>
  new (optim as unknown as Record<string, Maker>)[name]!(params, optionsOf(Object.entries(options)));

/** Of most runs. */
const shapes: readonly (readonly number[])[] = [[3, 2], [4], []];

/** Parameters of these shapes, cut from the recorded numbers. */
export function parametersOf(recorded: Recorded, of: readonly (readonly number[])[] = shapes): Tensor[] {
  const flat = toTensor(recorded);
  let at = 0;
  return of.map((shape) => {
    const count = shape.reduce((n, size) => n * size, 1);
    at += count;
    return flat
      .narrow(0, at - count, count)
      .reshape([...shape])
      .detach()
      .clone()
      .requiresGrad_();
  });
}

/** The gradient of the k-th parameter in a step, counted from 1. */
export const gradient = (p: Tensor, step: number, k: number): Tensor =>
  cotangent(p, shapes.length * step + k);

/** Sets the gradients of a step; in odd runs zeros at first, then one that is missing, NaN, and infinity. */
export function setGradients(params: readonly Tensor[], step: number, odd = false): void {
  for (const [k, p] of params.entries()) {
    const g = gradient(p, step, k);
    p.grad = odd && step <= 2 ? g.zero_() : g;
  }
  if (!odd) return;
  const [first, second] = params as [Tensor, Tensor, Tensor];
  if (step === 3) second.grad = null;
  const data = first.grad?.data as Float64Array;
  if (step === 5) data[0] = Number.NaN;
  if (step === 6) data[1] = Number.POSITIVE_INFINITY;
}

/** All parameters side by side, as the fixtures record them. */
export const sideBySide = (params: readonly Tensor[]): Tensor =>
  noGrad(() => parametersToVector(params).clone());

/** A recorded state dict with tensors, to be loaded. */
export function loadable({ state, param_groups }: RecordedState): optim.OptimizerStateDict {
  const read = Object.entries(state).map(([number, values]) => [
    number,
    Object.fromEntries(Object.entries(values).map(([key, x]) => [key, x === null ? null : toTensor(x)])),
  ]);
  return { state: Object.fromEntries(read), param_groups } as unknown as optim.OptimizerStateDict;
}

/** Tensors of all states, in order. */
export const stateTensors = (optimizer: optim.Optimizer): Tensor[] =>
  [...optimizer.state.values()]
    .flatMap((state) => Object.values(state))
    .filter((x): x is Tensor => x instanceof Tensor);
