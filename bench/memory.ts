import { manualSeed, rand, randn } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

/**
 * 200,000 small training steps in one synchronous loop, without a pause for the event loop and without any call that frees
 * memory: what the process holds afterwards is what it held after the first 20,000.
 */
const steps = 200_000;
const every = 20_000;

manualSeed(0);
const model = new nn.Sequential(
  new nn.Linear(2, 16),
  new nn.ReLU(),
  new nn.Linear(16, 16),
  new nn.ReLU(),
  new nn.Linear(16, 1),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const lossFn = new nn.BCEWithLogitsLoss();
const x = randn([32, 2]);
const y = rand([32, 1]).round();

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1).padStart(8);
const start = performance.now();
console.log('   steps      rss  heap used  array buffers  (MiB)');
for (let step = 1; step <= steps; step++) {
  optimizer.zeroGrad();
  lossFn(model(x), y).backward();
  optimizer.step();
  if (step % every === 0) {
    globalThis.gc?.();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    console.log(
      `${String(step).padStart(8)} ${mebibytes(rss)}   ${mebibytes(heapUsed)}       ${mebibytes(arrayBuffers)}`,
    );
  }
}
console.log(`${(((performance.now() - start) / steps) * 1000).toFixed(1)} us a step`);
