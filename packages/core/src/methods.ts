import { type BackwardOptions, backward as runBackward } from './autograd/engine.ts';
import {
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  retainsGrad,
  setRequiresGrad,
} from './autograd/hooks.ts';
import type { TypedArray } from './dtype.ts';
import { IndexError } from './errors.ts';
import { contents } from './methods/contents.ts';
import { elementwise } from './methods/elementwise.ts';
import { type ReductionOverloads, reductions } from './methods/reductions.ts';
import { structure, variadic } from './methods/structure.ts';
import * as V from './ops/creation/convert.ts';
import type { Sizes } from './ops/views/layout.ts';
import { select } from './ops/views/parts.ts';
import { adjoint, matrixTranspose, reverseDims } from './ops/views/shape.ts';
import { valuesOf } from './record/values.ts';
import { Tensor } from './tensor.ts';

/** A function of a tensor as that tensor's method. */
type Method<F> = F extends (x: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;
type MethodsOf<T> = { [K in keyof T]: Method<T[K]> };

/** Adds up gradients into the leaves that x was computed from. Follows `Tensor.backward`. */
function backward(x: Tensor, options: BackwardOptions = {}): void {
  runBackward(x, options.gradient ?? null, options);
}

/** Every operation that is also a method: the tensor is its first argument. */
const table = {
  ...elementwise,
  ...structure,
  ...contents,
  ...reductions,
  backward,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  requiresGrad_: setRequiresGrad,
};

/** The methods that overloads or type parameters keep out of the table's types. */
interface SpecialMethods {
  reshape(...sizes: Sizes): Tensor;
  view(...sizes: Sizes): Tensor;
  expand(...sizes: Sizes): Tensor;
  permute(...dims: Sizes): Tensor;
  flip(...dims: Sizes): Tensor;
  repeat(...repeats: Sizes): Tensor;
  tile(...dims: Sizes): Tensor;
  nonzero(options: { asTuple: true }): Tensor[];
  nonzero(options?: { asTuple?: false }): Tensor;
  size(): readonly number[];
  size(dim: number): number;
  stride(): readonly number[];
  stride(dim: number): number;
  toArray<T = V.NestedNumbers>(): T;
  tolist<T = V.NestedNumbers>(): T;
}

interface Properties {
  /**
   * The elements in row-major order as a typed array (`bool` and `uint8`: a Uint8Array).
   *
   * Of a contiguous tensor this is its memory itself: writing to it changes the tensor behind autograd's back.
   * Of any other view it is a copy.
   */
  readonly data: TypedArray;
  /** The dimensions in reverse order. */
  readonly T: Tensor;
  /** The last two dimensions swapped. */
  readonly mT: Tensor;
  /** The transpose of a matrix; conjugating changes no real number. */
  readonly H: Tensor;
  /** {@link mT}; conjugating changes no real number. */
  readonly mH: Tensor;
  /** Whether `retainGrad` was called. */
  readonly retainsGrad: boolean;
  toString(): string;
  /** As a number the value of a tensor of one element, an error for any other; else the printed form. */
  [Symbol.toPrimitive](hint: string): string | number;
  /** Walks the first dimension. */
  [Symbol.iterator](): Generator<Tensor>;
}

export interface TensorMethods
  extends Omit<MethodsOf<typeof table>, keyof SpecialMethods | keyof ReductionOverloads>,
    SpecialMethods,
    ReductionOverloads,
    Properties {}

type AnyMethod = (x: Tensor, ...args: unknown[]) => unknown;

/** Fixed parameters: a rest parameter would allocate an array at each call. */
function asMethod(f: AnyMethod): PropertyDescriptor {
  const value =
    f.length > 3 || hasRest(f)
      ? function (this: Tensor, ...args: unknown[]) {
          return f(this, ...args);
        }
      : function (this: Tensor, a?: unknown, b?: unknown, c?: unknown) {
          return f(this, a, b, c);
        };
  return { configurable: true, writable: true, value };
}

const hasRest = (f: unknown): boolean => variadic.has(f);

for (const [name, f] of Object.entries(table)) {
  Object.defineProperty(Tensor.prototype, name, asMethod(f as AnyMethod));
}

const getter = (get: (x: Tensor) => unknown): PropertyDescriptor => ({
  configurable: true,
  get(this: Tensor) {
    return get(this);
  },
});

const method = (value: (this: Tensor) => unknown): PropertyDescriptor => ({
  configurable: true,
  writable: true,
  value,
});

Object.defineProperties(Tensor.prototype, {
  data: getter((x) => valuesOf(x, 'data')),
  T: getter(reverseDims),
  retainsGrad: getter(retainsGrad),
  mT: getter(matrixTranspose),
  H: getter(adjoint),
  mH: getter(matrixTranspose),
  toString: method(function () {
    return V.toString(this);
  }),
  [Symbol.toPrimitive]: {
    configurable: true,
    writable: true,
    value(this: Tensor, hint: string) {
      return hint === 'number' ? V.toNumber(this) : this.toString();
    },
  },
  [Symbol.for('nodejs.util.inspect.custom')]: method(function () {
    return this.toString();
  }),
  [Symbol.iterator]: method(function* () {
    if (this.ndim === 0) throw new IndexError('iteration over a 0-d tensor');
    for (let i = 0; i < this.shape[0]!; i++) yield select(this, 0, i);
  }),
});
