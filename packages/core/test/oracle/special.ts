/** Runs the fixtures of special values: value, gradients and second gradients, or that a call is refused. */

import { autograd, KindlingError, type Tensor, tensor } from '@kindling/core';
import { type Entry, type Noise, Recorded, recordedIn, type Sample, type Value } from './fixture.ts';
import { checkGradient, checkOutput, describeSample, makeArguments, report } from './run.ts';
import { camelCase } from './signature.ts';
import { cotangent, resultLeaves } from './tensors.ts';

/** A sample with more: PyTorch's refusal, or the gradients of its gradients, `null` where these depend on no input. */
export interface SpecialSample extends Sample {
  readonly error?: string;
  /** The gradients where that of the results is {@link wild}. */
  readonly wild?: readonly (Recorded | null)[];
  /** The gradients where that of the results is {@link lone}. */
  readonly lone?: readonly (Recorded | null)[];
  readonly second?: readonly (Recorded | null)[] | null;
  readonly secondNoise?: readonly Noise[];
}

export type SpecialEntry = Omit<Entry, 'samples'> & { readonly samples: readonly SpecialSample[] };

type Callable = (...args: unknown[]) => unknown;

const lookUp = (root: object, path: string): Callable | undefined =>
  path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], root) as
    | Callable
    | undefined;

/** A gradient that is NaN, infinite and 0 in turn, between numbers: the twin of that in special_values.py. */
function wild(like: Tensor, index: number): Tensor {
  const values = [Number.NaN, 1, Number.POSITIVE_INFINITY, 0, -2, Number.NEGATIVE_INFINITY, 0.5];
  const numbers = Array.from(
    { length: like.numel() },
    (_, i) => values[(i + index) % values.length] as number,
  );
  return tensor(numbers, { dtype: like.dtype }).reshape(like.shape);
}

/** A gradient of numbers, of which one is infinite. */
function lone(like: Tensor, index: number): Tensor {
  const values = cotangent(like, index);
  if (values.count > 0) values.data[values.count >> 1] = Number.POSITIVE_INFINITY;
  return values;
}

const weighted = (
  roots: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
  weigh: (like: Tensor, index: number) => Tensor = cotangent,
) =>
  autograd.grad(roots, inputs, {
    gradOutputs: roots.map(weigh),
    allowUnused: true,
    createGraph,
    retainGraph: true,
  });

function compare(
  what: string,
  actual: readonly (Tensor | null)[],
  expected: readonly (Recorded | null)[],
  { mayBeFinite, noise }: { mayBeFinite: boolean; noise?: readonly Noise[] | undefined },
): string[] {
  return expected.flatMap((e, i) =>
    checkGradient(`${what} ${i}`, actual[i], e, { contraction: true, mayBeFinite, noise: noise?.[i] }),
  );
}

/** Whose gradients PyTorch has overflow where squares of the inputs do. */
const overflowing: ReadonlySet<string> = new Set(['special.logNdtr']);

/** Whose second gradients have no other formula than PyTorch's, and NaN where it has. */
const alike: ReadonlySet<string> = new Set(
  'celu cdist cumprod elu linalg.vectorNorm logcumsumexp norm pow selu'.split(' '),
);

/** Whose first gradients know, in PyTorch, of operands that they do not depend on: of these, zeros are none. */
const knowing: ReadonlySet<string> = new Set(['batchNorm', 'groupNorm', 'pad']);

/** The expected gradient where it is a number, elsewhere the actual one. */
const numbersOf = (expected: Recorded | null, actual: Tensor | null | undefined): Recorded | null => {
  const own = actual?.detach().data;
  const values = expected?.array.map((e, i) => (Number.isNaN(e) ? (own?.[i] ?? e) : e));
  return expected && values ? new Recorded(expected.dtype, expected.shape, values, false) : null;
};

function differences(op: string, sample: SpecialSample, call: Callable): string[] {
  const { args, kwargs, tensors } = makeArguments(sample, 'contiguous');
  const options = Object.fromEntries(Object.entries(kwargs).map(([name, v]) => [camelCase(name), v]));
  const run = (): unknown => call(...args, ...(Object.keys(options).length > 0 ? [options] : []));
  if (sample.error !== undefined) return refusal(run, sample.error);
  const result = run();
  const lines = checkOutput(result, sample, { contraction: true });
  const recorded = [...recordedIn(sample.a as Value), ...recordedIn((sample.k ?? {}) as Value)];
  const inputs = tensors.filter((_, i) => recorded[i]!.requiresGrad);
  if (sample.grads === undefined) return lines;
  const roots = resultLeaves(result).filter((x): x is Tensor => typeof x === 'object' && x.requiresGrad);
  if (roots.length === 0) return [...lines, 'no result requires a gradient, PyTorch has gradients'];
  const first = weighted(roots, inputs, true);
  const mayBeFinite = overflowing.has(op);
  lines.push(...compare('gradient', first, sample.grads, { mayBeFinite, noise: sample.gradNoise }));
  for (const [name, weigh] of Object.entries({ wild, lone })) {
    const expected = sample[name as 'wild' | 'lone'];
    if (expected !== undefined)
      lines.push(
        ...compare(`${name} gradient`, weighted(roots, inputs, false, weigh), expected, { mayBeFinite }),
      );
  }
  const connected = first.filter((g): g is Tensor => g?.requiresGrad === true);
  if (sample.second === undefined) return lines;
  if (sample.second === null) {
    return connected.length > 0 ? [...lines, 'a gradient requires one, none does in PyTorch'] : lines;
  }
  const recordedSeconds = knowing.has(op)
    ? sample.second.map((e) => (e?.array.some((v) => v !== 0) ? e : null))
    : sample.second;
  if (connected.length === 0) {
    const hasAny = knowing.has(op) ? recordedSeconds.some((e) => e !== null) : true;
    return hasAny ? [...lines, 'no gradient requires one, PyTorch has second gradients'] : lines;
  }
  // PyTorch makes a NaN wherever its composition multiplies 0 by infinity; a single kernel need not.
  const second = weighted(connected, inputs, false);
  const expected = alike.has(op) ? recordedSeconds : recordedSeconds.map((e, i) => numbersOf(e, second[i]));
  return [
    ...lines,
    ...compare('second gradient', second, expected, { mayBeFinite, noise: sample.secondNoise }),
  ];
}

function refusal(run: () => unknown, message: string): string[] {
  try {
    run();
  } catch (error) {
    return error instanceof KindlingError ? [] : [`${String(error)}, a KindlingError was expected`];
  }
  return [`no error, PyTorch: ${message}`];
}

/** What differs from PyTorch in the samples of an entry, as a report. */
export function specialFailures(entry: SpecialEntry, root: object): string {
  const call = lookUp(root, entry.op);
  if (typeof call !== 'function') return `Kindling has no '${entry.op}'`;
  const failures = entry.samples.flatMap((sample, number) => {
    let lines: string[];
    try {
      lines = differences(entry.op, sample, call);
    } catch (error) {
      lines = [error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error)];
    }
    return lines.length > 0
      ? [{ sample: number, how: 'contiguous', what: describeSample(sample), lines }]
      : [];
  });
  return failures.length === 0 ? '' : report(`${entry.op} ${entry.dtype}`, failures);
}
