/** Pictures by Vega-Lite. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Renders a Vega-Lite specification. */
export const render = (spec: TopLevelSpec): Promise<string> =>
  new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();

/** The mean loss of each hundredth of all steps, in the middle of it; and how many steps that is. */
export function meanLosses(losses: readonly number[]): {
  width: number;
  means: { at: number; loss: number }[];
} {
  const width = Math.max(1, Math.round(losses.length / 100));
  const means: { at: number; loss: number }[] = [];
  for (let start = 0; start < losses.length; start += width) {
    const window = losses.slice(start, start + width);
    means.push({
      at: start + window.length / 2,
      loss: window.reduce((a, b) => a + b, 0) / window.length,
    });
  }
  return { width, means };
}

/** A title for such means. */
export const titled = (text: string, width: number) => ({
  text,
  ...(width > 1 && { subtitle: `training: means of ${width} steps` }),
});

/** Two lines: what training had, and what a model was measured by now and then, as points too. */
export const twoLines = (measured: string) => ({
  color: {
    field: 'series',
    type: 'nominal' as const,
    title: null,
    scale: { domain: ['training', measured], range: ['#4c78a8', '#e45756'] },
  },
  layer: [
    { mark: 'line' as const },
    {
      transform: [{ filter: `datum.series === '${measured}'` }],
      mark: { type: 'point' as const, filled: true, size: 60, opacity: 1 },
    },
  ],
});

/** What is common to all pictures. */
export const frame = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  padding: 12,
} as const;
