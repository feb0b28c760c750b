import { checkArguments, defaultGenerator, K, type Tensor, ValueError, valuesOf } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import type { Optimizer, OptimizerStateDict } from '@kindling/optim';
import { pathOf } from '../file-url.ts';
import {
  aFolder,
  aModel,
  anOptimizer,
  aScheduler,
  type Folder,
  parameterNames,
  type Scheduler,
  snapshot,
} from './parts/index.ts';

/** What {@link importTorch} loads into. */
export interface ImportTorchOptions {
  /** The model. */
  readonly model: AnyModule;
  /** The optimizer of its parameters. Default: none; the weights alone are loaded. */
  readonly optimizer?: Optimizer;
  /** The schedule of its learning rates. Default: none. */
  readonly scheduler?: Scheduler;
}

/** Where a training stands that {@link importTorch} loaded. */
export interface ImportedTraining {
  /** How many epochs are over. */
  readonly epoch: number;
  /** How many samples of this epoch are. */
  readonly sample: number;
  /** How many steps were made in all, here and there. */
  readonly step: number;
}

type Named = Readonly<Record<string, Tensor>>;

const takes = {
  folder: aFolder,
  options: /* @__PURE__ */ K.given<ImportTorchOptions>({
    model: aModel,
    optimizer: anOptimizer,
    scheduler: aScheduler,
  }),
};

const spelled: Readonly<Record<string, number>> = {
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

/** A value of an optimizer's state, of which JSON says where tensors stand. */
function filled(where: string, value: unknown, key: string, tensors: Named): unknown {
  if (value === 'tensor') {
    const x = tensors[key];
    if (x === undefined) throw new ValueError(`${where}: optimizer.safetensors has no ${key}`);
    return x;
  }
  if (Array.isArray(value)) return value.map((x, i) => filled(where, x, `${key}/${i}`, tensors));
  return typeof value === 'string' ? (spelled[value] ?? value) : value;
}

/** A state dict by numbers of one by names, for the parameters of an optimizer in their order. */
function byNumbers(
  where: string,
  names: readonly string[],
  saved: unknown,
  tensors: Named,
): OptimizerStateDict {
  const { param_groups: groups, state } = saved as Record<string, unknown>;
  if (!Array.isArray(groups) || !K.isOptions(state))
    throw new ValueError(`${where}: optimizer.json: expected param_groups and state`);
  const numberOf = (name: unknown): number => {
    const number = names.indexOf(String(name));
    if (number >= 0) return number;
    throw new ValueError(
      `${where}: optimizer.json has ${String(name)}, which is no parameter of the optimizer here: ${names.join(', ')}`,
    );
  };
  return {
    param_groups: groups.map((group: Record<string, unknown>) => ({
      ...group,
      params: (group.params as unknown[]).map(numberOf),
    })),
    state: Object.fromEntries(
      Object.entries(state).map(([name, values]) => [
        numberOf(name),
        Object.fromEntries(
          Object.entries(values as object).map(([key, x]) => [
            key,
            filled(where, x, `${name}/${key}`, tensors),
          ]),
        ),
      ]),
    ),
  } as unknown as OptimizerStateDict;
}

/**
 * Takes a training up where PyTorch left it: loads what `train.py --export` of an exported project wrote, strictly,
 * into a model, its optimizer and schedule, and the default generator. All of it is loaded or nothing. Also reads what
 * {@link exportTorch} wrote. Kindling's own.
 * @throws ValueError where names, groups or values do not fit; ShapeError where shapes do not; FileError where a file
 *   cannot be read
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * // after: python train.py --export back
 * const goOn = async () => {
 *   const { epoch } = await importTorch('project/back', { model, optimizer });
 *   return epoch;
 * };
 * ```
 */
export async function importTorch(folder: Folder, options: ImportTorchOptions): Promise<ImportedTraining> {
  checkArguments('importTorch', takes, arguments);
  const { loadBytes, loadSafetensors } = await import('@kindling/core/node');
  const { join } = await import('node:path');
  const path = await pathOf(folder);
  const where = `importTorch('${path}')`;
  const { model, optimizer, scheduler } = options;
  const tensors = (name: string): Promise<Named> => loadSafetensors(join(path, name));
  const json = async (name: string): Promise<Record<string, unknown>> => {
    const bytes = await loadBytes(join(path, name), { caller: 'importTorch' });
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (K.isOptions(value)) return value;
    } catch {
      // Said below.
    }
    throw new ValueError(`${where}: ${name} is no JSON of an object`);
  };
  const state = await tensors('state.safetensors');
  const progress = await json('progress.json');
  const { default: generator } = await tensors('generator.safetensors');
  const dict =
    optimizer &&
    byNumbers(
      where,
      parameterNames(where, model, optimizer),
      await json('optimizer.json'),
      await tensors('optimizer.safetensors'),
    );
  const schedule = scheduler && (await json('scheduler.json'));
  const { epoch, sample, step } = progress;
  checkArguments(`${where}: progress.json`, { epoch: K.count, sample: K.count, step: K.count }, [
    epoch,
    sample,
    step,
  ]);
  const putBack = snapshot([model], optimizer ? [optimizer] : [], scheduler ? [scheduler] : []);
  try {
    model.loadStateDict(state);
    if (scheduler !== undefined && schedule !== undefined) scheduler.loadStateDict(schedule);
    if (optimizer !== undefined && dict !== undefined) optimizer.loadStateDict(dict);
    if (generator !== undefined)
      defaultGenerator.setState(Uint8Array.from(valuesOf(generator, `${where}: the generator`)));
  } catch (error) {
    putBack();
    throw error;
  }
  return { epoch: epoch as number, sample: sample as number, step: step as number };
}
