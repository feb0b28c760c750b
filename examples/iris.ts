/**
 * The first thing to train: which of three species an iris is, by the lengths and widths of its leaves. Five nets learn
 * from four fifths of the flowers each, stop when they get no better, and are asked about the rest.
 *
 *     pnpm iris [--folds N] [--compile] ...
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { int32, manualSeed, noGrad, randperm, type Tensor, tensor, zeros } from '@kindling/core';
import { count, rate, reportWritten, runExample, seed, switches } from './command-line.ts';
import { confusionMatrix, printConfusion } from './confusion.ts';
import { loadIris, stratifiedFolds } from './iris/data.ts';
import { decisionPicture, learningCurves } from './iris/pictures.ts';
import { type Part, type Trained, trainUntilItStops } from './iris/train.ts';
import { startProgress } from './progress.ts';

const example = {
  name: 'iris',
  does: 'Trains a small net to tell three species of iris apart, by k-fold cross-validation with early stopping.',
  numbers: {
    folds: count('parts of the flowers, each of which one net does not see', 5, 50, 2),
    epochs: count('passes over the flowers at most', 500),
    patience: count('epochs without a lower validation loss before the end', 30),
    hidden: count('hidden units', 16, 4096),
    lr: rate("Adam's learning rate", 0.05),
    seed,
  },
  switches,
};

await runExample(example, async ({ numbers, on, out }) => {
  const flowers = loadIris();
  const { x, y, species } = flowers;
  manualSeed(numbers.seed);
  const folds = stratifiedFolds(y.data, randperm(y.count).data, numbers.folds);
  const only = (which: readonly number[]): Part => {
    const index = tensor([...which], { dtype: int32 });
    return { x: x.indexSelect(0, index), y: y.indexSelect(0, index) };
  };

  const predicted = zeros([y.count], { dtype: int32 });
  const trained: Trained[] = [];
  for (const [i, unseen] of folds.entries()) {
    // Another fifth of what is left says when to stop: the flowers that test the net may not.
    const rest = folds.filter((_, other) => other !== i).flat();
    const [held = [], ...parts] = stratifiedFolds(y.data, rest, 5);
    const progress = startProgress(`fold ${i + 1}/${folds.length}`, numbers.epochs);
    const result = trainUntilItStops(
      only(parts.flat()),
      only(held),
      species.length,
      { ...numbers, ...on },
      progress,
    );
    trained.push(result);
    const test = only(unseen);
    const guesses: Tensor = noGrad(() => result.model(test.x).argmax(1));
    predicted.indexCopy_(0, tensor([...unseen], { dtype: int32 }), guesses);
    const right = guesses.eq(test.y).sum().item();
    console.log(
      `fold ${i + 1}: ${right} of ${unseen.length} right, stopped after ${result.losses.length - 1} epochs, best ${result.best}`,
    );
  }

  printConfusion(confusionMatrix(predicted, y, species.length), species);
  const right = predicted.eq(y).sum().item();
  console.log(
    `${right} of ${y.count} irises (${((100 * right) / y.count).toFixed(1)} %) told right by nets that had not seen them.`,
  );
  const models = trained.map(({ model }) => model);
  await writeFile(join(out, 'losses.svg'), await learningCurves(trained));
  await writeFile(join(out, 'decisions.svg'), await decisionPicture(flowers, predicted, models));
  reportWritten(out, ['losses.svg', 'decisions.svg']);
});
