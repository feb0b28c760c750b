/**
 * A call of one of `autograd.functional`: its inputs made ready, its function run, and what comes back brought to their
 * form.
 */
import { describe } from '../arguments/explain.ts';
import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, ShapeError } from '../errors.ts';
import { detach } from '../ops/creation/copy.ts';
import { zerosLike } from '../ops/creation/fill.ts';
import { viewAs } from '../ops/views/shape.ts';
import { formatShape, sameShape } from '../shape.ts';
import { allocateZeroed } from '../storage.ts';
import { Tensor, wrapArray } from '../tensor.ts';
import { grad } from './backward.ts';
import { requiresGrad_ } from './hooks.ts';

/** One tensor, or several: the functions here return what has the same form. */
export type Tensors = Tensor | readonly Tensor[] | [];

/** The arguments that a function of `X` takes. */
export type Arguments<X> = X extends readonly unknown[] ? { -readonly [K in keyof X]: Tensor } : [x: Tensor];

/** A value for each tensor of `X`, in the same form. */
export type Each<X, V> = X extends readonly unknown[] ? { -readonly [K in keyof X]: V } : V;

/** Options that the functions here share. */
export interface FunctionalOptions {
  /** Record the result, so that it can be differentiated. Default: false. */
  readonly createGraph?: boolean;
  /**
   * Raise an error where a result is zero because nothing depends on an input, instead of giving zeros. Default: false.
   */
  readonly strict?: boolean;
}

type Stage = 'back' | 'back_trick' | 'double_back' | 'double_back_trick';

/** What in strict mode depends on nothing, and why that is refused. */
const dependsNot: Record<Stage, (i: number) => string> = {
  back: (i) =>
    `The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
  back_trick: (i) =>
    `The gradient with respect to the input is independent of entry ${i} in the grad_outputs when using the double ` +
    'backward trick to compute forward mode gradients. This is not allowed in strict mode.',
  double_back: (i) =>
    `The jacobian of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
  double_back_trick: (i) =>
    `The hessian of the user-provided function is independent of entry ${i} in the grad_jacobian. This is not allowed ` +
    'in strict mode as it prevents from using the double backward trick to replace forward mode AD.',
};

/** One tensor or several as a list; else the error that names the function they were given to. */
function tensorsOf(name: string, x: unknown, what: string): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(x) ? x : [x];
  const bad = list.findIndex((t) => !(t instanceof Tensor));
  if (bad < 0 && list.length > 0) return list as readonly Tensor[];
  throw new AutogradError(
    `${name}: The ${what} given to ${name} must be either a Tensor or an array of Tensors` +
      (bad < 0 ? ', not an empty array.' : ` but the value at index ${bad} is ${describe(list[bad])}.`),
  );
}

export const outputsOf = (name: string, result: unknown): readonly Tensor[] =>
  tensorsOf(name, result, 'outputs of the user-provided function');

/** A call of one of the functions here: its name, its inputs prepared for differentiation, its options. */
export class Call<X extends Tensors> {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly single: boolean;
  readonly createGraph: boolean;
  readonly strict: boolean;

  constructor(name: string, inputs: X, options: FunctionalOptions) {
    this.name = name;
    this.single = inputs instanceof Tensor;
    this.createGraph = options.createGraph ?? false;
    this.strict = options.strict ?? false;
    this.inputs = tensorsOf(name, inputs, 'inputs').map((x, i) => this.fresh(x, i));
  }

  /** An alias of an input: part of the graph under `createGraph`, else a leaf of its own. */
  fresh(x: Tensor, i: number): Tensor {
    const needsOwnLeaf = !this.createGraph || !x.requiresGrad;
    if (!isFloatingPoint(x.dtype)) {
      throw new AutogradError(
        `${this.name}: only Tensors of floating point dtype can require gradients, but input ${i} is of ${x.dtype}`,
      );
    }
    return needsOwnLeaf ? requiresGrad_(detach(x)) : viewAs(x, x);
  }

  run<O extends Tensors>(
    func: (...args: Arguments<X>) => O,
  ): { outputs: readonly Tensor[]; single: boolean } {
    const result = func(...(this.inputs as unknown as Arguments<X>));
    const outputs = outputsOf(this.name, result);
    if (this.strict) {
      const bad = outputs.findIndex((y) => !y.requiresGrad);
      if (bad >= 0) {
        throw new AutogradError(
          `${this.name}: Output ${bad} of the user-provided function does not require gradients. The outputs must be computed in a ` +
            'differentiable manner from the input when running in strict mode.',
        );
      }
    }
    return { outputs, single: result instanceof Tensor };
  }

  /**
   * The vector of a product: checked against what it is multiplied with, ones of one element where it may be left out.
   */
  vector(v: Tensors | null, others: readonly Tensor[], what: string): readonly Tensor[] {
    if (v === null) {
      const [only] = others;
      if (others.length !== 1 || only?.count !== 1) {
        throw new AutogradError(
          `${this.name}: The vector v can only be null if ` +
            `${what === 'output' ? 'the user-provided function returns' : 'the input is'} a single Tensor with a single element.`,
        );
      }
      return [oneHot(only, 0)];
    }
    const list = tensorsOf(this.name, v, 'vector v');
    if (list.length !== others.length) {
      throw new AutogradError(
        `${this.name}: v has ${list.length} tensors, but there are ${others.length} ${what}s`,
      );
    }
    list.forEach((x, i) => {
      const shape = others[i]?.shape;
      if (shape === undefined || sameShape(x.shape, shape)) return;
      throw new ShapeError(
        `${this.name}: entry ${i} of v has shape ${formatShape(x.shape)}, the ${what} ${formatShape(shape)}`,
      );
    });
    return this.createGraph ? list : list.map(detach);
  }

  /** Gradients, with zeros (or an error, where strict) for inputs that nothing depends on. */
  grads(
    outputs: readonly Tensor[],
    inputs: readonly Tensor[],
    vectors: readonly (Tensor | null)[],
    createGraph: boolean,
    stage: Stage,
  ): Tensor[] {
    const roots = outputs.map((y, i) => [y, vectors[i] ?? null] as const).filter(([y]) => y.requiresGrad);
    const found =
      roots.length === 0
        ? inputs.map(() => null)
        : grad(
            roots.map(([y]) => y),
            inputs,
            { gradOutputs: roots.map(([, v]) => v), createGraph, retainGraph: true, allowUnused: true },
          );
    return inputs.map((x, i) => {
      const g = found[i] ?? null;
      if (g === null && this.strict) throw new AutogradError(`${this.name}: ${dependsNot[stage](i)}`);
      return g ?? zerosLike(x);
    });
  }

  /** Under strict and `createGraph`, the result must itself depend on the inputs. */
  checkRecorded(results: readonly Tensor[], what: string): void {
    if (!this.strict || !this.createGraph) return;
    const bad = results.findIndex((g) => !g.requiresGrad);
    if (bad < 0) return;
    throw new AutogradError(
      `${this.name}: The ${what} of the user-provided function is independent of input ${bad}. This is not allowed in strict mode ` +
        'when createGraph is true.',
    );
  }

  /** Results in the form of the inputs or outputs, outside the graph unless it was asked for. */
  finish(results: readonly Tensor[], single: boolean): Tensors {
    const list = this.createGraph ? results : results.map((x) => (x.requiresGrad ? detach(x) : x));
    const [only] = list;
    return single && only !== undefined ? only : list;
  }
}

export function oneHot(like: Tensor, i: number): Tensor {
  const array = allocateZeroed(like.dtype, like.count);
  array[i] = 1;
  return wrapArray(array, like.shape, like.dtype);
}
