/** Training a model of digits, and what it reads on others. */
import { cat, type data, noGrad, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import type * as optim from '@kindling/optim';
import { confusionMatrix, printConfusion } from '../confusion.ts';
import { startProgress } from '../progress.ts';
import type { Split } from './data.ts';
import type { Mistake } from './pictures.ts';

/** Gives for images, of whatever shape it takes, logits of shape (n, 10). */
type Model = nn.Module<[Tensor], Tensor>;

const countEqual = (a: Tensor, b: Tensor): number => a.eq(b).sum().item();

/** Trains on a batch; gives the loss, and how many images were read right. */
export type Step = (images: Tensor, labels: Tensor) => { loss: Tensor; right: Tensor };

export function stepOf(model: Model, optimizer: optim.Optimizer): Step {
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
export function trainEpoch(
  step: Step,
  loader: data.DataLoader<[Tensor, Tensor]>,
  epoch: number,
  epochs: number,
): number[] {
  const losses: number[] = [];
  const progress = startProgress(`epoch ${epoch}/${epochs}`, loader.dataset.length ?? Number.NaN);
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
export const test = (model: Model, { images, labels }: Split): { predicted: Tensor; loss: number } =>
  noGrad(() => {
    // What a model holds in between for all images at once would be large.
    const logits = cat(images.split(1000).map((some) => model(some)));
    return { predicted: logits.argmax(1), loss: nn.F.crossEntropy(logits, labels).item() };
  });

/** What is said of them. */
export function said({ predicted, loss }: ReturnType<typeof test>, labels: Tensor): string {
  const accuracy = (100 * countEqual(predicted, labels)) / labels.count;
  return `test loss ${loss.toFixed(4)}, test accuracy ${accuracy.toFixed(2)} %`;
}

/** Prints which digits were taken for which; gives that, and how many images were misread. */
export function misread(predicted: Tensor, labels: Tensor): { matrix: number[][]; wrong: number } {
  const matrix = confusionMatrix(predicted, labels, 10);
  printConfusion(matrix, Array.from(matrix.keys(), String));
  return { matrix, wrong: labels.count - countEqual(predicted, labels) };
}

/** The first images that were read wrongly, as many as a sheet holds. */
export function mistakesOf(predicted: Tensor, { images, labels }: Split): Mistake[] {
  const wrong = predicted.ne(labels).nonzero().squeeze(1);
  return Array.from(wrong.data.subarray(0, 96), (i) => ({
    image: images.select(0, i),
    label: labels.data[i]!,
    predicted: predicted.data[i]!,
  }));
}
