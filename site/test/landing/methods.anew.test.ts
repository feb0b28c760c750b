/** The program of the landing page, on no other methods of Tensor than its worker has. */
import { afterEach, expect, it, vi } from 'vitest';
import { pointsOf } from '../../src/page/data-sets.ts';
import { holdAll, runExample } from '../playground/run-example.ts';

vi.mock('../../../packages/core/src/methods.ts', () => import('../../src/landing/methods.ts'));
afterEach(holdAll);

it('trains, and does whatever the page asks of it', async () => {
  const run = await runExample(() => import('../../src/landing/net.ts'));
  const { Tensor } = await import('@kindling/core');
  expect(Tensor.prototype).not.toHaveProperty('matmul');
  await run.until(({ losses }) => (losses.losses.at(-1) ?? 1) < 0.1);
  const few = (pointsOf('spiral') ?? []).slice(-2);
  run.say({ kind: 'points', set: 'spiral', points: few });
  run.say({ kind: 'rate', stepsPerSecond: 100 });
  const { step, pictures } = await run.until(({ value }) => value < 0.01);
  expect(pictures.field?.every((value) => value >= 0 && value <= 1)).toBe(true);
  run.say({ kind: 'pause', paused: true });
  run.say({ kind: 'step' });
  await run.until((frame) => frame.step > step);
});
