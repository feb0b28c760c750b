/**
 * Two hundred compiled functions, each with a net and an optimizer of its own, made and dropped: with a turn of the
 * event loop after each, as a script has that reads its data asynchronously, or with `synchronous` without any.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { compile, manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';
import { header, report, settle } from './report.ts';

const functions = 200;
const every = 40;
const synchronous = process.argv.includes('synchronous');

manualSeed(0);
const [, , { name, batch, ...net }] = nets;

function makeAndDrop(): void {
  const { step, batch: draw } = training(net, 'Adam');
  const compiled = compile(step);
  const [x, y] = draw(batch);
  for (let call = 0; call < 4; call++) compiled(x, y);
}

header(
  `${functions} compiled Adam steps of ${name}, each made, called four times and dropped, ` +
    (synchronous ? 'in one synchronous loop' : 'with a turn of the event loop after each'),
);
for (let i = 1; i <= functions; i++) {
  makeAndDrop();
  if (!synchronous) await turn();
  if (i === every / 4 || i % every === 0) report(String(i));
}
await settle();
report('at rest');
