/**
 * Reads digits by a small convolutional net, which looks for the same shapes everywhere in an image, and shows what it
 * looks for.
 *
 *     pnpm cnn [--epochs N] [--compile] ...
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { data, manualSeed, stack, type Tensor } from '@kindling/core';
import { saveSafetensors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { ConvNet } from './cnn/net.ts';
import { featureSheet } from './cnn/pictures.ts';
import { count, rate, reportWritten, runExample, seed, switches } from './command-line.ts';
import { compiledIf } from './compiled-if.ts';
import { loadMnist, type Split } from './mnist/data.ts';
import { lossCurve, mistakeSheet } from './mnist/pictures.ts';
import { misread, mistakesOf, type Step, said, stepOf, test, trainEpoch } from './mnist/train.ts';

const example = {
  name: 'cnn',
  does: 'Trains a convolutional net of the size of LeNet on the full MNIST, and shows its filters and what they find.',
  numbers: {
    epochs: count('passes over the 60,000 training images', 5, 1000, 0),
    lr: rate("Adam's greatest learning rate, of one cycle over all steps", 0.005),
    'batch-size': count('images a step', 64, 60_000),
    seed,
  },
  switches,
};

const asImages = ({ images, labels }: Split): Split => ({ images: images.reshape(-1, 1, 28, 28), labels });

/** The first image of each digit. */
const oneOfEach = ({ images, labels }: Split): Tensor =>
  stack(Array.from({ length: 10 }, (_, digit) => images.select(0, labels.data.indexOf(digit))));

await runExample(example, async ({ numbers, on, out }) => {
  const { epochs } = numbers;
  const mnist = loadMnist();
  const [training, unseen] = [asImages(mnist.train), asImages(mnist.test)];
  manualSeed(numbers.seed);
  const model = new ConvNet();
  console.log(nn.summary(model, [numbers['batch-size'], 1, 28, 28]));
  const dataset = new data.TensorDataset(training.images, training.labels);
  const loader = new data.DataLoader(dataset, { batchSize: numbers['batch-size'], shuffle: true });
  const optimizer = new optim.Adam(model.parameters(), { lr: numbers.lr });
  const totalSteps = Math.max(1, epochs * loader.length);
  const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, numbers.lr, { totalSteps });
  const learn = compiledIf(on.compile, stepOf(model, optimizer));
  const step: Step = (images, labels) => {
    const learned = learn(images, labels);
    scheduler.step();
    return learned;
  };

  const { labels } = unseen;
  const losses: number[] = [];
  let result = test(model, unseen);
  const testLosses = [result.loss];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    losses.push(...trainEpoch(step, loader, epoch, epochs));
    const seconds = (performance.now() - start) / 1000;
    result = test(model, unseen);
    testLosses.push(result.loss);
    console.log(`epoch ${epoch}: ${said(result, labels)}, ${seconds.toFixed(2)} s`);
  }

  const { predicted } = result;
  const { wrong } = misread(predicted, labels);
  const digits = oneOfEach(unseen);
  const path = (name: string): string => join(out, name);
  await writeFile(path('features.svg'), await featureSheet(digits, model.show(digits)));
  await writeFile(path('loss.svg'), await lossCurve(losses, testLosses, loader.length, 'convolutional net'));
  await writeFile(path('mistakes.svg'), await mistakeSheet(mistakesOf(predicted, unseen), wrong));
  await saveSafetensors(path('cnn.safetensors'), model.stateDict());
  console.log(`${wrong} of ${labels.count} test images misread.`);
  reportWritten(out, ['features.svg', 'loss.svg', 'mistakes.svg', 'cnn.safetensors']);
});
