/** Whether the samples of a fixture were drawn from different seeds. */

import { type Entry, recordedIn, type Sample, type Value } from './fixture.ts';

/** Whether a number was drawn: halves and quarters are written down. */
const isFraction = (x: number): boolean => Number.isFinite(x) && !Number.isInteger(4 * x);

/** The first numbers of a sample: of its first tensor that begins with fractions, which nobody wrote down. */
function firstDraws(sample: Sample): string | undefined {
  const begins = [...recordedIn(sample.a as Value)].map((r) => Array.from(r.array.slice(0, 4)));
  return begins.find((numbers) => numbers.filter(isFraction).length > 2)?.join(' ');
}

/** Operations of which samples begin with the numbers of another operation's, as `a, b: numbers`. */
export function sharedDraws(entries: readonly Entry[]): string[] {
  const drawnBy = new Map<string, Set<string>>();
  for (const { op, variant, samples } of entries) {
    for (const sample of samples) {
      const draws = sample.edge ? undefined : firstDraws(sample);
      if (draws === undefined) continue;
      const operations = drawnBy.get(draws) ?? new Set();
      drawnBy.set(draws, operations.add(variant ? `${op}[${variant}]` : op));
    }
  }
  return [...drawnBy].flatMap(([draws, by]) => (by.size > 1 ? [`${[...by].join(', ')}: ${draws}`] : []));
}
