import { frame, meanLosses, render, titled, twoLines } from '../vega.ts';

/**
 * The loss on training text, as means of a hundredth of all steps, and on validation text after some steps, as an SVG.
 */
export function lossCurve(
  title: string,
  losses: readonly number[],
  validations: readonly { readonly step: number; readonly loss: number }[],
): Promise<string> {
  const { width, means } = meanLosses(losses);
  const { color, layer } = twoLines('validation');
  const values = [
    ...means.map(({ at, loss }) => ({ step: at, loss, series: 'training' })),
    ...validations.map(({ step, loss }) => ({ step, loss, series: 'validation' })),
  ];
  return render({
    ...frame,
    title: titled(title, width),
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
        title: 'cross entropy',
      },
      color,
    },
    layer,
  });
}
