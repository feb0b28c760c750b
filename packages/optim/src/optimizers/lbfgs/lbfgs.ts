import {
  cat,
  checkArguments,
  compileApart,
  K,
  noGrad,
  Tensor,
  ValueError,
  withoutUndefined,
  zeros,
} from '@kindling/core';
import { evaluateNeeded } from '../../base/closure.ts';
import type { ParamGroup, Params } from '../../base/groups.ts';
import { Optimizer } from '../../base/optimizer.ts';
import { type Rate, rate, rateNumber } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import type { Update } from '../../base/update.ts';
import {
  absoluteSum,
  type Direction,
  directionOf,
  dot,
  isWithin,
  largest,
  move,
  numberIn,
  remember,
  withParts,
} from './direction.ts';
import { type Course, type Memory, readMemory } from './memory.ts';
import { type Arithmetic, arithmeticOf, python, type Scalar } from './scalars.ts';
import { type Place, strongWolfe } from './strong-wolfe.ts';

/** Options of {@link LBFGS}. */
export interface LBFGSOptions {
  /** How far along a direction: all the way without a line search, at first with one. Default: 1. */
  lr?: Rate;
  /** The most iterations in one step. Default: 20. */
  maxIter?: number;
  /** The most evaluations of the closure in one step, null for 5/4 of `maxIter`. Default: null. */
  maxEval?: number | null;
  /** No element of the gradient is greater: the end. Default: 1e-7. */
  toleranceGrad?: number;
  /** No parameter changes by more, or the loss by less: the end. Default: 1e-9. */
  toleranceChange?: number;
  /** How many changes are remembered. Default: 100. */
  historySize?: number;
  /** The line search. Default: null, for none. */
  lineSearchFn?: 'strong_wolfe' | null;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

const defaults: Required<LBFGSOptions> = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
  maximize: false,
};
const kinds: K.Kinds<LBFGSOptions> = {
  lr: rate,
  maxIter: K.count,
  maxEval: /* @__PURE__ */ K.nullable(K.count),
  toleranceGrad: K.finite,
  toleranceChange: K.finite,
  historySize: K.positiveCount,
  lineSearchFn: /* @__PURE__ */ K.nullable(/* @__PURE__ */ K.oneOf('strong_wolfe')),
  maximize: K.flag,
};
const takes = { params: K.anything, options: /* @__PURE__ */ K.options<LBFGSOptions>(kinds) };

/** The numbers of a step, as the dtype of its gradient holds them. */
const arithmeticFor = ({ dtype }: Tensor): Arithmetic =>
  arithmeticOf(dtype === 'float32' ? Math.fround : (x) => x);

const evaluationsOf = ({ maxEval, maxIter }: Required<LBFGSOptions>): number =>
  maxEval ?? Math.floor((maxIter * 5) / 4);

const noUpdate: Update = { state: [], kernel: { run() {} } };

/** What the closure gave, and the loss and gradient that go down. */
interface Evaluation {
  readonly result: Tensor;
  readonly loss: number;
  readonly gradient: Tensor;
}

const aLoss = /* @__PURE__ */ K.kind(
  'the closure to return the loss, a tensor of one element',
  (x) => x instanceof Tensor && x.count === 1,
);

/** The gradients of all parameters as one vector: zeros where there is none. */
function flatGradient(params: readonly Tensor[], maximize: boolean): Tensor {
  const flat = cat(
    params.map(({ grad, count, dtype }) => {
      if (grad === null) return zeros([count], { dtype });
      // Each call of an operation counts where parameters are many and small.
      return grad.ndim === 1 ? grad : grad.reshape([count]);
    }),
  );
  return maximize ? flat.neg_() : flat;
}

/** What the closure gives at t d from the parameters, which are where `kept` says, before and after. */
function placeOn(
  parts: ReturnType<typeof withParts>,
  kept: readonly Tensor[],
  d: Tensor,
  t: Scalar,
  evaluate: () => Evaluation,
): Place {
  try {
    move(parts, t.value);
    const { loss, gradient } = evaluate();
    return { t, loss, gradient, slope: dot(gradient, d) };
  } finally {
    for (const [i, [p]] of parts.entries()) p.copy_(kept[i] as Tensor);
  }
}

