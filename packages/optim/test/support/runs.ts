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

/** What is recorded of a run, whatever is done in it. */
interface AnyRun {
  readonly options: Options;
  readonly dtype: 'float32' | 'float64';
  readonly start: Recorded;
  /** All parameters side by side after each step, one row a step. */
  readonly after: Recorded;
}

/** That of parameters of shapes of its own. */
export interface ShapedRun extends AnyRun {
  readonly shapes: readonly (readonly number[])[];
  /** How far PyTorch's runs from starts some ulps beside come to lie from it, where that is not a matter of ulps. */
  readonly far?: Recorded;
}

export interface Run extends AnyRun {
  readonly op: 'plain' | 'odd' | 'hooked' | 'groups';
  readonly optimizer: string;
  readonly second?: Options;
  /** The state dict in the middle. */
  readonly half?: RecordedState;
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

/** The gradients of a step; in odd runs zeros at first, then now and then one that is missing, or all, NaN, and infinity. */
export function gradientsOf(params: readonly Tensor[], step: number, odd = false): (Tensor | null)[] {
  const given: (Tensor | null)[] = params.map((p, k) => gradient(p, step, k));
  if (!odd) return given;
  if (step <= 2) for (const g of given) g?.zero_();
  if (step % 10 === 3) given[1] = null;
  const data = given[0]?.data as Float64Array;
  if (step === 5) data[0] = Number.NaN;
  if (step === 6) data[1] = Number.POSITIVE_INFINITY;
  return step % 10 === 7 ? given.map(() => null) : given;
}

export function setGradients(params: readonly Tensor[], step: number, odd = false): void {
  for (const [k, g] of gradientsOf(params, step, odd).entries()) (params[k] as Tensor).grad = g;
}

/** A run made step by step. */
export class Course {
  readonly run: Run;
  readonly params: Tensor[];
  readonly optimizer: optim.Optimizer;

  constructor(run: Run) {
    this.run = run;
    this.params = parametersOf(run.start);
    const given = run.op === 'groups' ? [{ params: this.params.slice(0, 2) }] : this.params;
    this.optimizer = make(run.optimizer, given, run.options);
    if (run.op !== 'hooked') return;
    this.optimizer.registerStepPreHook(() => this.#each((p) => p.mul_(0.9375)));
    this.optimizer.registerStepPostHook(() => this.#each((p) => p.clamp_({ min: -2, max: 2 })));
  }

  #each(change: (p: Tensor) => unknown): void {
    noGrad(() => {
      for (const p of this.params) change(p);
    });
  }

  /** The gradients of a step, or their parts that are given; before it a group may come. */
  gradientsOf(step: number): (Tensor | null)[] {
    const { op, second = {} } = this.run;
    const { params } = this;
    if (op === 'groups' && step === 4)
      this.optimizer.addParamGroup({ params: params[2], ...optionsOf(Object.entries(second)) } as never);
    const present = op === 'groups' && step < 4 ? params.slice(0, 2) : params;
    return gradientsOf(present, step, op === 'odd');
  }

  /** The step of a hooked run, whose closure has the gradients given and a quarter of each parameter. */
  stepWithClosure(given: readonly (Tensor | null)[]): Tensor {
    return this.optimizer.step(() => {
      this.optimizer.zeroGrad();
      const terms = this.params.map((p, k) =>
        p
          .div(8)
          .add(given[k] as Tensor)
          .mul(p)
          .sum(),
      );
      const loss = terms.reduce((sum, term) => sum.add(term));
      loss.backward();
      return loss;
    });
  }

  step(step: number): void {
    const given = this.gradientsOf(step);
    if (this.run.op === 'hooked') this.stepWithClosure(given);
    else {
      for (const [k, g] of given.entries()) (this.params[k] as Tensor).grad = g;
      this.optimizer.step();
    }
  }
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
