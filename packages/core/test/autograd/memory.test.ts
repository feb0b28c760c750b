/** What a backward pass holds while it goes on: gradients that have been passed on are nobody's. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { autograd, ones, type Tensor } from '../../src/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('a pass over a long chain holds the gradients of a few of its operations at a time', () => {
  const operations = 40;
  const bytes = 2 ** 20;
  const held: number[] = [];
  // Its gradients are handed out, so that the engine gives their memory to nobody else: only the collector frees it.
  const step = autograd.defineFunction({
    forward: (_ctx, x: Tensor) => x.view(-1),
    backward(_ctx, g) {
      collect();
      held.push(process.memoryUsage().arrayBuffers);
      return g.add(1);
    },
  });
  let y: Tensor = ones([bytes / 4], { requiresGrad: true });
  for (let i = 0; i < operations; i++) y = step(y);
  y.backward({ gradient: ones([bytes / 4]) });
  expect(held).toHaveLength(operations);
  const growth = Math.max(...held) - Math.min(...held.slice(0, 2));
  expect(growth).toBeLessThan((operations * bytes) / 4);
});