/** Moves the parameters to the place along d that the line search finds, first trying `first`. */
function searchAlong(
  params: readonly Tensor[],
  d: Tensor,
  here: Place,
  first: Scalar,
  most: number,
  evaluate: () => Evaluation,
  arithmetic: Arithmetic,
): ReturnType<typeof strongWolfe> {
  const parts = withParts(params, d);
  const kept = params.map((p) => p.clone());
  const at = (t: Scalar): Place => placeOn(parts, kept, d, t, evaluate);
  const found = strongWolfe(at, here, first, largest(d), most, arithmetic);
  move(parts, found.place.t.value);
  return found;
}

/** How far to go where nothing is known of the curvature: no parameters move by more than lr in sum. */
function firstStep(gradient: Tensor, lr: number, { div, min, mul, tensor }: Arithmetic): Scalar {
  const share = div(python(1), tensor(absoluteSum(gradient)));
  return mul(min(python(1), share), python(lr));
}

/** Down the gradient. */
function steepest(gradient: Tensor): Direction {
  const d = gradient.neg();
  return { d, slope: dot(gradient, d) };
}

const hasCourse = (memory: Memory): memory is Memory & Course => memory.d !== undefined;

/**
 * Limited-memory BFGS: each {@link step} makes up to `maxIter` iterations w = w + t d with d = -H g, where H is the
 * inverse Hessian that the last `historySize` changes of w and g suggest; t is `lr` (at the first iteration at most lr
 * / sum |g|), or found by a line search that fulfils the strong Wolfe conditions. A step needs a closure, and calls it
 * several times; it ends before `maxIter` where a tolerance or `maxEval` says so. All parameters make one vector, so
 * there is one group. Follows `torch.optim.LBFGS`; Liu and Nocedal, "On the limited memory BFGS method for large scale
 * optimization", 1989.
 *
 * The course depends on values, so inside of a compiled function, `compile(() => optimizer.step(closure))`, the closure
 * is a program of its own, which is where the time goes, and the step runs around it as it is. The bits are those
 * without.
 * @throws ValueError for options that are negative or not finite, for several groups, and in `step` without a closure,
 * or where the closure does not give a tensor of one element
 * @example
 * ```ts
 * const [x, y] = [tensor(-1.5, { requiresGrad: true }), tensor(2.5, { requiresGrad: true })];
 * const optimizer = new optim.LBFGS([x, y], { lineSearchFn: 'strong_wolfe' });
 * for (let i = 0; i < 3; i++) {
 *   optimizer.step(() => {
 *     optimizer.zeroGrad();
 *     const rosenbrock = sub(1, x).square().add(y.sub(x.square()).square().mul(100));
 *     rosenbrock.backward();
 *     return rosenbrock;
 *   });
 * }
 * y; // tensor(1.0000, requires_grad=True)
 * ```
 */
export class LBFGS extends Optimizer<Required<LBFGSOptions>> {
  constructor(params: Params<LBFGSOptions>, options: LBFGSOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    const all = { ...defaults, ...withoutUndefined(options) };
    super(params, { ...all, maxEval: evaluationsOf(all) }, kinds);
    if (this.paramGroups.length !== 1) throw this.#oneGroup(new.target.name);
  }

