/** A million compiled steps in one synchronous loop. */
import { compile, manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';
import { repeat } from './report.ts';

manualSeed(0);
const [{ name, batch, ...net }] = nets;
const { step, batch: draw } = training(net, 'SGD');
const compiled = compile(step);
const [x, y] = draw(batch);
repeat(`compiled SGD steps of ${name}`, 1_000_000, () => compiled(x, y));
