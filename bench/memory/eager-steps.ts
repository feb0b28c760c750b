/** Small eager steps in one synchronous loop, without a pause for the event loop and without any call that frees memory. */
import { manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';
import { header, report } from './report.ts';

const steps = 200_000;
const every = 40_000;

manualSeed(0);
const [, { name, batch, ...net }] = nets;
const { step, batch: draw } = training(net, 'Adam');
const [x, y] = draw(batch);
header(`${steps} eager Adam steps of ${name}, in one synchronous loop`);
const start = performance.now();
for (let i = 1; i <= steps; i++) {
  step(x, y);
  if (i === every / 2 || i % every === 0) report(String(i));
}
console.log(`${(((performance.now() - start) / steps) * 1000).toFixed(1)} us a step`);
