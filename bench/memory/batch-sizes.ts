/**
 * One compiled function with two hundred batch sizes, each of which gets a program that stays; then with the same ones
 * again.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { compile, manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';
import { header, report, settle } from './report.ts';

const sizes = 200;
const every = 50;

manualSeed(0);
const [, , { name, ...net }] = nets;
const { step, batch: draw } = training(net, 'Adam');
const compiled = compile(step);
header(`a compiled Adam step of ${name}, with batches of 1 to ${sizes}, twice`);
for (const round of ['first', 'again']) {
  for (let i = 1; i <= sizes; i++) {
    const [x, y] = draw(i);
    for (let call = 0; call < 4; call++) compiled(x, y);
    await turn();
    if (i === every / 5 || i % every === 0) report(`${round} ${i}`);
  }
}
await settle();
report('at rest');
console.log(`${compiled.programs.length} programs`);
