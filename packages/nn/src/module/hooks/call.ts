import type { AnyModule } from '../callable.ts';
import { refuseExcessInput } from '../excess-input.ts';
import { BackwardWatch } from './backward.ts';
import { hooksFor, type ModuleHooks } from './kinds.ts';

type Forward = AnyModule & { forward(...input: unknown[]): unknown };

/** How far a call has come. */
interface Progress {
  args: unknown[];
  output: unknown;
  /** The hooks after forward that were called. */
  readonly called: Set<object>;
}

/** Calls a module that has hooks: pre-hooks may replace the input, forward hooks the output. */
export function runWithHooks(module: Forward, input: unknown[], hooks: ModuleHooks): unknown {
  const progress: Progress = { args: input, output: undefined, called: new Set() };
  try {
    return run(module, hooks, progress);
  } catch (error) {
    runAlways(module, hooks, progress);
    throw error;
  }
}

function run(module: Forward, hooks: ModuleHooks, progress: Progress): unknown {
  // Those that a pre-hook adds begin with the next call, as in PyTorch.
  const watch =
    hooks.backward.length + hooks.backwardPre.length === 0
      ? null
      : new BackwardWatch(module, [...hooks.backwardPre], [...hooks.backward]);
  for (const hook of hooksFor(hooks, 'forwardPre')) {
    const result = hook(module, progress.args);
    if (result !== undefined && result !== null) progress.args = Array.isArray(result) ? result : [result];
  }
  if (watch !== null) progress.args = watch.enter(progress.args);
  const { args } = progress;
  refuseExcessInput(module, args);
  progress.output = module.forward(...args);
  for (const entry of [...hooks.forward]) {
    progress.called.add(entry);
    const { hook } = entry;
    const result = hook(module, args, progress.output);
    if (result !== undefined) progress.output = result;
  }
  return watch === null ? progress.output : watch.leave(progress.output);
}

/** After a call that failed, calls the hooks that are always called, and have not been yet. */
function runAlways(module: Forward, hooks: ModuleHooks, progress: Progress): void {
  for (const entry of [...hooks.forward]) {
    if (!entry.always || progress.called.has(entry)) continue;
    const { hook } = entry;
    try {
      const result = hook(module, progress.args, progress.output);
      if (result !== undefined) progress.output = result;
    } catch (error) {
      console.warn(
        `Warning: module forward hook with { alwaysCall: true } of ${module.constructor.name} raised an exception that ` +
          `was silenced as another error was raised in forward: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
