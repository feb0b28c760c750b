/**
 * What the first calls of a compiled function take, in a fresh process: the second one traces, the third one runs the
 * program.
 */
import { compile, manualSeed } from '@kindling/core';
import { nets } from '../peers/cases.ts';
import { training } from '../training.ts';

manualSeed(0);
const [, , mnist] = nets;
const deep = { sizes: [...new Array<number>(100).fill(32), 10], loss: 'ce' } as const;
const { net, batch } = process.argv.includes('deep')
  ? { net: deep, batch: 32 }
  : { net: mnist, batch: mnist.batch };
const { step, batch: draw } = training(net, 'Adam');
const compiled = compile(step);
const [x, y] = draw(batch);
const took = (call: () => unknown): number => {
  const start = performance.now();
  call();
  return performance.now() - start;
};
const calls = Array.from({ length: 60 }, () => took(() => compiled(x, y).item()));
const eager = Array.from({ length: 20 }, () => took(() => step(x, y).item()));
const settled = calls.slice(40);
console.log(`BENCH ${JSON.stringify([...calls.slice(0, 4), Math.min(...settled), Math.min(...eager)])}`);
