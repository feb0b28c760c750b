import { given } from './arguments.ts';
import type { AnyModule } from './callable.ts';
import { Hooked } from './hooked.ts';
import {
  collectState,
  type ExtraStateMethod,
  type IncompatibleKeys,
  type LoadStateDictOptions,
  noExtraState,
  overrides,
  requireJSON,
  restoreState,
  type StateDict,
  type StateDictLike,
  type StateDictOptions,
} from './state/index.ts';

/** What of a module reads and loads its state. */
export abstract class Stateful<I extends unknown[], O> extends Hooked<I, O> {
  /**
   * The parameters and persistent buffers by name, detached and sharing memory with the module: PyTorch's keys in
   * PyTorch's order; and what {@link getExtraState} gives. Follows `torch.nn.Module.state_dict`.
   * @example
   * ```ts
   * Object.keys(new nn.BatchNorm1d(3, { affine: false }).stateDict()); // [ 'running_mean', 'running_var', 'num_batches_tracked' ]
   * ```
   */
  stateDict(options: StateDictOptions = {}): StateDict {
    const state: StateDict = {};
    const self = module(this);
    const { prefix = '', keepVars = false } = given(self, 'stateDict', options);
    collectState(self, state, prefix, keepVars);
    return state;
  }

  /**
   * What `JSON.stringify` writes: the {@link stateDict}, never the module's insides. `loadStateDict` takes what
   * `JSON.parse` makes of it. Kindling's own.
   * @throws KindlingError where JSON would lose some of what {@link getExtraState} gives.
   */
  toJSON(): StateDict {
    const state = this.stateDict();
    requireJSON(`${this.constructor.name}.toJSON`, state);
    return state;
  }

  /**
   * Copies a state dict, or its JSON, into the parameters and buffers, converting dtypes; all or nothing. With
   * `{ assign: true }` its tensors become the module's own instead. Follows `torch.nn.Module.load_state_dict`.
   *
   * Where hooks run after loading ({@link registerLoadStateDictPostHook}), keys that they let stand are reported after
   * it, as in PyTorch: what fits is loaded then.
   * @throws KindlingError when keys are missing or unexpected (and `strict` is not false), or sizes differ: PyTorch's
   *   report of all of them.
   * @example
   * ```ts
   * const [one, other] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
   * other.loadStateDict(one.stateDict()); // { missingKeys: [], unexpectedKeys: [] }
   * equal(one.weight, other.weight); // true
   * ```
   */
  loadStateDict(state: StateDictLike, options: LoadStateDictOptions = {}): IncompatibleKeys {
    const self = module(this);
    return restoreState(self, state, given(self, 'loadStateDict', options));
  }

  /**
   * State of the class beside parameters and buffers, which its `stateDict` holds under `_extra_state` as it is
   * returned here. Override it together with {@link setExtraState}. Checkpoints, `.pt` files and JSON hold numbers,
   * strings, booleans, null, tensors, and arrays and plain objects of them; safetensors files hold tensors alone.
   * Follows `torch.nn.Module.get_extra_state`.
   * @throws KindlingError when the class does not override it.
   * @example
   * ```ts
   * class Counter extends nn.Module<[Tensor], Tensor> {
   *   calls = 0;
   *   override forward(x: Tensor) {
   *     this.calls++;
   *     return x;
   *   }
   *   override getExtraState() {
   *     return { calls: this.calls };
   *   }
   *   override setExtraState(state: { calls: number }) {
   *     this.calls = state.calls;
   *   }
   * }
   * const [one, other] = [new Counter(), new Counter()];
   * one(ones([2]));
   * other.loadStateDict(JSON.parse(JSON.stringify(one))); // { missingKeys: [], unexpectedKeys: [] }
   * other.calls; // 1
   * ```
   */
  getExtraState(): unknown {
    throw noExtraState(module(this), 'getExtraState');
  }

  /**
   * Takes back what {@link getExtraState} gave, from a state that is loaded: a copy of it where that went through JSON
   * or a file, its tensors being tensors again. Follows `torch.nn.Module.set_extra_state`.
   * @throws KindlingError when the class does not override it.
   */
  setExtraState(_state: unknown): void {
    throw noExtraState(module(this), 'setExtraState');
  }

  /**
   * Whether a state dict may lack the parameter or buffer of this name, or the extra state, `_extra_state`; for what
   * older checkpoints did not have.
   */
  toleratesMissing(_name: string): boolean {
    return false;
  }

  /** @internal Whether the class, or the module itself, has a method of its own for its extra state. */
  [overrides](method: ExtraStateMethod): boolean {
    return this[method] !== Stateful.prototype[method];
  }
}

/** All that have state are modules. */
const module = (stateful: object): AnyModule => stateful as AnyModule;
