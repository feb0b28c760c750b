/** What './page' does with what the page asks for. */
import { afterEach, describe, expect, it } from 'vitest';
import { classSets, curveSets, pointsOf } from '../../src/page/data-sets.ts';
import { LossHistory } from '../../src/page/loss-history.ts';
import { holdAll, runExample } from './run-example.ts';

afterEach(holdAll);
const xor = () => import('../../src/playground/examples/xor.ts');

describe('a training', () => {
  it('pauses, and takes single steps', async () => {
    const run = await runExample(xor);
    run.say({ kind: 'pause', paused: true });
    await run.until(({ step }) => step === 1);
    run.say({ kind: 'step' });
    run.say({ kind: 'step' });
    const { step } = await run.until((frame) => frame.step === 3);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(run.frames.at(-1)?.step).toBe(step);
  });

  it('shows each step where it is slow', async () => {
    const run = await runExample(xor);
    run.say({ kind: 'rate', stepsPerSecond: 100 });
    await run.until(({ step }) => step >= 12);
    const steps = run.frames.map((frame) => frame.step);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
  });

  it('learns from points as they lie now', async () => {
    const run = await runExample(xor);
    await run.until(({ losses }) => (losses.losses.at(-1) ?? 1) < 0.05);
    // Each class where the other was: what was learned is all wrong.
    const flipped = (pointsOf('xor') ?? []).map((point) => ({
      ...point,
      label: point.label === 0 ? (1 as const) : (0 as const),
    }));
    // A step at a time: at full speed it could have learned anew before the next frame.
    run.say({ kind: 'pause', paused: true });
    const before = run.frames.length - 1;
    run.say({ kind: 'points', set: 'xor', points: flipped });
    run.say({ kind: 'step' });
    await run.until((frame) => run.frames.indexOf(frame) > before && frame.value > 0.5);
  });
});

it('a program that does not await show is told to', async () => {
  const run = await runExample(async () => {
    const { show } = await import('../../src/page/index.ts');
    while (true) show({ loss: 1 });
  });
  await expect(run.until(({ step }) => step > 1)).rejects.toThrow('write `await show({ ... })`');
});

describe('sets of points', () => {
  it.each([...classSets, ...curveSets])('%s lies in the plane, and is the same each time', (set) => {
    const points = pointsOf(set) ?? [];
    expect(points.length).toBeGreaterThan(30);
    expect(points.every(({ x, y }) => Math.abs(x) < 2 && Math.abs(y) < 2)).toBe(true);
    expect(pointsOf(set)).toEqual(points);
  });

  it.each(classSets)('%s has about as many of either class', (set) => {
    const ones = (pointsOf(set) ?? []).filter(({ label }) => label === 1).length;
    expect(ones).toBeGreaterThan(40);
    expect(ones).toBeLessThan(80);
  });
});

it('a history of losses keeps their mean, and stays short', () => {
  const history = new LossHistory();
  for (let i = 1; i <= 6400; i++) history.add(i);
  const { steps, losses } = history.curve();
  expect(steps.length).toBeLessThan(400);
  expect(steps.at(-1)).toBe(6400);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  expect(mean).toBeCloseTo(3200.5, 6);
});
