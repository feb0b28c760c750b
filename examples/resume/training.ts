import { setTimeout as pause } from 'node:timers/promises';
import { Checkpoint, data, manualSeed, type Tensor } from '@kindling/core';
import { folderStorage } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { compiledIf } from '../compiled-if.ts';
import { loadIris } from '../iris/data.ts';

/** What one process is told to do. */
export interface Task {
  readonly epochs: number;
  /** Samples a batch. */
  readonly batch: number;
  /** Steps between two checkpoints. */
  readonly every: number;
  /** Where the checkpoints lie; `null` for a training without. */
  readonly folder: string | null;
  readonly compile: boolean;
  /** What the process draws its first weights from, which a checkpoint replaces. */
  readonly seed: number;
  /** The process ends itself at this step, so many milliseconds after it began to save a checkpoint. */
  readonly kill: { readonly step: number; readonly milliseconds: number } | null;
}

/** A step of a training, as it is told while it runs. */
export interface Told {
  readonly step: number;
  readonly loss: number;
}

/** The steps of one epoch. */
export const stepsOfEpoch = ({ batch }: Pick<Task, 'batch'>): number => Math.ceil(loadIris().y.count / batch);

/**
 * A net with all that draws and remembers: dropout, normalization, Adam, a schedule for each step, averages, a loader
 * that shuffles.
 */
function make(task: Task) {
  manualSeed(task.seed);
  const { x, y, features, species } = loadIris();
  const model = new nn.Sequential(
    new nn.Linear(features.length, 32),
    new nn.BatchNorm1d(32),
    new nn.ReLU(),
    new nn.Dropout({ p: 0.3 }),
    new nn.Linear(32, species.length),
  );
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: task.batch, shuffle: true });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01, amsgrad: true });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, task.epochs * stepsOfEpoch(task));
  const averaged = new nn.swaUtils.AveragedModel(model, {
    multiAvgFn: nn.swaUtils.getEmaMultiAvgFn({ decay: 0.95 }),
  });
  const lossFn = new nn.CrossEntropyLoss();
  const step = compiledIf(task.compile, (inputs: Tensor, labels: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = lossFn(model(inputs), labels);
    loss.backward();
    optimizer.step();
    averaged.updateParameters(model);
    return loss;
  });
  return { model, averaged, loader, optimizer, scheduler, step };
}

/**
 * Trains to the end, from the newest checkpoint where there is one, and gives what it ended with as text: weights,
 * averages, Adam's state.
 */
export async function train(task: Task, tell: (told: Told) => void): Promise<string> {
  const { folder, every, kill } = task;
  const { step: trainStep, loader, ...parts } = make(task);
  const checkpoint =
    folder === null ? null : new Checkpoint({ storage: folderStorage(folder), parts: { ...parts, loader } });

  const at = await checkpoint?.resume();
  // The beginning too: who is killed before the first checkpoint would begin with other weights.
  if (!at) await checkpoint?.save({});
  let step = at?.step ?? 0;
  for (let epoch = at?.epoch ?? 0; epoch < task.epochs; epoch++) {
    for (const [x, y] of loader) {
      const loss = trainStep(x as Tensor, y as Tensor).item();
      parts.scheduler.step();
      tell({ step: ++step, loss });
      if (step === kill?.step) {
        void checkpoint?.save({ epoch, step });
        await pause(kill.milliseconds);
        process.kill(process.pid, 'SIGKILL');
      }
      if (step % every === 0) await checkpoint?.save({ epoch, step });
    }
  }
  return JSON.stringify([parts.model, parts.averaged, parts.optimizer].map((part) => part.stateDict()));
}
