import {
  defaultGenerator,
  Generator,
  indexSelect,
  randperm,
  stack,
  type Tensor,
  tensor,
} from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { clipGradNorm_, clipGradValue_, LBFGS, lrScheduler } from '@kindling/optim';
import { snapshot } from './snapshot.ts';
import type { Batch, Task } from './task.ts';

/** The next steps, as they went here. */
export interface Reference {
  /** Batches, losses, rates, ends of epochs, and parameters and buffers afterwards. */
  readonly tensors: Record<string, Tensor>;
  readonly losses: readonly number[];
  /** Whether some parameter that is learned got no gradient. */
  readonly unusedParameters: boolean;
  /** Whether the steps drew from the default generator. */
  readonly draws: boolean;
}

/** A batch, its number of samples, and whether it is the last of its epoch. */
interface Step extends Batch {
  readonly size: number;
  readonly isLast: boolean;
}

/** The batches that train.py has, in its order; without data the example again and again, as one epoch. */
function* batchesOf(task: Task): Iterable<Step> {
  const { data, batchSize, shuffle, dropLast, seed, steps } = task;
  if (data === null) {
    const size = task.example.inputs[0]?.shape[0] ?? 1;
    for (let i = 1; i <= steps; i++) yield { ...task.example, size, isLast: i === steps };
    return;
  }
  const count = data.inputs[0]?.shape[0] ?? 0;
  const total = dropLast ? count - (count % batchSize) : count;
  for (let epoch = task.epoch; total > 0; epoch++) {
    const generator = new Generator().manualSeed(seed + epoch);
    const order = shuffle ? randperm(count, { generator }) : null;
    for (let start = 0; start < total; start += batchSize) {
      const size = Math.min(batchSize, total - start);
      const rows = (x: Tensor): Tensor =>
        order === null ? x.narrow(0, start, size) : indexSelect(x, 0, order.narrow(0, start, size));
      yield {
        inputs: data.inputs.map(rows),
        targets: data.targets.map(rows),
        size,
        isLast: start + size >= total,
      };
    }
  }
}

/** Clips the gradients of the model, as the options say. */
function clip({ model, options: { clipGradNorm, clipGradValue } }: Task): void {
  if (clipGradNorm !== undefined) {
    const { maxNorm, normType = 2 } =
      typeof clipGradNorm === 'number' ? { maxNorm: clipGradNorm } : clipGradNorm;
    clipGradNorm_(model.parameters(), maxNorm, { normType });
  }
  if (clipGradValue !== undefined) clipGradValue_(model.parameters(), clipGradValue);
}

/** A step of the optimizer, which LBFGS takes by calling the closure as often as it likes. */
function stepOf({ optimizer }: Task, closure: () => Tensor): Tensor {
  if (optimizer instanceof LBFGS) return optimizer.step(closure);
  const loss = closure();
  optimizer.step();
  return loss;
}

/** Makes the next steps, notes how they went, and puts everything back. */
export function reference(task: Task): Reference {
  const { model, optimizer, options } = task;
  const { scheduler } = options;
  const lossModule = 'parameters' in options.loss ? [options.loss as AnyModule] : [];
  const putBack = snapshot([model, ...lossModule], [optimizer], scheduler === undefined ? [] : [scheduler]);
  try {
    if (!model.training) model.train();
    // So that backward makes new gradients, and adds nothing to the user's.
    for (const p of model.parameters()) p.grad = null;
    return stepsOf(task);
  } finally {
    putBack();
  }
}

/** Moves the schedule. */
function moveSchedule({ options: { scheduler } }: Task, metric: () => number): void {
  if (scheduler instanceof lrScheduler.ReduceLROnPlateau) scheduler.step(metric());
  else scheduler?.step();
}

/** The loss of a step of the optimizer. */
function lossOf(task: Task, { inputs, targets }: Step): Tensor {
  const { model, optimizer, options } = task;
  const loss = options.loss as (output: unknown, ...targets: Tensor[]) => Tensor;
  const closure = (): Tensor => {
    optimizer.zeroGrad();
    const output = (model as unknown as (...inputs: readonly Tensor[]) => unknown)(...inputs);
    const value = loss(output, ...targets);
    value.backward();
    clip(task);
    return value;
  };
  return stepOf(task, closure).detach();
}

/** Makes the next steps, and notes how they went. */
function stepsOf(task: Task): Reference {
  const { model, optimizer, options } = task;
  const bySteps = options.schedulerInterval === 'step';
  const before = defaultGenerator.getState();
  const tensors: Record<string, Tensor> = {};
  const losses: Tensor[] = [];
  const rates: number[][] = [];
  const ends: boolean[] = [];
  let unusedParameters = false;
  let [total, seen] = [0, 0];
  for (const batch of batchesOf(task)) {
    const { size, isLast } = batch;
    const step = losses.length;
    for (const [i, x] of batch.inputs.entries()) tensors[`${step}/inputs.${i}`] = x;
    for (const [i, x] of batch.targets.entries()) tensors[`${step}/targets.${i}`] = x;
    const value = lossOf(task, batch);
    if (step === 0) unusedParameters = model.parameters().some((p) => p.requiresGrad && p.grad === null);
    losses.push(value);
    total += value.item() * size;
    seen += size;
    if (bySteps) moveSchedule(task, () => value.item());
    else if (isLast) moveSchedule(task, () => total / seen);
    if (isLast) [total, seen] = [0, 0];
    rates.push(optimizer.paramGroups.map((group) => Number(group.lr)));
    ends.push(isLast);
    if (losses.length === task.steps) break;
  }
  const after = Object.entries(model.stateDict()).map(([name, x]) => [`after/${name}`, x.detach().clone()]);
  return {
    tensors: {
      ...tensors,
      losses: stack(losses),
      rates: tensor(rates, { dtype: 'float64' }),
      ends: tensor(ends),
      ...Object.fromEntries(after),
    },
    losses: losses.map((x) => x.item()),
    unusedParameters,
    draws: defaultGenerator.getState().some((byte, i) => byte !== before[i]),
  };
}
