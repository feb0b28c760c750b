import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Generator, manualSeed, noGrad } from '@kindling/core';
import { saveSafetensors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { reportWritten } from '../command-line.ts';
import { compiledIf } from '../compiled-if.ts';
import { UsageError } from '../flags.ts';
import { startProgress } from '../progress.ts';
import { type Batch, codesOf, evenBatches, loadCorpus, randomBatch } from './data.ts';
import { lossCurve } from './loss-curve.ts';
import type { CharOptions } from './options.ts';
import { type Model, sample } from './sampling.ts';

/** The mean loss of a character. */
const lossOf = (model: Model, { input, target }: Batch) =>
  nn.F.crossEntropy(model(input).flatten(0, 1), target.flatten());

const validate = (model: Model, batches: readonly Batch[]): number => {
  let sum = 0;
  let count = 0;
  for (const batch of batches) {
    sum += noGrad(() => lossOf(model, batch)).item() * batch.input.count;
    count += batch.input.count;
  }
  return sum / count;
};

/**
 * Trains a model of `make` on the text, prints losses and samples on the way, and leaves the curve of the loss and the
 * weights.
 */
export async function train(
  name: string,
  make: (vocabularySize: number) => Model,
  { numbers, out, texts, on }: CharOptions<never>,
): Promise<void> {
  const { steps, 'batch-size': batchSize, context, lr, every, seed } = numbers;
  const corpus = loadCorpus(texts.text);
  const { vocabulary } = corpus;
  if (corpus.validation.count <= context)
    throw new UsageError(
      `--context ${context}: a tenth of the text, to validate on, is ${corpus.validation.count} characters`,
    );

  manualSeed(seed);
  const model = make(vocabulary.length);
  const parameters = model.parameters();
  const optimizer = new optim.AdamW(parameters, { lr, betas: [0.9, 0.99], weightDecay: 0.1 });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, steps);
  const step = compiledIf(on.compile, ({ input, target }: Batch) => {
    optimizer.zeroGrad();
    const loss = lossOf(model, { input, target });
    loss.backward();
    nn.utils.clipGradNorm_(parameters, 1);
    optimizer.step();
    return loss;
  });
  const size = parameters.reduce((sum, p) => sum + p.count, 0);
  console.log(`${model}\n${size} parameters, ${vocabulary.length} characters`);

  // The order of the text and the samples have streams of their own: neither depends on how the model draws.
  const order = new Generator().manualSeed(seed);
  const sampling = { context, temperature: 0.8, generator: new Generator().manualSeed(seed) };
  const prompt = Array.from(
    codesOf(vocabulary, [vocabulary.includes('\n') ? '\n' : (vocabulary[0] ?? '')]).data,
  );
  const held = evenBatches(corpus.validation, 64, batchSize, context);
  const losses: number[] = [];
  const validations = [{ step: 0, loss: validate(model, held) }];
  for (let done = 0; done < steps; ) {
    const end = Math.min(steps, done + every);
    const start = performance.now();
    const progress = startProgress(`steps ${done + 1}-${end}`, end - done);
    const recent: number[] = [];
    for (; done < end; done++) {
      const loss = step(randomBatch(corpus.train, batchSize, context, order)).item();
      scheduler.step();
      recent.push(loss);
      progress.update(recent.length, [`loss ${loss.toFixed(4)}`]);
    }
    progress.stop();
    losses.push(...recent);
    const perStep = (performance.now() - start) / recent.length;
    const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
    const loss = validate(model, held);
    validations.push({ step: done, loss });
    console.log(
      `step ${done}: training loss ${mean.toFixed(4)}, validation loss ${loss.toFixed(4)}, ${perStep.toFixed(1)} ms a step`,
    );
    const written = sample(model, prompt, 240, sampling).map((code) => vocabulary[code]);
    console.log(written.join('').replace(/^/gm, '  | '));
  }

  const path = (file: string): string => join(out, file);
  await writeFile(path('loss.svg'), await lossCurve(`${name}: loss of a character`, losses, validations));
  await saveSafetensors(path(`${name}.safetensors`), model.stateDict());
  reportWritten(out, ['loss.svg', `${name}.safetensors`]);
}
