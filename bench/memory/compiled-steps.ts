/** A million compiled steps in one synchronous loop. */
import { compile, manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';
import { header, report } from './report.ts';

const steps = 1_000_000;
const every = 200_000;

manualSeed(0);
const [{ name, batch, ...net }] = nets;
const { step, batch: draw } = training(net, 'SGD');
const compiled = compile(step);
const [x, y] = draw(batch);
header(`${steps} compiled SGD steps of ${name}, in one synchronous loop`);
const start = performance.now();
for (let i = 1; i <= steps; i++) {
  compiled(x, y);
  if (i === every / 10 || i % every === 0) report(String(i));
}
console.log(`${(((performance.now() - start) / steps) * 1000).toFixed(2)} us a step`);
