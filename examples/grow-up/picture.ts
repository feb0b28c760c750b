import { frame, render } from '../vega.ts';

/** The losses of both halves of a training, one curve: each step's, and their running mean. */
export function lossPicture(
  here: readonly number[],
  there: readonly number[],
  title: string,
): Promise<string> {
  const half = (losses: readonly number[], first: number, name: string) =>
    losses.map((loss, i) => ({ step: first + i + 1, loss, half: name }));
  return render({
    ...frame,
    title: { text: title, subtitle: 'points: losses of steps; line: means of 21 steps' },
    width: 640,
    height: 320,
    data: { values: [...half(here, 0, 'Kindling'), ...half(there, here.length, 'PyTorch, 2 ranks')] },
    transform: [{ window: [{ op: 'mean', field: 'loss', as: 'mean' }], frame: [-10, 10] }],
    encoding: { x: { field: 'step', type: 'quantitative', scale: { nice: false } } },
    layer: [
      {
        mark: { type: 'point', size: 8, opacity: 0.4 },
        encoding: {
          y: { field: 'loss', type: 'quantitative', scale: { type: 'log' }, title: 'cross entropy' },
          color: { field: 'half', type: 'nominal', title: null, scale: { range: ['#4c78a8', '#e45756'] } },
        },
      },
      {
        mark: { type: 'line', strokeWidth: 1.5, color: '#333' },
        encoding: { y: { field: 'mean', type: 'quantitative' } },
      },
    ],
  });
}
