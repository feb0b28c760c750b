import { int32, type Tensor, tensor } from '@kindling/core';
import { UsageError } from '../flags.ts';
import { readFile } from '../read-file.ts';

/** Measurements of flowers and their species. */
export interface Flowers {
  /** The measurements' names. */
  readonly features: readonly string[];
  /** The species' names; a label is a place among them. */
  readonly species: readonly string[];
  /** Centimetres, (n, features), float32. */
  readonly x: Tensor;
  /** Labels, (n), int32. */
  readonly y: Tensor;
}

const table = new URL('../data/iris.csv', import.meta.url);

/**
 * The flowers of a table: a line of names, then one a flower, its species last.
 * @throws UsageError where a line has other columns than the first, or no number where one should be
 */
export function parseFlowers(csv: string): Flowers {
  const [header = [], ...rows] = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const features = header.slice(0, -1);
  const species: string[] = [];
  const labels: number[] = [];
  const measured = rows.map((row, i) => {
    const numbers = row.slice(0, -1).map(Number);
    const name = row.at(-1) ?? '';
    if (row.length !== header.length || numbers.some(Number.isNaN))
      throw new UsageError(
        `line ${i + 2} of the table: expected ${features.length} numbers and a species, got "${row.join()}"`,
      );
    if (!species.includes(name)) species.push(name);
    labels.push(species.indexOf(name));
    return numbers;
  });
  return {
    features,
    species,
    x: tensor(measured, { dtype: 'float32' }),
    y: tensor(labels, { dtype: int32 }),
  };
}

/** The 150 irises of data/iris.csv. */
export const loadIris = (): Flowers => parseFlowers(readFile(table).toString('utf8'));

/**
 * Cuts the numbers from 0 to n - 1 into `k` folds, in the order in which `order` has them, so that each fold has of
 * each label as many as the others, or one more.
 */
export function stratifiedFolds(labels: ArrayLike<number>, order: ArrayLike<number>, k: number): number[][] {
  const folds = Array.from({ length: k }, (): number[] => []);
  const byLabel = Array.from(order).sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));
  for (const [i, flower] of byLabel.entries()) folds[i % k]?.push(flower);
  return folds;
}
