/**
 * MNIST in two dimensions: a net squeezes each image into two numbers and learns to make the image of them again.
 *
 *     pnpm autoencoder [--epochs N] [--compile] [--wide] ...
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { data, manualSeed, noGrad, type Tensor } from '@kindling/core';
import { saveSafetensors } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { Autoencoder } from './autoencoder/model.ts';
import { decodedPlane, planeOfCodes, reconstructions } from './autoencoder/pictures.ts';
import { count, rate, reportWritten, runExample, seed, switches } from './command-line.ts';
import { compiledIf } from './compiled-if.ts';
import { loadMnist, toPixels } from './mnist/data.ts';
import { startProgress } from './progress.ts';

const example = {
  name: 'autoencoder',
  does: 'Trains a net that makes two numbers of each MNIST image, and the image of two numbers.',
  numbers: {
    epochs: count('passes over the 60,000 images', 10, 1000),
    'batch-size': count('images a step', 128, 60_000),
    lr: rate("Adam's first learning rate, which falls along half a cosine", 0.002),
    seed,
  },
  switches,
};

/** The mean, over images, of the squared error of a pixel. */
const errorOn = (model: Autoencoder, images: Tensor): number =>
  noGrad(() => nn.F.mseLoss(model(images).sigmoid(), images).item());

await runExample(example, async ({ numbers, on, out }) => {
  const mnist = loadMnist();
  const [images, unseen] = [toPixels(mnist.train.images), toPixels(mnist.test.images)];
  manualSeed(numbers.seed);
  const model = new Autoencoder([256, 64]);
  const optimizer = new optim.Adam(model.parameters(), { lr: numbers.lr });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, numbers.epochs);
  const lossFn = new nn.BCEWithLogitsLoss();
  const step = compiledIf(on.compile, (batch: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = lossFn(model(batch), batch);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const batchSize = numbers['batch-size'];
  const loader = new data.DataLoader(new data.TensorDataset(images), { batchSize, shuffle: true });
  console.log(nn.summary(model, [batchSize, 784]));

  for (let epoch = 1; epoch <= numbers.epochs; epoch++) {
    const start = performance.now();
    const progress = startProgress(`epoch ${epoch}/${numbers.epochs}`, images.shape[0]!);
    let seen = 0;
    let sum = 0;
    for (const [batch] of loader) {
      const count = batch.shape[0]!;
      sum += step(batch).item() * count;
      seen += count;
      progress.update(seen, [`loss ${(sum / seen).toFixed(4)}`]);
    }
    progress.stop();
    scheduler.step();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `epoch ${epoch}: squared error of a test pixel ${errorOn(model, unseen).toFixed(5)}, ${seconds} s`,
    );
  }

  const mean = images.mean(0).expand(unseen.shape);
  console.log(`The mean of all images would have ${nn.F.mseLoss(mean, unseen).item().toFixed(5)}.`);
  const codes = noGrad(() => model.encoder(unseen));
  await writeFile(join(out, 'codes.svg'), await planeOfCodes(codes, mnist.test.labels));
  await writeFile(join(out, 'reconstructions.png'), reconstructions(model, unseen.narrow(0, 0, 80), 20));
  await writeFile(join(out, 'plane.png'), decodedPlane(model, codes, 20));
  await saveSafetensors(join(out, 'autoencoder.safetensors'), model.stateDict());
  reportWritten(out, ['codes.svg', 'reconstructions.png', 'plane.png', 'autoencoder.safetensors']);
});
