import brain from 'brain.js';
import * as cases from './cases.ts';
import { record, runSuite, timed } from './timing.ts';

/** Passes over the samples in one call of `train`, which first turns them into arrays. */
const passes = 100;

/**
 * A pass over the samples of a batch, with brain.js's own sigmoid and squared error, and an update after each sample.
 * The other nets would take seconds a pass.
 */
async function steps(): Promise<void> {
  for (const { name, sizes, batch, loss } of cases.nets) {
    if (loss === 'ce') continue;
    const samples = Array.from({ length: batch }, (_, i) => ({
      input: Array.from({ length: sizes[0] }, Math.random),
      output: [i % 2],
    }));
    for (const optimizer of cases.optimizers) {
      const praxis = optimizer === 'Adam' ? { praxis: 'adam' as const } : {};
      const net = new brain.NeuralNetwork({ hiddenLayers: sizes.slice(1, -1), ...praxis });
      const options = { iterations: passes, errorThresh: 1e-12, ...praxis };
      await record(cases.stepCase(name, optimizer), async () => {
        const found = await timed(() => {
          const { iterations } = net.train(samples, options) as unknown as { iterations: number };
          if (iterations !== passes) throw new Error(`only ${iterations} passes of ${passes} were made`);
        });
        return found.map((us) => us / passes);
      });
    }
  }
}

await runSuite({ steps });
