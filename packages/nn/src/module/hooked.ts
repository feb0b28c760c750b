import { Callable } from './callable.ts';
import type {
  AlwaysHook,
  ForwardHook,
  ForwardHookOptions,
  ForwardPreHook,
  FullBackwardHook,
  FullBackwardPreHook,
  HookOptions,
  LoadStateDictPostHook,
  LoadStateDictPreHook,
  RemovableHandle,
  StateDictPostHook,
  StateDictPreHook,
} from './hooks/index.ts';
import { registerHook } from './members.ts';
import type { Module } from './module.ts';

/** What of a module takes hooks. */
export abstract class Hooked<I extends unknown[], O> extends Callable {
  /**
   * Calls `hook` before each forward; what it returns takes the place of the arguments (one value, or an array of
   * them). Follows `torch.nn.Module.register_forward_pre_hook`.
   */
  registerForwardPreHook(hook: ForwardPreHook<this, I>, options?: HookOptions): RemovableHandle {
    return registerHook(module(this), 'forwardPre', arguments, hook, options);
  }

  /**
   * Calls `hook` after each forward; what it returns, unless undefined, takes the place of the output. With
   * `{ alwaysCall: true }` it is called where the call fails too, with no output where there was none yet. Follows
   * `torch.nn.Module.register_forward_hook`.
   * @example
   * ```ts
   * const layer = new nn.Linear(3, 2);
   * const handle = layer.registerForwardHook((_module, _input, output) => console.log(output.shape));
   * layer(ones([4, 3]));
   * handle.remove();
   * ```
   */
  registerForwardHook(
    hook: ForwardHook<this, I, O>,
    options?: HookOptions & { readonly alwaysCall?: false },
  ): RemovableHandle;
  registerForwardHook(hook: AlwaysHook<this, I, O>, options: ForwardHookOptions): RemovableHandle;
  registerForwardHook(hook: AlwaysHook<this, I, O>, options?: ForwardHookOptions): RemovableHandle {
    return registerHook(module(this), 'forward', arguments, hook, options);
  }

  /**
   * Calls `hook` in backward, once the gradients of the outputs are known and before those of the inputs are worked
   * out, with those of the outputs (`null` for tensors that want none); what it returns, unless undefined, takes their
   * place. Follows `torch.nn.Module.register_full_backward_pre_hook`.
   * @example
   * ```ts
   * const layer = new nn.Linear(2, 1);
   * layer.registerFullBackwardPreHook((_module, gradOutput) => gradOutput.map((g) => g?.mul(10) ?? null));
   * const x = ones([1, 2]);
   * layer(x).sum().backward();
   * layer.weight.grad; // tensor([[10., 10.]])
   * ```
   */
  registerFullBackwardPreHook(hook: FullBackwardPreHook<this>, options?: HookOptions): RemovableHandle {
    return registerHook(module(this), 'backwardPre', arguments, hook, options);
  }

  /**
   * Calls `hook` in backward, once the gradients of the inputs are known, with those and the gradients of the outputs
   * (`null` for tensors that want none); what it returns, unless undefined, takes the place of the inputs' gradients.
   * Follows `torch.nn.Module.register_full_backward_hook`.
   */
  registerFullBackwardHook(hook: FullBackwardHook<this>, options?: HookOptions): RemovableHandle {
    return registerHook(module(this), 'backward', arguments, hook, options);
  }

  /**
   * Calls `hook(module, prefix, keepVars)` before the state of the module is read by `stateDict`, its own or that of a
   * module which holds it; `prefix` is what stands before its keys. Follows
   * `torch.nn.Module.register_state_dict_pre_hook`.
   */
  registerStateDictPreHook(hook: StateDictPreHook<this>): RemovableHandle {
    return registerHook(module(this), 'statePre', arguments, hook);
  }

  /**
   * Calls `hook(module, state, prefix, localMetadata)` once the state of the module and of those below it stands in
   * `state`, beside what was there before; the hook changes it in place, and returns nothing. Follows
   * `torch.nn.Module.register_state_dict_post_hook`.
   * @example
   * ```ts
   * const layer = new nn.Linear(2, 1);
   * layer.registerStateDictPostHook((_module, state, prefix) => {
   *   delete state[`${prefix}bias`];
   * });
   * Object.keys(new nn.Sequential(layer).stateDict()); // [ '0.weight' ]
   * ```
   */
  registerStateDictPostHook(hook: StateDictPostHook<this>): RemovableHandle {
    return registerHook(module(this), 'statePost', arguments, hook);
  }

  /**
   * Calls `hook(module, state, prefix, localMetadata, strict, missingKeys, unexpectedKeys, errorMessages)` before a
   * state is loaded into the module, its own or that of a module which holds it. `state` is a copy of its part, in
   * which the hook may rename, add and delete; the lists it may add to, and `strict` is always true in it. Follows
   * `torch.nn.Module.register_load_state_dict_pre_hook`, and runs for all modules before any of them is changed.
   * @example
   * ```ts
   * const layer = new nn.Linear(2, 1);
   * layer.registerLoadStateDictPreHook((_module, state, prefix) => {
   *   state[`${prefix}weight`] = state[`${prefix}kernel`];
   *   delete state[`${prefix}kernel`];
   * });
   * layer.loadStateDict({ kernel: ones([1, 2]), bias: zeros([1]) }); // { missingKeys: [], unexpectedKeys: [] }
   * ```
   */
  registerLoadStateDictPreHook(hook: LoadStateDictPreHook<this>): RemovableHandle {
    return registerHook(module(this), 'loadPre', arguments, hook);
  }

  /**
   * Calls `hook(module, incompatibleKeys)` once a state is loaded into the module and those below it, with the keys
   * that did not match so far; the hook may change both lists in place, on which `strict` then decides, and returns
   * nothing. Follows `torch.nn.Module.register_load_state_dict_post_hook`.
   * @example
   * ```ts
   * const layer = new nn.Linear(2, 1);
   * layer.registerLoadStateDictPostHook((_module, { missingKeys }) => {
   *   missingKeys.length = 0;
   * });
   * layer.loadStateDict({ weight: ones([1, 2]) }); // { missingKeys: [], unexpectedKeys: [] }
   * ```
   */
  registerLoadStateDictPostHook(hook: LoadStateDictPostHook<this>): RemovableHandle {
    return registerHook(module(this), 'loadPost', arguments, hook);
  }
}

/** All that take hooks are modules. */
const module = (hooked: object): Module<never, unknown> => hooked as Module<never, unknown>;
