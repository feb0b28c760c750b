import { frame, render } from '../vega.ts';

/** The loss on training text, as means of a hundredth of all steps, and on validation text after some steps, as an SVG. */
export function lossCurve(
  title: string,
  losses: readonly number[],
  validations: readonly { readonly step: number; readonly loss: number }[],
): Promise<string> {
  const width = Math.max(1, Math.round(losses.length / 100));
  const values: { step: number; loss: number; series: string }[] = [];
  for (let start = 0; start < losses.length; start += width) {
    const window = losses.slice(start, start + width);
    const loss = window.reduce((a, b) => a + b, 0) / window.length;
    values.push({ step: start + window.length / 2, loss, series: 'training' });
  }
  for (const { step, loss } of validations) values.push({ step, loss, series: 'validation' });
  return render({
    ...frame,
    title,
    width: 640,
    height: 320,
    data: { values },
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        title: 'steps done',
        scale: { domain: [0, losses.length], nice: false },
      },
      y: {
        field: 'loss',
        type: 'quantitative',
        scale: { zero: false },
        title: `cross entropy of a character (training: mean of ${width} step${width === 1 ? '' : 's'})`,
      },
      color: {
        field: 'series',
        type: 'nominal',
        title: null,
        scale: { domain: ['training', 'validation'], range: ['#4c78a8', '#e45756'] },
      },
    },
    layer: [
      { mark: 'line' },
      {
        transform: [{ filter: "datum.series === 'validation'" }],
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
      },
    ],
  });
}
