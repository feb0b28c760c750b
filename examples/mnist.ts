import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { data, manualSeed, noGrad, type Tensor } from '@kindling/core';
import { saveSafetensors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { loadMnist, type Split } from './mnist/data.ts';
import { type Options, readOptions, UsageError } from './mnist/options.ts';
import { confusionPicture, lossCurve, type Mistake, mistakeSheet } from './mnist/pictures.ts';
import { startProgress } from './mnist/progress.ts';

type Model = nn.Module<[Tensor], Tensor>;

const countEqual = (a: Tensor, b: Tensor): number => a.eq(b).sum().item();

/** One pass over the training images; returns the loss of each step. */
function trainEpoch(
  model: Model,
  loader: data.DataLoader<[Tensor, Tensor]>,
  optimizer: optim.Optimizer,
  epoch: number,
  epochs: number,
): number[] {
  const lossFn = new nn.CrossEntropyLoss();
  const losses: number[] = [];
  const progress = startProgress(epoch, epochs, loader.dataset.length);
  let seen = 0;
  let right = 0;
  let lossSum = 0;
  for (const [images, labels] of loader) {
    optimizer.zeroGrad();
    const logits = model(images);
    const loss = lossFn(logits, labels);
    loss.backward();
    optimizer.step();
    const value = loss.item();
    losses.push(value);
    seen += labels.shape[0]!;
    lossSum += value * labels.shape[0]!;
    right += countEqual(logits.detach().argmax(1), labels);
    progress.update(seen, lossSum / seen, right / seen);
  }
  progress.stop();
  return losses;
}

/** What the model reads on each test image. */
const predict = (model: Model, { images }: Split): Tensor => noGrad(() => model(images).argmax(1));

function confusionMatrix(predicted: Tensor, labels: Tensor): number[][] {
  const matrix = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const guesses = predicted.data;
  for (const [i, label] of labels.data.entries()) matrix[label]![guesses[i]!]!++;
  return matrix;
}

function printConfusion(matrix: readonly (readonly number[])[]): void {
  const cells = (row: readonly (number | string)[]): string => row.map((v) => String(v).padStart(5)).join('');
  console.log('\nConfusion matrix (rows: label, columns: prediction)');
  console.log(`     ${cells(Array.from({ length: 10 }, (_, d) => d))}   recall`);
  matrix.forEach((row, label) => {
    const total = row.reduce((a, b) => a + b, 0);
    console.log(`  ${label}  ${cells(row)}  ${((100 * row[label]!) / total).toFixed(1)} %`);
  });
}

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
  const { train, test } = loadMnist();
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, epochs);
  const dataset = new data.TensorDataset(train.images, train.labels);
  const loader = new data.DataLoader(dataset, { batchSize, shuffle: true });
  console.log(String(model));

  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    const epochLosses = trainEpoch(model, loader, optimizer, epoch, epochs);
    const seconds = (performance.now() - start) / 1000;
    losses.push(...epochLosses);
    scheduler.step();
    const accuracy = countEqual(predict(model, test), test.labels) / test.labels.count;
    console.log(`epoch ${epoch}: test accuracy ${(100 * accuracy).toFixed(2)} %, ${seconds.toFixed(2)} s`);
  }

  const predicted = predict(model, test);
  const matrix = confusionMatrix(predicted, test.labels);
  printConfusion(matrix);
  const path = (name: string): string => join(out, name);
  await writeFile(path('loss.svg'), await lossCurve(losses, loader.length));
  await writeFile(path('confusion.svg'), await confusionPicture(matrix));
  await writeFile(path('mistakes.png'), mistakeSheet(mistakesOf(predicted, test)));
  await saveSafetensors(path('mnist.safetensors'), model.stateDict());
  const wrong = test.labels.count - countEqual(predicted, test.labels);
  console.log(`\n${wrong} of ${test.labels.count} test images misread. Written to ${out}:`);
  console.log('  loss.svg, confusion.svg, mistakes.png, mnist.safetensors');
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options !== null) await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`mnist: ${error.message}`);
  process.exitCode = 2;
}
