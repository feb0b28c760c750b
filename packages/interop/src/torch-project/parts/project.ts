import { defaultGenerator, fromBuffer, io, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { Adafactor, LBFGS, lrScheduler } from '@kindling/optim';
import type { ModelSource } from '../model-source.ts';
import {
  dataPython,
  parallelPython,
  readmeText,
  statePython,
  type TrainNeeds,
  trainPython,
  verifyPython,
} from '../scripts/index.ts';
import type { Files } from './folder.ts';
import { namedState, optimizerName, optimizerPython } from './optimizers.ts';
import type { Reference } from './reference.ts';
import { schedulerPython } from './schedulers.ts';
import { sharingOf } from './sharing.ts';
import type { Batch, Task } from './task.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const byNumber = (of: string, tensors: readonly Tensor[]): [string, Tensor][] =>
  tensors.map((x, i) => [`${of}.${i}`, x]);

/** The tensors of a batch, inputs first, with names. */
const named = ({ inputs, targets }: Batch): [string, Tensor][] => [
  ...byNumber('inputs', inputs),
  ...byNumber('targets', targets),
];

type Schedule = ReturnType<typeof schedulerPython>;
/** Whether a schedule has tensors among its state. */
const hasTables = (schedule: Schedule | null): schedule is Schedule =>
  schedule !== null && Object.keys(schedule.tables).length > 0;

const batchNorms = [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d];

/** What the options say of clipping. */
const clipNormOf = ({ options: { clipGradNorm } }: Task): TrainNeeds['clipNorm'] =>
  clipGradNorm === undefined
    ? null
    : { normType: 2, ...(typeof clipGradNorm === 'number' ? { maxNorm: clipGradNorm } : clipGradNorm) };

/** The modules that stay in evaluation mode while the model is trained. */
const evaluatedIn = (model: nn.AnyModule): string[] =>
  model.training
    ? model
        .namedModules()
        .filter(([, module]) => !module.training)
        .map(([name]) => name)
    : [];

/** What train.py says of the task, besides the optimizer and its schedule. */
const trainingOf = (task: Task, source: ModelSource, found: Reference) => ({
  lossIsModule: source.lossIsModule,
  lossHasState: Object.keys(source.lossState).length > 0,
  inputs: task.example.inputs.length,
  targets: task.example.targets.length,
  batchSize: task.batchSize,
  seed: task.seed,
  shuffle: task.shuffle,
  dropLast: task.dropLast,
  unusedParameters: found.unusedParameters,
  evaluated: evaluatedIn(task.model),
  clipNorm: clipNormOf(task),
  clipValue: task.options.clipGradValue ?? null,
});

/** What the project begins with, as tensors and numbers in files. */
function startingPoint(task: Task, source: ModelSource, found: Reference, schedule: Schedule | null): Files {
  const { model, optimizer, data } = task;
  const state = namedState(model, optimizer);
  const { lossState } = source;
  return {
    'state.safetensors': io.saveSafetensors(model.stateDict()),
    'optimizer.json': json(state.json),
    'optimizer.safetensors': io.saveSafetensors(state.tensors),
    ...(schedule && { 'scheduler.json': json(schedule.state) }),
    ...(hasTables(schedule) && { 'scheduler.safetensors': io.saveSafetensors(schedule.tables) }),
    ...(Object.keys(lossState).length > 0 && { 'loss.safetensors': io.saveSafetensors({ ...lossState }) }),
    'generator.safetensors': io.saveSafetensors({ default: fromBuffer(defaultGenerator.getState()) }),
    'progress.json': json({ epoch: task.epoch, sample: 0, step: optimizer.stepCount }),
    'reference.safetensors': io.saveSafetensors(found.tensors),
    ...(data && { 'data.safetensors': io.saveSafetensors(Object.fromEntries(named(data))) }),
  };
}

/** The files of a project, from what was found of the training. */
export function projectFiles(task: Task, source: ModelSource, found: Reference): Files {
  const { model, optimizer, options, data } = task;
  const { scheduler, schedulerInterval: interval = 'epoch' } = options;
  const schedule = scheduler === undefined ? null : schedulerPython('scheduler', scheduler, 'scheduler');
  const { sharing, alone } = sharingOf(task);
  const python = optimizerPython('optimizer', model, optimizer, 'optimizer');
  const batchNorm = model.modules().some((module) => batchNorms.some((made) => module instanceof made));
  const shards = !(optimizer instanceof LBFGS) && !(optimizer instanceof Adafactor);
  const { className } = source;
  const about = { title: options.name ?? className, className, hasData: data !== null, batchNorm };
  return {
    'README.md': readmeText({
      ...about,
      steps: task.steps,
      dtype: found.tensors.losses?.dtype === 'float64' ? 'float64' : 'float32',
      sharing,
      alone,
      drawsInModel: found.draws,
      shards,
      scheduler: schedule === null ? null : interval,
    }),
    'requirements.txt': 'numpy\nsafetensors>=0.4\ntorch>=2.6\n',
    'model.py': source['model.py'],
    'loss.py': source['loss.py'],
    'train.py': trainPython({
      ...about,
      ...trainingOf(task, source, found),
      optimizer: { python, isLBFGS: optimizerName(optimizer) === 'LBFGS', shards },
      scheduler: schedule && {
        python: schedule.text,
        imports: schedule.imports,
        interval,
        followsLoss: scheduler instanceof lrScheduler.ReduceLROnPlateau,
      },
    }),
    'parallel.py': parallelPython({
      sharing,
      batchNorm,
      mixed: new Set(model.parameters().map(({ dtype }) => dtype)).size > 1,
    }),
    'state.py': statePython({ groups: python.includes('state.groups('), tables: hasTables(schedule) }),
    'data.py': dataPython({ names: named(task.example).map(([name]) => name), hasData: data !== null }),
    'verify.py': verifyPython,
    ...startingPoint(task, source, found, schedule),
  };
}