  #oneGroup(caller: string): ValueError {
    return new ValueError(
      `${caller}: LBFGS doesn't support per-parameter options (parameter groups): all parameters make one vector; write new ` +
        'LBFGS(parameters, options)',
    );
  }

  /**
   * There is one group: its parameters make one vector.
   * @throws ValueError always
   */
  override addParamGroup(): never {
    throw this.#oneGroup(`${this.constructor.name}.addParamGroup`);
  }

  protected override perform(closure: (() => Tensor) | undefined): Tensor {
    const caller = `${this.constructor.name}.step`;
    this.checkGroups();
    const [group] = this.paramGroups;
    const first = group?.params[0];
    if (group === undefined || first === undefined) return evaluateNeeded(caller, closure);
    const { params, maximize } = group;
    const part = typeof closure === 'function' ? compileApart(this, closure) : closure;
    const evaluate = (): Evaluation => {
      const result = evaluateNeeded(caller, part);
      checkArguments(caller, { loss: aLoss }, [result]);
      const loss = numberIn(result);
      return { result, loss: maximize ? -loss : loss, gradient: flatGradient(params, maximize) };
    };
    return noGrad(() => this.#iterate(evaluate, group, this.#memoryOf(first)));
  }

  #iterate(
    evaluate: () => Evaluation,
    { params, ...options }: ParamGroup<Required<LBFGSOptions>>,
    memory: Memory,
  ): Tensor {
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize, lineSearchFn } = options;
    const maxEval = evaluationsOf(options);
    const { result, ...start } = evaluate();
    memory.funcEvals++;
    let { loss, gradient } = start;
    const arithmetic = arithmeticFor(gradient);
    const { isLess, tensor } = arithmetic;
    const isFlat = (): boolean => isWithin(gradient, 1, toleranceGrad, arithmetic);
    if (isFlat()) return result;

    let evaluations = 1;
    for (let iteration = 1; iteration <= maxIter; iteration++) {
      memory.nIter++;
      const isFirst = !hasCourse(memory);
      if (isFirst) Object.assign(memory, { oldDirs: [], oldStps: [], ro: [], hDiag: 1 });
      // What the last step left may be in a state dict that somebody holds.
      else remember(memory, gradient, historySize, iteration > 1, arithmetic);
      const { d, slope } = isFirst
        ? steepest(gradient)
        : directionOf(memory, gradient, historySize, arithmetic);
      const first = isFirst ? firstStep(gradient, rateNumber(lr), arithmetic) : python(rateNumber(lr));
      const before = loss;
      const course = { d, t: first.value, prevFlatGrad: gradient, prevLoss: loss };
      Object.assign(memory, course);
      if (isLess(python(-toleranceChange), tensor(slope))) break;
      let more = 0;
      if (lineSearchFn === 'strong_wolfe') {
        const here = { t: python(0), loss, gradient, slope };
        const most = maxEval - evaluations;
        const found = searchAlong(params, d, here, first, most, evaluate, arithmetic);
        ({ loss, gradient } = found.place);
        memory.t = found.place.t.value;
        more = found.evaluations;
      } else {
        move(withParts(params, d), first.value);
        // After the last iteration nothing depends on what the next step evaluates anew.
        if (iteration < maxIter) {
          ({ loss, gradient } = evaluate());
          more = 1;
        }
      }
      evaluations += more;
      memory.funcEvals += more;
      if (iteration === maxIter || evaluations >= maxEval || isFlat()) break;
      if (isWithin(d, Math.abs(memory.t ?? 0), toleranceChange, arithmetic)) break;
      if (Math.abs(loss - before) < toleranceChange) break;
    }
    return result;
  }

  #memoryOf(first: Tensor): Memory {
    const known = this.state.get(first) ?? {};
    this.state.set(first, known);
    known.funcEvals ??= 0;
    known.nIter ??= 0;
    return known as unknown as Memory;
  }

  /** All parameters are updated at once, by {@link perform}. */
  protected override updateOf(): Update {
    return noUpdate;
  }

  protected override numbers(): number[] {
    return [];
  }

  protected override readState(
    what: string,
    p: Tensor,
    { params }: ParamGroup<Required<LBFGSOptions>>,
    values: Readonly<Record<string, unknown>>,
  ): ParamState {
    if (p !== params[0]) throw new ValueError(`${what}: LBFGS keeps its state with the first parameter`);
    return readMemory(
      what,
      values,
      p,
      params.reduce((size, { count }) => size + count, 0),
    );
  }

  protected override writtenState(value: ParamState[string]): ParamState[string] {
    return value;
  }
}
