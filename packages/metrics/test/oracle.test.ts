/** scikit-learn's numbers: of one batch, of several, of metrics that were merged, and of one that was saved in between. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, tensor } from '@kindling/core';
import * as metrics from '@kindling/metrics';
import { describe, expect, it } from 'vitest';
import { RegressionMetric } from '../src/regression/outputs.ts';

type Nested = number | 'NaN' | Nested[];

interface Entry {
  readonly metric: keyof typeof classes;
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: Nested;
  readonly target: Nested;
  readonly weight: Nested | null;
  readonly expected: Nested;
}

const classes = {
  accuracy: metrics.Accuracy,
  precision: metrics.Precision,
  recall: metrics.Recall,
  f1Score: metrics.F1Score,
  fbetaScore: metrics.FBetaScore,
  confusionMatrix: metrics.ConfusionMatrix,
  auroc: metrics.AUROC,
  averagePrecision: metrics.AveragePrecision,
  calibrationError: metrics.CalibrationError,
  meanSquaredError: metrics.MeanSquaredError,
  meanAbsoluteError: metrics.MeanAbsoluteError,
  r2Score: metrics.R2Score,
};

const folder = process.env.KINDLING_FIXTURES ?? join(import.meta.dirname, '../../..');
const { entries } = JSON.parse(
  readFileSync(join(folder, 'packages/metrics/test/fixtures/metrics.json'), 'utf8'),
  (_, value: unknown) => (value === 'NaN' ? Number.NaN : value),
) as { entries: Entry[] };

const isWhole = (x: unknown): boolean => (Array.isArray(x) ? x.every(isWhole) : Number.isInteger(x));
/** Labels as integers, all else as float64. */
const tensorOf = (x: unknown, labels: boolean): Tensor =>
  tensor(x as number[], { dtype: labels && isWhole(x) ? 'int32' : 'float64' });

function read({ metric, options, input, target, weight }: Entry) {
  const isRegression = classes[metric].prototype instanceof RegressionMetric;
  const target_ = tensorOf(target, !isRegression);
  // Scores of classes may be whole numbers.
  const input_ = tensorOf(input, !isRegression && Array.isArray(input) && !Array.isArray(input[0]));
  const weight_ = weight === null ? null : tensorOf(weight, false);
  const make = (): metrics.Metric => new classes[metric](options);
  const once = (metrics as unknown as Record<string, metrics.MetricFunction<object>>)[metric];
  if (once === undefined) throw new Error(`no function ${metric}`);
  return { make, once, input: input_, target: target_, weight: weight_ };
}

/** Feeds the samples from `begin` to `end`. */
function feed(
  metric: metrics.Metric,
  { input, target, weight }: ReturnType<typeof read>,
  begin: number,
  end: number,
) {
  const part = (x: Tensor): Tensor => x.narrow(0, begin, end - begin);
  return metric.update(part(input), part(target), { weight: weight === null ? 1 : part(weight) });
}

function expectNear(actual: Tensor, expected: Nested): void {
  const values = [actual.tolist()].flat(3) as number[];
  const wanted = [expected].flat(3) as number[];
  expect(actual.dtype).toBe('float64');
  expect(values.length).toBe(wanted.length);
  for (const [i, value] of values.entries()) {
    const to = wanted[i] ?? 0;
    if (Number.isNaN(to)) expect(value).toBeNaN();
    else expect(Math.abs(value - to)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(to)));
  }
}

const names = [...new Set(entries.map(({ metric }) => metric))];

describe.each(names)('%s', (name) => {
  const own = entries.filter(({ metric }) => metric === name);

  it('is that of scikit-learn', () => {
    for (const entry of own) {
      const { once, input, target, weight } = read(entry);
      expectNear(once(input, target, { ...entry.options, weight: weight ?? 1 }), entry.expected);
    }
  });

  it('is the same for a batch as for several', () => {
    for (const entry of own) {
      const given = read(entry);
      const metric = given.make();
      const n = given.input.shape[0] ?? 0;
      const middle = Math.max(1, Math.floor(n / 2));
      for (const [begin, end] of [
        [0, 1],
        [1, 1],
        [1, middle],
        [middle, n],
      ] as const)
        feed(metric, given, begin, end);
      expectNear(metric.compute(), entry.expected);
      expectNear(metric.compute(), entry.expected);
    }
  });

  it('is the same for metrics that were merged, saved and loaded', () => {
    for (const entry of own) {
      const given = read(entry);
      const n = given.input.shape[0] ?? 0;
      const half = Math.floor(n / 3);
      const first = feed(given.make(), given, 0, half);
      const second = feed(given.make(), given, half, n);
      const before = second.stateDict();
      const loaded = given.make();
      loaded.loadStateDict(first.stateDict());
      expectNear(loaded.merge(second).compute(), entry.expected);
      expect(JSON.stringify(second.stateDict())).toBe(JSON.stringify(before));
      expectNear(feed(loaded.reset(), given, 0, n).compute(), entry.expected);
    }
  });
});
