import {
  assumes,
  checkArguments,
  compileLater,
  dependsOn,
  dependsOnGradient,
  E,
  emptyLike,
  FrozenError,
  FusedUpdate,
  getTotalNorm,
  isTraced,
  K,
  noGrad,
  onHost,
  Shown,
  type Tensor,
  ValueError,
  withoutUndefined,
} from '@kindling/core';
import { evaluateNeeded } from '../base/closure.ts';
import type { ParamGroup } from '../base/groups.ts';
import { nonNegative } from '../base/kinds.ts';
import type { Optimizer } from '../base/optimizer.ts';
import { anOptimizer } from '../base/optimizer-class.ts';
import type { Rate } from '../base/rate.ts';
import type { OptimizerStateDict } from '../base/state-dict.ts';

/** Options of {@link SAM}. */
export interface SAMOptions {
  /** How far from the parameters, in the norm of all of them, the loss is looked for at its greatest. Default: 0.05. */
  rho?: number;
  /** Measure that distance in proportion to the parameters (ASAM). Default: false. */
  adaptive?: boolean;
}

/** What {@link SAM.stateDict} gives. */
export interface SAMStateDict {
  /** The state dict of the optimizer within. */
  base: OptimizerStateDict;
  /** {@link SAMOptions.rho} */
  rho: number;
  /** {@link SAMOptions.adaptive} */
  adaptive: boolean;
}

const kinds: K.Kinds<SAMOptions> = { rho: nonNegative, adaptive: K.flag };
const takes = { base: anOptimizer, options: /* @__PURE__ */ K.options<SAMOptions>(kinds) };
const aDict = /* @__PURE__ */ K.kind(
  '{ base, rho, adaptive } as stateDict() gives',
  (x) => K.isOptions(x) && kinds.rho.accepts(x.rho) && kinds.adaptive.accepts(x.adaptive),
);

/** Keeps the parameter, and moves it uphill by its share of ρ. */
const climbing = (adaptive: boolean): FusedUpdate =>
  new FusedUpdate('sam', 2, 2, (w, _kept, grad, norm, rho) => {
    const scale = E.div(rho, E.add(norm, 1e-12));
    const step = E.mul(adaptive ? E.mul(E.mul(w, w), grad) : grad, scale);
    return [E.add(w, step), w];
  });
const climb = { plain: climbing(false), adaptive: climbing(true) };

/**
 * Sharpness-aware minimization, around any optimizer: its gradient is not that at w but at w + e, e = ρ g / ‖g‖, where
 * the loss nearby is about greatest; ‖g‖ is the norm of all gradients. With `adaptive` e = ρ w² g / ‖w g‖. A step
 * evaluates the closure twice, and so do the layers in it (batch norm sees each batch twice). Groups, rates and
 * schedules are those of `base`. Kindling's own; Foret et al., "Sharpness-Aware Minimization for Efficiently Improving
 * Generalization", 2020; Kwon et al., "ASAM", 2021.
 * @throws ValueError for what is no optimizer, for rho below 0 or not finite
 * @example
 * ```ts
 * const w = tensor([3, 4], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.SAM(new optim.SGD([w], { lr: 0.25 }), { rho: 0.5 });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = w.square().sum();
 *   loss.backward();
 *   return loss;
 * }); // tensor(25., grad_fn=<SumBackward0>)
 * w; // tensor([1.3500, 1.8000], requires_grad=True)
 * ```
 */
export class SAM extends Shown {
  /** The optimizer that makes the steps; schedulers act on it. */
  readonly base: Optimizer;
  /** {@link SAMOptions.rho} */
  rho: number;
  /** {@link SAMOptions.adaptive} */
  adaptive: boolean;
  /** The parameters as they were before {@link firstStep}. */
  readonly #kept = new Map<Tensor, Tensor>();
  #isUphill = false;

  constructor(base: Optimizer, options: SAMOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super();
    const { rho = 0.05, adaptive = false } = withoutUndefined(options);
    this.base = base;
    this.rho = rho;
    this.adaptive = adaptive;
  }

  /** The groups of {@link base}. */
  get paramGroups(): ParamGroup<{ lr: Rate }>[] {
    return this.base.paramGroups;
  }

  /** {@link Optimizer.zeroGrad} */
  zeroGrad(options?: { setToNone?: boolean }): void {
    this.base.zeroGrad(options);
  }

