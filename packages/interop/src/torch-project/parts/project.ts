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
import type { Task } from './task.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const byNumber = (of: string, tensors: readonly Tensor[]): [string, Tensor][] =>
  tensors.map((x, i) => [`${of}.${i}`, x]);

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

/** The files of a project, from what was found of the training. */
export function projectFiles(task: Task, source: ModelSource, found: Reference): Files {
  const { model, optimizer, options, example, data } = task;
  const { scheduler, schedulerInterval: interval = 'epoch' } = options;
  const schedule = scheduler === undefined ? null : schedulerPython('scheduler', scheduler, 'scheduler');
  const { sharing, alone } = sharingOf(task);
  const state = namedState(model, optimizer);
  const python = optimizerPython('optimizer', model, optimizer, 'optimizer');
  const batchNorm = model.modules().some((module) => batchNorms.some((made) => module instanceof made));
  const shards = !(optimizer instanceof LBFGS) && !(optimizer instanceof Adafactor);
  const names = [...byNumber('inputs', example.inputs), ...byNumber('targets', example.targets)].map(
    ([name]) => name,
  );
  const hasState = Object.keys(source.lossState).length > 0;
  const title = options.name ?? source.className;
  const stateDict = model.stateDict();
  const about = {
    title,
    className: source.className,
    hasData: data !== null,
    batchNorm,
  };
  const tables = schedule === null ? {} : schedule.tables;
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
      lossIsModule: source.lossIsModule,
      lossHasState: hasState,
      optimizer: { python, isLBFGS: optimizerName(optimizer) === 'LBFGS', shards },
      scheduler: schedule && {
        python: schedule.text,
        imports: schedule.imports,
        interval,
        followsLoss: scheduler instanceof lrScheduler.ReduceLROnPlateau,
      },
      inputs: example.inputs.length,
      targets: example.targets.length,
      batchSize: task.batchSize,
      seed: task.seed,
      shuffle: task.shuffle,
      dropLast: task.dropLast,
      unusedParameters: found.unusedParameters,
      evaluated: evaluatedIn(model),
      clipNorm: clipNormOf(task),
      clipValue: options.clipGradValue ?? null,
    }),
    'parallel.py': parallelPython({
      sharing,
      batchNorm,
      mixed: new Set(model.parameters().map(({ dtype }) => dtype)).size > 1,
    }),
    'state.py': statePython({
      groups: python.includes('state.groups('),
      tables: Object.keys(tables).length > 0,
    }),
    'data.py': dataPython({ names, hasData: data !== null }),
    'verify.py': verifyPython,
    'state.safetensors': io.saveSafetensors(stateDict),
    'optimizer.json': json(state.json),
    'optimizer.safetensors': io.saveSafetensors(state.tensors),
    ...(schedule && { 'scheduler.json': json(schedule.state) }),
    ...(Object.keys(tables).length > 0 && { 'scheduler.safetensors': io.saveSafetensors(tables) }),
    ...(hasState && { 'loss.safetensors': io.saveSafetensors({ ...source.lossState }) }),
    'generator.safetensors': io.saveSafetensors({ default: fromBuffer(defaultGenerator.getState()) }),
    'progress.json': json({ epoch: task.epoch, sample: 0, step: optimizer.stepCount }),
    'reference.safetensors': io.saveSafetensors(found.tensors),
    ...(data && {
      'data.safetensors': io.saveSafetensors(
        Object.fromEntries([...byNumber('inputs', data.inputs), ...byNumber('targets', data.targets)]),
      ),
    }),
  };
}
