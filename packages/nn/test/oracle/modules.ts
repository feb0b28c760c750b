/** Runs recorded modules and loss functions. */

import type { DType, Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { mismatch } from '../../../core/test/oracle/compare.ts';
import {
  type Entry,
  type Recorded,
  recordedIn,
  type Sample,
  type Value,
} from '../../../core/test/oracle/fixture.ts';
import {
  type Arguments,
  checkGradient,
  checkOutput,
  checkSample,
  gradientsOf,
  makeArguments,
} from '../../../core/test/oracle/run.ts';
import { camelCase, optionsOf } from '../../../core/test/oracle/signature.ts';
import { type Layout, plain, toArgument, toTensor } from '../../../core/test/oracle/tensors.ts';
import { looseModules } from './table.ts';

/** As much of a module as the oracle uses; constructors are found by name. */
export interface AnyModule {
  (...args: unknown[]): unknown;
  train(mode?: boolean): AnyModule;
  to(dtype: DType): AnyModule;
  stateDict(): unknown;
  loadStateDict(state: unknown): unknown;
  namedParameters(): Iterable<[string, Tensor]>;
}

export const functions = nn.functional as unknown as Record<string, unknown>;

export function construct(
  name: string,
  args: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): AnyModule {
  const constructor = (nn as unknown as Record<string, unknown>)[name.replace(/^nn\./, '')];
  if (typeof constructor !== 'function') throw new Error(`Kindling has no module '${name}'`);
  // Unlike functions', constructors' options have nulls that mean something: BatchNorm's momentum.
  const given = Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]));
  const list = Object.keys(given).length > 0 ? [...args, given] : [...args];
  return new (constructor as new (...a: unknown[]) => AnyModule)(...list);
}

/** stateDict() as entries, whichever container it is. */
export const stateEntries = (state: unknown): [string, Tensor][] =>
  state instanceof Map
    ? [...(state as Map<string, Tensor>)]
    : Object.entries(state as Record<string, Tensor>);

/** A state of the same container as `like`. */
function stateLike(like: unknown, recorded: Readonly<Record<string, Recorded>>): unknown {
  const entries = Object.entries(recorded).map(([name, r]) => [name, toTensor(r)] as const);
  return like instanceof Map ? new Map(entries) : Object.fromEntries(entries);
}

/** Losses that stay finite where PyTorch overflows: exp(-y x), and the derivative of y log y at 0. */
const overflowing = new Set(['softMarginLoss', 'poissonNllLoss']);

export const functionName = (entry: Entry): string => camelCase(entry.op.replace(/^nn\.functional\./, ''));

/** The call of a function (a loss) or of a module: required arguments by position, the others in the options. */
const callWith =
  (callee: unknown) =>
  ({ args, kwargs }: Arguments): unknown => {
    const options = optionsOf(Object.entries(kwargs));
    const rest = Object.keys(options).length > 0 ? [options] : [];
    return (callee as (...args: unknown[]) => unknown)(...args, ...rest);
  };

export const functionOf = (entry: Entry): ((given: Arguments) => unknown) =>
  callWith(functions[functionName(entry)]);

export function checkFunction(entry: Entry, sample: Sample, layout: Layout): string[] {
  const name = functionName(entry);
  if (typeof functions[name] !== 'function') return [`nn.functional has no '${name}'`];
  return checkSample(sample, layout, functionOf(entry), {
    functions,
    contraction: true,
    mayBeFinite: overflowing.has(name),
  });
}

/** A module: constructed, its state loaded, called; value, gradients to inputs and parameters, state afterwards. */
export function checkModule(entry: Entry, sample: Sample, layout: Layout): string[] {
  try {
    return moduleFailures(entry, sample, layout);
  } catch (error) {
    return [error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error)];
  }
}

/** A recorded module with its state, and how it is called. */
export function moduleOf(entry: Entry, sample: Sample) {
  const convert = (v: Value): unknown => toArgument(v, 'contiguous', [], functions);
  const options = Object.fromEntries(
    Object.entries(sample.ctorOptions ?? {}).map(([k, v]) => [k, convert(v)]),
  );
  const module = construct(entry.op, (sample.ctor ?? []).map(convert), options);
  module.to(entry.dtype);
  const state = sample.state;
  if (state) module.loadStateDict(stateLike(module.stateDict(), state));
  module.train(sample.eval !== 1);
  return { module, state, call: callWith(module) };
}

function moduleFailures(entry: Entry, sample: Sample, layout: Layout): string[] {
  const { module, state, call } = moduleOf(entry, sample);
  const { args, kwargs, tensors } = makeArguments(sample, layout, functions);
  const given = call({ args, kwargs, tensors });
  // Results are recorded side by side, however they are nested.
  const result = Array.isArray(given) ? given.flat(2).filter((x) => x !== null) : given;
  const factor = looseModules[entry.op]?.[0] ?? 1;
  const lines = checkOutput(result, sample, { contraction: true, factor });

  const recorded = [...recordedIn(sample.a as Value), ...recordedIn((sample.k ?? {}) as Value)];
  const inputs = recorded.flatMap((r, i) => (r.requiresGrad ? [tensors[i]!] : []));
  const parameters = [...module.namedParameters()];
  const grads = gradientsOf(result, [...inputs, ...parameters.map(([, p]) => p)]) ?? [];
  sample.grads?.forEach((expected, i) => {
    lines.push(
      ...checkGradient(`gradient of input ${i}`, grads[i], expected, {
        noise: sample.gradNoise?.[i],
        contraction: true,
        factor,
      }),
    );
  });
  Object.entries(sample.parameterGrads ?? {}).forEach(([name, expected], i) => {
    const at = parameters.findIndex(([n]) => n === name);
    if (at < 0) lines.push(`no parameter '${name}'`);
    else {
      const noise = sample.parameterNoise?.[i];
      lines.push(
        ...checkGradient(`gradient of ${name}`, grads[inputs.length + at], expected, {
          noise,
          contraction: true,
        }),
      );
    }
  });
  const after = new Map(stateEntries(module.stateDict()));
  if (state && [...after.keys()].join() !== Object.keys(state).join()) {
    lines.push(`state keys ${[...after.keys()].join()}, PyTorch ${Object.keys(state).join()}`);
  }
  for (const [name, expected] of Object.entries(sample.stateAfter ?? {})) {
    const actual = after.get(name);
    const wrong = actual ? mismatch(`${name} afterwards`, plain(actual), expected) : `no state '${name}'`;
    if (wrong !== null) lines.push(wrong);
  }
  return lines;
}
