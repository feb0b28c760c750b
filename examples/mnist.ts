import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, data, manualSeed, noGrad, type Tensor } from '@kindling/core';
import { saveSafetensors, useWideVectors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { confusionMatrix, printConfusion } from './confusion.ts';
import { UsageError } from './flags.ts';
import { loadMnist, type Split } from './mnist/data.ts';
import { type Options, readOptions } from './mnist/options.ts';
import { confusionPicture, lossCurve, type Mistake, mistakeSheet } from './mnist/pictures.ts';
import { startProgress } from './progress.ts';

type Model = nn.Module<[Tensor], Tensor>;

const countEqual = (a: Tensor, b: Tensor): number => a.eq(b).sum().item();

/** Trains on a batch; gives the loss, and how many images were read right. */
type Step = (images: Tensor, labels: Tensor) => { loss: Tensor; right: Tensor };

function stepOf(model: Model, optimizer: optim.Optimizer): Step {
  const lossFn = new nn.CrossEntropyLoss();
  return (images, labels) => {
    optimizer.zeroGrad();
    const logits = model(images);
    const loss = lossFn(logits, labels);
    loss.backward();
    optimizer.step();
    return { loss, right: logits.detach().argmax(1).eq(labels).sum() };
  };
}

/** One pass over the training images; returns the loss of each step. */
function trainEpoch(
  step: Step,
  loader: data.DataLoader<[Tensor, Tensor]>,
  epoch: number,
  epochs: number,
): number[] {
  const losses: number[] = [];
  const progress = startProgress(`epoch ${epoch}/${epochs}`, loader.dataset.length);
  let seen = 0;
  let right = 0;
  let lossSum = 0;
  for (const [images, labels] of loader) {
    const batch = step(images, labels);
    const value = batch.loss.item();
    losses.push(value);
    seen += labels.shape[0]!;
    lossSum += value * labels.shape[0]!;
    right += batch.right.item();
    progress.update(seen, [
      `loss ${(lossSum / seen).toFixed(4)}`,
      `accuracy ${((100 * right) / seen).toFixed(2)} %`,
    ]);
  }
  progress.stop();
  return losses;
}

/** What the model reads on each image, and its mean loss on them. */
const test = (model: Model, { images, labels }: Split): { predicted: Tensor; loss: number } =>
  noGrad(() => {
    const logits = model(images);
    return { predicted: logits.argmax(1), loss: nn.F.crossEntropy(logits, labels).item() };
  });

function mistakesOf(predicted: Tensor, { images, labels }: Split): Mistake[] {
  const wrong = predicted.ne(labels).nonzero().squeeze(1);
  return Array.from(wrong.data.subarray(0, 96), (i) => ({
    image: images.select(0, i),
    label: labels.data[i]!,
    predicted: predicted.data[i]!,
  }));
}

async function main(options: Options): Promise<void> {
  const { epochs, lr, batchSize, seed, out } = options;
  try {
    await mkdir(out, { recursive: true });
  } catch (error) {
    throw new UsageError(`--out: cannot make the folder ${out}: ${(error as Error).message}`);
  }
  if (options.wide) console.log(`--wide: ${useWideVectors().reason}`);
  const mnist = loadMnist();
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, epochs);
  const dataset = new data.TensorDataset(mnist.train.images, mnist.train.labels);
  const loader = new data.DataLoader(dataset, { batchSize, shuffle: true });
  const step = options.compile ? compile(stepOf(model, optimizer)) : stepOf(model, optimizer);
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
    const accuracy = ((100 * countEqual(result.predicted, labels)) / labels.count).toFixed(2);
    console.log(
      `epoch ${epoch}: test loss ${result.loss.toFixed(4)}, test accuracy ${accuracy} %, ${seconds.toFixed(2)} s`,
    );
  }

  const { predicted } = result;
  const wrong = labels.count - countEqual(predicted, labels);
  const matrix = confusionMatrix(predicted, labels, 10);
  printConfusion(matrix, Array.from(matrix.keys(), String));
  const path = (name: string): string => join(out, name);
  await writeFile(path('loss.svg'), await lossCurve(losses, testLosses, loader.length));
  await writeFile(path('confusion.svg'), await confusionPicture(matrix));
  await writeFile(path('mistakes.svg'), await mistakeSheet(mistakesOf(predicted, mnist.test), wrong));
  await saveSafetensors(path('mnist.safetensors'), model.stateDict());
  console.log(`${wrong} of ${labels.count} test images misread. Written to ${out}:`);
  console.log('  loss.svg, confusion.svg, mistakes.svg, mnist.safetensors');
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options !== null) await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`mnist: ${error.message}`);
  process.exitCode = 2;
}
