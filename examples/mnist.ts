import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { data, manualSeed } from '@kindling/core';
import { saveSafetensors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { reportWritten, runExample } from './command-line.ts';
import { compiledIf } from './compiled-if.ts';
import { loadMnist } from './mnist/data.ts';
import { example } from './mnist/example.ts';
import { confusionPicture, lossCurve, mistakeSheet } from './mnist/pictures.ts';
import { misread, mistakesOf, said, stepOf, test, trainEpoch } from './mnist/train.ts';

await runExample(example, async ({ numbers, on, out }) => {
  const { epochs, lr, 'batch-size': batchSize, seed } = numbers;
  const mnist = loadMnist();
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, epochs);
  const dataset = new data.TensorDataset(mnist.train.images, mnist.train.labels);
  const loader = new data.DataLoader(dataset, { batchSize, shuffle: true });
  const step = compiledIf(on.compile, stepOf(model, optimizer));
  console.log(String(model));

  const losses: number[] = [];
  let result = test(model, mnist.test);
  const testLosses = [result.loss];
  const { labels } = mnist.test;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    const epochLosses = trainEpoch(step, loader, epoch, epochs);
    const seconds = (performance.now() - start) / 1000;
    losses.push(...epochLosses);
    scheduler.step();
    result = test(model, mnist.test);
    testLosses.push(result.loss);
    console.log(`epoch ${epoch}: ${said(result, labels)}, ${seconds.toFixed(2)} s`);
  }

  const { predicted } = result;
  const { matrix, wrong } = misread(predicted, labels);
  const path = (name: string): string => join(out, name);
  await writeFile(path('loss.svg'), await lossCurve(losses, testLosses, loader.length));
  await writeFile(path('confusion.svg'), await confusionPicture(matrix));
  await writeFile(path('mistakes.svg'), await mistakeSheet(mistakesOf(predicted, mnist.test), wrong));
  await saveSafetensors(path('mnist.safetensors'), model.stateDict());
  console.log(`${wrong} of ${labels.count} test images misread.`);
  reportWritten(out, ['loss.svg', 'confusion.svg', 'mistakes.svg', 'mnist.safetensors']);
});
