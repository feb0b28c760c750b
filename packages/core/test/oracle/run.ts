/** Runs a recorded sample in Kindling: every layout, as function, as method and in place; reports what differs. */

import { autograd, Tensor } from '@kindling/core';
import { mismatch, type Strictness } from './compare.ts';
import { Recorded, recordedIn, type Sample, type Value } from './fixture.ts';
import { cotangent, expectedLeaves, type Layout, plain, resultLeaves, toArgument } from './tensors.ts';

/** What a sample's arguments became: PyTorch's arguments with Kindling's tensors in them. */
export interface Arguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The tensors among them, in recorded order. */
  readonly tensors: readonly Tensor[];
}

export function makeArguments(
  sample: Sample,
  layout: Layout,
  functions: Record<string, unknown> = {},
): Arguments {
  const tensors: Tensor[] = [];
  const args = sample.a.map((v) => toArgument(v, layout, tensors, functions));
  const kwargs = Object.fromEntries(
    Object.entries(sample.k ?? {}).map(([k, v]) => [k, toArgument(v, layout, tensors, functions)]),
  );
  return { args, kwargs, tensors };
}

/** What an operation's table entry allows. */
export interface Leniency {
  readonly factor?: number;
  readonly eitherZero?: boolean;
  readonly contraction?: boolean;
  readonly mayBeFinite?: boolean;
}

/** Compares a forward result with the recorded one. */
export function checkOutput(result: unknown, sample: Sample, leniency: Leniency = {}): string[] {
  const { eitherZero = false, factor, contraction, mayBeFinite } = leniency;
  const expected = expectedLeaves(sample.out);
  const actual = resultLeaves(result);
  if (actual.length !== expected.length) return [`${actual.length} results, PyTorch ${expected.length}`];
  return expected.flatMap((e, i) => {
    const a = actual[i]!;
    const what = expected.length === 1 ? 'value' : `result ${i}`;
    if (!(e instanceof Recorded)) {
      const value = a instanceof Tensor ? a.item() : a;
      return value === e ? [] : [`${what}: ${String(value)}, PyTorch ${String(e)}`];
    }
    if (!(a instanceof Tensor)) return [`${what}: ${typeof a} ${String(a)} instead of a tensor`];
    const strictness = {
      noise: sample.noise?.[i],
      signedZeros: sample.edge === 1 && !eitherZero,
      factor,
      contraction,
      mayBeFinite,
    };
    return mismatch(what, plain(a), e, strictness) ?? [];
  });
}

/** The gradients of the results, weighted with their cotangents, to `inputs`; null where nothing requires one. */
export function gradientsOf(result: unknown, inputs: readonly Tensor[]): (Tensor | null)[] | null {
  const roots = resultLeaves(result).filter((x): x is Tensor => x instanceof Tensor && x.requiresGrad);
  if (roots.length === 0 || inputs.length === 0) return null;
  const gradOutputs = roots.map(cotangent);
  return autograd.grad(roots, inputs, { gradOutputs, allowUnused: true });
}

const allZero = (x: Recorded): boolean => x.array.every((v: number) => v === 0);

export function checkGradient(
  what: string,
  actual: Tensor | null | undefined,
  expected: Recorded | null | undefined,
  strictness: Strictness,
): string[] {
  if (!expected) {
    // Unused in PyTorch: null here too, or zeros.
    if (!actual || actual.detach().data.every((v: number) => v === 0)) return [];
    return [`${what}: a gradient where PyTorch has none`];
  }
  if (!actual) return [`${what}: no gradient, PyTorch has ${allZero(expected) ? 'zeros' : 'one'}`];
  return [mismatch(what, plain(actual), expected, strictness) ?? []].flat();
}

function checkGradients(
  result: unknown,
  sample: Sample,
  tensors: readonly Tensor[],
  leniency: Leniency,
): string[] {
  const { factor, contraction, mayBeFinite } = leniency;
  const recorded = [...recordedIn(sample.a as Value), ...recordedIn((sample.k ?? {}) as Value)];
  const places = recorded.flatMap((r, i) => (r.requiresGrad ? [i] : []));
  const inputs = places.map((i) => tensors[i]!);
  if (!sample.grads) {
    const requiring = resultLeaves(result).some((x) => x instanceof Tensor && x.requiresGrad);
    return requiring && places.length > 0 ? ['a result requires a gradient, none does in PyTorch'] : [];
  }
  const grads = gradientsOf(result, inputs);
  if (grads === null) return ['no result requires a gradient, PyTorch has gradients'];
  return sample.grads.flatMap((expected, i) =>
    checkGradient(`gradient of tensor ${places[i]}`, grads[i], expected, {
      noise: sample.gradNoise?.[i] ?? 0,
      factor,
      contraction,
      mayBeFinite,
    }),
  );
}

/** What the operation writes into its arguments (running statistics, renormalised rows). */
function checkArguments(sample: Sample, tensors: readonly Tensor[]): string[] {
  return (sample.after ?? []).flatMap(
    ([i, expected]) => mismatch(`argument ${i} afterwards`, plain(tensors[i]!), expected) ?? [],
  );
}

const describe = (v: Value): string => {
  if (v instanceof Recorded) return `${v.dtype}[${v.shape.join(', ')}]`;
  if (Array.isArray(v)) return `[${(v as readonly Value[]).map(describe).join(', ')}]`;
  if (v !== null && typeof v === 'object') return JSON.stringify(v);
  return String(v);
};

export const describeSample = (sample: Sample): string =>
  [...sample.a.map(describe), ...Object.entries(sample.k ?? {}).map(([k, v]) => `${k}=${describe(v)}`)].join(
    ', ',
  );

/** What went wrong in one run of one sample, as lines. */
export function checkSample(
  sample: Sample,
  layout: Layout,
  call: (given: Arguments) => unknown,
  options: Leniency & { functions?: Record<string, unknown> } = {},
): string[] {
  try {
    const given = makeArguments(sample, layout, options.functions);
    const result = call(given);
    return [
      ...checkOutput(result, sample, options),
      ...checkArguments(sample, given.tensors),
      ...checkGradients(result, sample, given.tensors, options),
    ];
  } catch (error) {
    return [error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error)];
  }
}

/** One report of everything that failed in an entry, short enough to read. */
export function report(
  title: string,
  failures: readonly { sample: number; how: string; what: string; lines: string[] }[],
): string {
  const shown = failures
    .slice(0, 6)
    .map((f) => `  sample ${f.sample} (${f.how}) ${f.what}\n    ${f.lines.join('\n    ')}`);
  const more = failures.length > shown.length ? [`  ... and ${failures.length - shown.length} more`] : [];
  return [`${title}: ${failures.length} failures`, ...shown, ...more].join('\n');
}
