/** PyTorch's numbers: of each distribution, of samples of a seed, and of divergences, with their gradients. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  autograd,
  camelCase,
  type DType,
  manualSeed,
  type Shape,
  setDefaultDtype,
  type Tensor,
  tensor,
} from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import * as D from '@kindling/distributions';
import { afterEach, describe, expect, test } from 'vitest';

type Nested = number | Nested[];

interface Stated {
  readonly args: readonly Nested[];
  readonly options: Readonly<Record<string, Nested>>;
}

interface Result {
  readonly value: Nested;
  readonly grads: readonly Nested[] | null;
}

type Moment = 'mean' | 'variance' | 'stddev' | 'mode';

interface Entry extends Stated, Readonly<Record<Moment, Nested | null>> {
  readonly distribution: string;
  readonly dtype: DType;
  readonly seed: number;
  readonly printed: string | null;
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly value: Nested;
  readonly logProb: Result;
  readonly entropy: Result | null;
  readonly cdf: Result | null;
  readonly icdf: Result | null;
  readonly enumerateSupport: Result | null;
  readonly sample: Nested;
  readonly rsample: Result | null;
}

interface DivergenceEntry {
  readonly distribution: string;
  readonly p: Stated;
  readonly q: Stated;
  readonly value: Nested;
  readonly grads: readonly (readonly Nested[] | null)[];
}

/** As Python writes what JSON has no number for. */
const numbers: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

const folder = process.env.KINDLING_FIXTURES ?? join(import.meta.dirname, '../../..');
const { entries, divergences } = JSON.parse(
  readFileSync(join(folder, 'packages/distributions/test/fixtures/distributions.json'), 'utf8'),
  (_, value: unknown) => (typeof value === 'string' ? (numbers[value] ?? value) : value),
) as { entries: Entry[]; divergences: DivergenceEntry[] };

/** What is made of others. */
const made: Record<string, (...args: Tensor[]) => D.Distribution> = {
  Independent: (loc, scale) => new D.Independent(new D.Normal(loc as Tensor, scale as Tensor), 1),
  MixtureSameFamily: (probs, loc, scale) =>
    new D.MixtureSameFamily(
      new D.Categorical({ probs: probs as Tensor }),
      new D.Normal(loc as Tensor, scale as Tensor),
    ),
  MixtureOfVectors: (probs, loc, scale) =>
    new D.MixtureSameFamily(
      new D.Categorical({ probs: probs as Tensor }),
      new D.Independent(new D.Normal(loc as Tensor, scale as Tensor), 1),
    ),
};

function build(name: string, { args, options }: Stated, dtype: DType) {
  setDefaultDtype(dtype); // of numbers
  const leaves: Tensor[] = [];
  const read = (x: Nested): Tensor | number => {
    if (!Array.isArray(x)) return x;
    const leaf = tensor(x as number[], { dtype, requiresGrad: true });
    leaves.push(leaf);
    return leaf;
  };
  const given = args.map(read);
  const named = Object.fromEntries(Object.entries(options).map(([k, x]) => [camelCase(k), read(x)]));
  const all = Object.keys(named).length > 0 ? [...given, named] : given;
  const Class = (D as unknown as Record<string, new (...args: unknown[]) => D.Distribution>)[name];
  const distribution =
    made[name]?.(...(given as Tensor[])) ?? (Class === undefined ? undefined : new Class(...all));
  if (distribution === undefined) throw new Error(`no distribution ${name}`);
  return { distribution, leaves };
}

function same(actual: Tensor, expected: Nested, dtype: DType): void {
  const tolerance = dtype === 'float64' ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 2e-5, atol: 2e-6 };
  const wanted = tensor(expected as number[], { dtype: actual.dtype });
  expect(actual.shape).toEqual(wanted.shape);
  assertClose(actual, wanted, { ...tolerance, equalNan: true });
}

function sameWithGradients(actual: Tensor, expected: Result, leaves: Tensor[], dtype: DType): void {
  same(actual, expected.value, dtype);
  if (expected.grads === null) return;
  const grads = autograd.grad(actual.sum(), leaves, { materializeGrads: true, retainGraph: true });
  for (const [i, grad] of grads.entries()) same(grad as Tensor, expected.grads[i] as Nested, dtype);
}

afterEach(() => setDefaultDtype('float32'));

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const ofDtype = entries
    .filter((entry) => entry.dtype === dtype)
    .map((entry, i) => [`${i}, ${entry.distribution}`, entry] as const);
  test.each(ofDtype)('%s', (_, entry) => {
    const { distribution, leaves } = build(entry.distribution, entry, dtype);
    // PyTorch shows no parameters of what it makes of another distribution.
    if (entry.printed?.endsWith('()') === false) expect(String(distribution)).toBe(entry.printed);
    expect([distribution.batchShape, distribution.eventShape]).toEqual([entry.batchShape, entry.eventShape]);
    for (const moment of ['mean', 'variance', 'stddev', 'mode'] as const) {
      const expected = entry[moment];
      if (expected !== null) same(distribution[moment].detach(), expected, dtype);
    }
    const value = tensor(entry.value as number[], { dtype });
    sameWithGradients(distribution.logProb(value), entry.logProb, leaves, dtype);
    const share = tensor([0.125, 0.5, 0.75], { dtype }).reshape([3, ...entry.batchShape.map(() => 1)]);
    const methods = {
      entropy: () => distribution.entropy(),
      cdf: () => distribution.cdf(value),
      icdf: () => distribution.icdf(share),
      enumerateSupport: () => distribution.enumerateSupport(),
    };
    for (const [name, method] of Object.entries(methods)) {
      const expected = entry[name as keyof typeof methods];
      if (expected === null) expect(method, name).toThrow(/no closed form|cannot be counted/);
      else sameWithGradients(method(), expected, leaves, dtype);
    }
  });

  test.each(ofDtype)('a seed draws the samples of PyTorch: %s', (_, entry) => {
    const { distribution, leaves } = build(entry.distribution, entry, dtype);
    manualSeed(entry.seed);
    same(distribution.sample([2, 3]), entry.sample, dtype);
    expect(distribution.hasRsample).toBe(entry.rsample !== null);
    if (entry.rsample === null) return;
    manualSeed(entry.seed);
    sameWithGradients(distribution.rsample([2, 3]), entry.rsample, leaves, dtype);
  });
});

test.each(divergences.map((entry, i) => [i, entry.distribution, entry] as const))(
  'divergence %i, of %s',
  (_, name, entry) => {
    const [p, q] = [build(name, entry.p, 'float64'), build(name, entry.q, 'float64')];
    const result = D.klDivergence(p.distribution, q.distribution);
    for (const [i, { leaves }] of [p, q].entries())
      sameWithGradients(result, { value: entry.value, grads: entry.grads[i] ?? null }, leaves, 'float64');
  },
);
