import { checkArguments, K } from '@kindling/core';
import * as nn from '@kindling/nn';
import { pathOf } from '../file-url.ts';
import { libraryClass } from '../recording/index.ts';
import { writeModel } from './model-source.ts';
import {
  aFolder,
  aModel,
  anOptimizer,
  aScheduler,
  type ExportedProject,
  type ExportTorchOptions,
  type Folder,
  optimizerName,
  projectFiles,
  reference,
  refuseFolder,
  schedulerPython,
  someData,
  taskOf,
  writeFolder,
} from './parts/index.ts';

const options: K.Kind = /* @__PURE__ */ K.given<ExportTorchOptions>({
  model: aModel,
  loss: /* @__PURE__ */ K.kind(
    'a loss module or a function',
    (x) => typeof x === 'function' || x instanceof nn.Module,
  ),
  optimizer: anOptimizer,
  scheduler: aScheduler,
  example: /* @__PURE__ */ K.kind(
    'a batch: [inputs, targets] or { inputs, targets }, each a Tensor or several',
    (x) => Array.isArray(x) || (K.isOptions(x) && 'inputs' in x),
  ),
  data: someData,
  steps: K.positiveCount,
  batchSize: K.positiveCount,
  shuffle: K.flag,
  dropLast: K.flag,
  seed: K.count,
  epoch: K.count,
  schedulerInterval: K.oneOf('epoch', 'step'),
  clipGradNorm: /* @__PURE__ */ K.either(
    K.nonNegative,
    K.given<{ maxNorm: number; normType?: number }>({ maxNorm: K.nonNegative, normType: K.number }),
  ),
  clipGradValue: K.nonNegative,
  lossOf: K.oneOf('mean', 'sum', 'whole'),
  batchDims: /* @__PURE__ */ K.listOf(K.nullable(K.count)),
  name: K.text,
  overwrite: K.flag,
});

/** A name as that of a class: `tied weights` is `TiedWeights`. */
function classNameOf(name = 'Model'): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const joined = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return /^\p{L}/u.test(joined) ? joined : `Model${joined}`;
}

/**
 * Writes a training as a project that PyTorch goes on with, with the same numbers: model and loss as Python, weights,
 * the states of optimizer, schedule and generator, and a script for one process and for many. Kindling's own.
 *
 * The next steps are made here, and noted for `verify.py`, which makes them there and compares; model, optimizer,
 * schedule, gradients and generator are afterwards as they were. The folder stands there whole or not at all.
 * `README.md` in it says how to go on, {@link importTorch} how to come back.
 * @throws ExportError for what PyTorch has not: an operation, an optimizer, a schedule of Kindling's own, with a way
 * round; ValueError where the folder has something in it; all before anything is written
 * @example
 * ```ts
 * const model = new nn.Linear(4, 3);
 * const loss = new nn.CrossEntropyLoss();
 * const optimizer = new optim.AdamW(model.parameters());
 * const [inputs, targets] = [randn([32, 4]), randint(3, [32])];
 * const { commands } = await exportTorch('project', { model, loss, optimizer, example: { inputs, targets } });
 * commands[0]; // 'python verify.py'
 * ```
 */
export async function exportTorch(folder: Folder, given: ExportTorchOptions): Promise<ExportedProject> {
  checkArguments('exportTorch', { folder: aFolder, options }, arguments);
  const path = await pathOf(folder);
  await refuseFolder(path, given.overwrite ?? false);
  const task = await taskOf(given);
  const { model, loss, scheduler, batchDims, name } = given;
  optimizerName(task.optimizer);
  if (scheduler !== undefined) schedulerPython('scheduler', scheduler, 'scheduler');
  const { inputs, targets } = task.example;
  const source = writeModel({
    model,
    loss,
    inputs,
    targets,
    // A class of the library's tells nothing of the model.
    ...(libraryClass(model) !== null && { name: classNameOf(name) }),
    ...(batchDims !== undefined && { batchDims }),
  });
  const found = reference(task);
  const files = projectFiles(task, source, found);
  await writeFolder(path, files, given.overwrite ?? false);
  return {
    folder: path,
    files: Object.keys(files).sort(),
    losses: found.losses,
    commands: ['python verify.py', 'python train.py', 'torchrun --nproc-per-node 4 train.py'],
  };
}
