/**
 * Each example of the playground trains to a stated loss, in the steps that are stated, and shows what its picture
 * needs.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Frame } from '../../src/page/protocol.ts';
import { holdAll, runExample } from './run-example.ts';

afterEach(holdAll);

const recent = ({ losses }: Frame): number => losses.losses.at(-1) ?? Number.NaN;

interface Goal {
  readonly load: () => Promise<unknown>;
  readonly steps: number;
  readonly below: number;
  readonly shows: keyof Frame['pictures'];
}

const folder = '../../src/playground/examples';
const goals: Record<string, Goal> = {
  xor: { load: () => import(`${folder}/xor.ts`), steps: 2000, below: 0.1, shows: 'field' },
  spiral: { load: () => import(`${folder}/spiral.ts`), steps: 4000, below: 0.05, shows: 'field' },
  regression: { load: () => import(`${folder}/regression.ts`), steps: 4000, below: 0.03, shows: 'curve' },
  'custom-loss': { load: () => import(`${folder}/custom-loss.ts`), steps: 1500, below: 0.4, shows: 'field' },
  digits: { load: () => import(`${folder}/digits.ts`), steps: 1200, below: 0.6, shows: 'bars' },
  autoencoder: { load: () => import(`${folder}/autoencoder.ts`), steps: 1200, below: 0.24, shows: 'images' },
  'char-gpt': { load: () => import(`${folder}/char-gpt.ts`), steps: 400, below: 1.9, shows: 'text' },
};

describe.each(Object.entries(goals))('%s', (_, { load, steps, below, shows }) => {
  it(`reaches a loss below ${below} within ${steps} steps, and shows ${shows}`, async () => {
    const run = await runExample(load);
    run.say({ kind: 'drawing', pixels: new Float32Array(196) });
    const frame = await run.until(
      (one) => one.step > steps || (recent(one) < below && shows in one.pictures),
    );
    expect(recent(frame)).toBeLessThan(below);
    expect(frame.pictures[shows]).toBeDefined();
    expect(frame.measure).toBe('Loss');
  }, 60_000);
});

it('the cart learns to hold its pole for 200 steps', async () => {
  const run = await runExample(() => import('../../src/playground/examples/cart-pole.ts'));
  const frame = await run.until(({ step, value }) => step > 60_000 || value >= 200);
  expect(frame.value).toBeGreaterThanOrEqual(200);
  expect(frame.measure).toBe('Score');
  expect(frame.pictures.cart).toBeDefined();
}, 60_000);

it('the program of the landing page learns the spiral', async () => {
  const run = await runExample(() => import('../../src/landing/net.ts'));
  const frame = await run.until((one) => one.step > 4000 || recent(one) < 0.05);
  expect(recent(frame)).toBeLessThan(0.05);
}, 60_000);