  /**
   * A whole step. `closure` clears the gradients, computes loss and gradients and returns the loss; it is called at w
   * and at w + e. The loss at w is returned.
   * @throws ValueError without a closure, and for one that is asynchronous
   */
  step(closure: () => Tensor): Tensor {
    const caller = `${this.constructor.name}.step`;
    const loss = evaluateNeeded(caller, closure);
    this.firstStep();
    try {
      evaluateNeeded(caller, closure);
    } catch (error) {
      this.#goBack();
      throw error;
    }
    this.secondStep();
    return loss;
  }

  /**
   * Moves the parameters to w + e, by the gradients at w; gradients are to be computed anew there.
   * @throws ValueError where {@link secondStep} has not followed the last one; for `rho` below 0 or not finite
   */
  firstStep(): void {
    const caller = `${this.constructor.name}.firstStep`;
    const numbers = onHost(() => {
      checkArguments(caller, { rho: kinds.rho }, [this.rho]);
      this.#expect(caller, false);
      this.#isUphill = true;
      return [this.rho];
    });
    noGrad(() => {
      const params = this.#params();
      const update = this.adaptive ? climb.adaptive : climb.plain;
      const gradients = params.flatMap((p) =>
        p.grad === null ? [] : [this.adaptive ? p.mul(p.grad) : p.grad],
      );
      const norm = getTotalNorm(gradients);
      for (const p of params) {
        const kept = this.#keptOf(p);
        if (p.grad === null) kept.copy_(p);
        else update.run([p, kept, p.grad, norm.to(p.dtype)], numbers);
      }
    });
  }

  /**
   * Moves the parameters back to w, and has {@link base} make its step there with the gradients that they have now.
   * @throws ValueError where no {@link firstStep} came before
   */
  secondStep(): void {
    onHost(() => this.#expect(`${this.constructor.name}.secondStep`, true));
    this.#goBack();
    this.base.step();
  }

  #goBack(): void {
    noGrad(() => {
      for (const p of this.#params()) p.copy_(this.#keptOf(p));
    });
    onHost(() => {
      this.#isUphill = false;
    });
  }

  #expect(caller: string, uphill: boolean): void {
    if (this.#isUphill === uphill) return;
    const message = uphill
      ? 'the parameters are where they were: call firstStep first, then compute the gradients anew'
      : 'the parameters are at w + e already: compute the gradients there, then call secondStep';
    throw new ValueError(`${caller}: ${message}`);
  }

  #params(): Tensor[] {
    const params = this.base.paramGroups.flatMap((group) => group.params);
    if (isTraced()) {
      dependsOn('SAM.adaptive', () => this.adaptive);
      assumes("SAM's parameters", () => {
        let i = 0;
        for (const group of this.base.paramGroups)
          for (const p of group.params) if (params[i++] !== p) return false;
        return i === params.length;
      });
      for (const p of params) dependsOnGradient(p);
    }
    return params;
  }

  #keptOf(p: Tensor): Tensor {
    let kept = this.#kept.get(p);
    if (kept === undefined) {
      kept = compileLater('what SAM keeps of the parameters comes into being', () => emptyLike(p));
      this.#kept.set(p, kept);
    }
    return kept;
  }

  /**
   * The state of {@link base}, rho and adaptive. The tensors are shared, not copied.
   * @throws ValueError between {@link firstStep} and {@link secondStep}, where the parameters are not those of the
   *   model
   */
  stateDict(): SAMStateDict {
    this.#expect(`${this.constructor.name}.stateDict`, false);
    return { base: this.base.stateDict(), rho: this.rho, adaptive: this.adaptive };
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): SAMStateDict {
    return this.stateDict();
  }

  /**
   * Takes over what {@link stateDict} gave. Nothing is changed unless all of it fits.
   * @throws ValueError, ShapeError where it does not fit, and between {@link firstStep} and {@link secondStep}
   */
  loadStateDict(dict: SAMStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    checkArguments(caller, { dict: aDict }, arguments);
    this.#expect(caller, false);
    if (Object.isFrozen(this)) throw new FrozenError(caller, 'optimizer');
    this.base.loadStateDict(dict.base);
    this.rho = dict.rho;
    this.adaptive = dict.adaptive;
  }

  /** The options, and the optimizer within. */
  override toString(): string {
    return `${this.constructor.name} (\n    rho: ${this.rho}\n    adaptive: ${this.adaptive ? 'True' : 'False'}\n)\n${this.base}`;
  }
}
