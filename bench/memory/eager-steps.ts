/**
 * Small eager steps in one synchronous loop, without a pause for the event loop and without any call that frees memory.
 */
import { manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';
import { repeat } from './report.ts';

manualSeed(0);
const [, { name, batch, ...net }] = nets;
const { step, batch: draw } = training(net, 'Adam');
const [x, y] = draw(batch);
repeat(`eager Adam steps of ${name}`, 200_000, () => step(x, y));
