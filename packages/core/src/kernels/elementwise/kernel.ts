import type { DType } from '../../dtype.ts';
import { KindlingError } from '../../errors.ts';
import {
  compileKernel,
  compilePlaced,
  type KernelFunction,
  type KernelSpec,
  type Mode,
  type PlacedFunction,
} from '../compile/index.ts';
import { inputsOf, paramCountOf } from '../expression/differentiate.ts';
import { type Expr, input, type Lane, param } from '../expression/index.ts';
import { staysInInt32 } from '../expression/ranges.ts';
import type { Strided } from '../strided/index.ts';
import { dense, readings } from '../strided/layouts.ts';
import { firstShared, SharedVariant } from './shared.ts';
import { ensureSlots, maxParams, paramsBase, slotBase } from './slots.ts';

/** What is scattered is copied in element by element, and then dense. */
const modeOf = (layout: number | undefined): Mode => readings[layout ?? dense] ?? 'dense';

/** Keys of compiled variants are exact integers up to here. */
export const maxInputs = 9;

export const laneCode = (lane: Lane): number => (lane === 'f32' ? 0 : lane === 'f64' ? 1 : 2);

export function dtypeCode(dtype: DType): number {
  switch (dtype) {
    case 'float32':
      return 0;
    case 'float64':
      return 1;
    case 'int32':
      return 2;
    case 'uint8':
      return 3;
    default:
      return 4;
  }
}

/** Nodes are immutable, so all kernels share these. */
const inputNodes = Array.from({ length: maxInputs }, (_, i) => input(i));
const paramNodes = Array.from({ length: maxParams }, (_, i) => param(i));

/** Builds the expression, or the expressions of several results, from the operands and then the parameters. */
type BuildExpression = (...x: Expr[]) => Expr | Expr[];

/**
 * An elementwise operation, declared as a scalar expression and compiled when it first meets a lane and a combination
 * of operand layouts and dtypes.
 *
 *     const axpy = new ElementwiseKernel('axpy', 2, (x, y, a) => add(mul(a, x), y));
 *     runElementwise(axpy, 'f32', [x, y], [0.5], out);
 */
export class ElementwiseKernel {
  readonly name: string;
  readonly arity: number;
  readonly #build: BuildExpression;
  #expressions: readonly Expr[] | undefined;
  #paramCount = -1;
  #reads: ReadonlySet<number> | undefined;
  #staysInInt32: boolean | undefined;
  readonly #variants = new Map<number, KernelFunction>();
  readonly #shared = new Map<number, SharedVariant>();
  readonly #placed = new Map<DType, PlacedFunction>();
  #lastKey = -1;
  #last: KernelFunction | undefined;

  constructor(name: string, arity: number, build: BuildExpression) {
    this.name = name;
    this.arity = arity;
    this.#build = build;
  }

  /** The results' expressions over `input(i)` and `param(i)`. */
  get expressions(): readonly Expr[] {
    if (this.#expressions === undefined) {
      const built = this.#build(...inputNodes.slice(0, this.arity), ...paramNodes);
      this.#expressions = Array.isArray(built) ? built : [built];
    }
    return this.#expressions;
  }

  /** The expression of the first result. */
  get expression(): Expr {
    return this.expressions[0]!;
  }

  /** How many parameters a call must give. */
  get paramCount(): number {
    if (this.#paramCount < 0) this.#paramCount = paramCountOf(this.expressions);
    return this.#paramCount;
  }

  /** Whether its numbers fit int32 wherever those do that it is given. */
  get staysInInt32(): boolean {
    return (this.#staysInInt32 ??= this.expressions.every(staysInInt32));
  }

  /** The operands that the expressions read: of a target that is only written to nothing has to be brought. */
  get reads(): ReadonlySet<number> {
    return (this.#reads ??= inputsOf(...this.expressions));
  }

  /** @internal The compiled form for a key that {@link runElementwise} made of lane, layouts and dtypes. */
  variant(
    key: number,
    lane: Lane,
    inputs: readonly Strided[],
    layouts: Uint8Array,
    outs: readonly Strided[],
  ): KernelFunction {
    if (key === this.#lastKey) return this.#last!;
    let variant = this.#variants.get(key);
    if (variant === undefined) {
      variant = this.#compile(lane, inputs, layouts, outs);
      this.#variants.set(key, variant);
    }
    this.#lastKey = key;
    this.#last = variant;
    return variant;
  }

  /** @internal The form for several threads, which is compiled when it is first run. */
  shared(
    key: number,
    lane: Lane,
    inputs: readonly Strided[],
    layouts: Uint8Array,
    outs: readonly Strided[],
  ): SharedVariant {
    let variant = this.#shared.get(key);
    if (variant === undefined) {
      variant = new SharedVariant(this.#spec(lane, inputs, layouts, outs, firstShared));
      this.#shared.set(key, variant);
    }
    return variant;
  }

  /** @internal The form for dense operands and results of one float dtype that lie where each call says. */
  placed(dtype: 'float32' | 'float64'): PlacedFunction {
    let variant = this.#placed.get(dtype);
    if (variant === undefined) {
      const { name, expressions, arity } = this;
      const at = { stored: dtype, base: 0 } as const;
      variant = compilePlaced({
        name,
        lane: dtype === 'float64' ? 'f64' : 'f32',
        params: paramsBase,
        inputs: Array.from({ length: arity }, () => ({ ...at, mode: 'dense' as const })),
        outputs: expressions.map((expression) => ({ ...at, expression })),
      });
      this.#placed.set(dtype, variant);
    }
    return variant;
  }

  #compile(
    lane: Lane,
    inputs: readonly Strided[],
    layouts: Uint8Array,
    outs: readonly Strided[],
  ): KernelFunction {
    ensureSlots(inputs.length + outs.length);
    return compileKernel(this.#spec(lane, inputs, layouts, outs, 0));
  }

  /** Results and then operands lie in slots from `first` on. */
  #spec(
    lane: Lane,
    inputs: readonly Strided[],
    layouts: Uint8Array,
    outs: readonly Strided[],
    first: number,
  ): KernelSpec {
    const { name, expressions } = this;
    if (outs.length !== expressions.length) {
      throw new KindlingError(`${name}: got ${outs.length} results to fill, computes ${expressions.length}`);
    }
    return {
      name,
      lane,
      params: paramsBase,
      inputs: inputs.map((x, i) => ({
        stored: x.dtype,
        mode: modeOf(layouts[i]),
        base: slotBase(first + outs.length + i),
      })),
      outputs: expressions.map((expression, i) => ({
        expression,
        stored: isNarrowed(lane, outs[i]!) ? 'float64' : outs[i]!.dtype,
        base: slotBase(first + i),
      })),
    };
  }
}

/** Integers come out of float lanes as float64 numbers, and are checked as they become int32. */
export const isNarrowed = (lane: Lane, out: Strided): boolean => lane === 'f64' && out.dtype === 'int32';
