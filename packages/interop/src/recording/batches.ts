import { cat, formatShape, noGrad, type Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { ExportError } from '../errors.ts';
import { merge } from './merge.ts';
import { record } from './record.ts';
import type { Recorded, Recording } from './recording.ts';

/** Options of {@link recordBatches}. */
export interface BatchOptions {
  /** What was called, for errors. Default: `exportTorch`. */
  readonly caller?: string;
  /** In which mode the models are called. Default: as they are. */
  readonly training?: boolean;
  /**
   * Along which dimension samples lie, of each input; `null` of one that is no batch. Default: the first one of each
   * input whose first size is that of the first input which has dimensions.
   */
  readonly batchDims?: readonly (number | null)[];
  /** Makes of the inputs, cut to a size, what the call is given. Default: the inputs. */
  readonly given?: (inputs: readonly Tensor[]) => readonly Tensor[];
}

/**
 * Where samples lie in each input, and how many there are; 0 where there is no batch.
 * @throws ExportError where there are no samples in it
 */
function batchOf(
  inputs: readonly Tensor[],
  { caller = 'exportTorch', batchDims: stated = [] }: BatchOptions,
) {
  const leading = inputs.findIndex((x, i) => (stated[i] === undefined ? x.ndim > 0 : stated[i] !== null));
  const size = inputs[leading]?.shape[stated[leading] ?? 0] ?? 0;
  const dims = inputs.map((x, i) =>
    stated[i] === undefined ? (x.ndim > 0 && x.shape[0] === size ? 0 : null) : (stated[i] ?? null),
  );
  const without = inputs.findIndex((x, i) => x.shape[dims[i] ?? -1] === 0);
  if (without >= 0) {
    throw new ExportError(
      `${caller}: the example has no samples: input ${without} is of shape ${formatShape(inputs[without]?.shape ?? [])}; give one sample or more`,
    );
  }
  return { size, dims };
}

/** As many samples as are wanted, those there are from the first on, again and again. */
const samples = (x: Tensor, dim: number | null, wanted: number): Tensor => {
  if (dim === null) return x.detach().clone();
  const times = Math.ceil(wanted / (x.shape[dim] ?? 1));
  return noGrad(() => cat(Array<Tensor>(times).fill(x.detach()), dim).narrow(dim, 0, wanted).clone());
};

/** The sizes at which a batch of so many is recorded: small ones first, then those that it surely can be cut into. */
const sizesFor = (size: number): number[][] => {
  const base = Math.max(size, 2);
  const own = [base, 2 * base, 3 * base];
  return size > 8 ? [[4, 8, 12], own] : [own];
};

/**
 * A call as it is for batches of any size: recorded at three of them, which are made of the inputs by cutting or
 * repeating them. Numbers that differ are `BatchNumber`s. Everything is afterwards as it was, the inputs too. Where
 * there is no batch, it is one recording.
 * @throws ExportError as `record`, and where something else depends on the size of the batch
 */
export function recordBatches(recorded: Recorded, options: BatchOptions = {}): Recording {
  const { inputs, models } = recorded;
  const { given = (xs) => xs } = options;
  const { size, dims } = batchOf(inputs, options);
  const recordedAt = (wanted: number): Recording =>
    record({ ...recorded, inputs: given(inputs.map((x, i) => samples(x, dims[i] ?? null, wanted))) });
  return inMode(Object.values(models), options.training, () => {
    if (size === 0 || dims.every((dim) => dim === null)) return recordedAt(0);
    let failure: unknown;
    for (const sizes of sizesFor(size)) {
      try {
        return merge(sizes.map(recordedAt), sizes);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  });
}

/** Runs with the models in a mode, and gives each of their modules its own back. */
function inMode<T>(models: readonly AnyModule[], training: boolean | undefined, run: () => T): T {
  if (training === undefined) return run();
  const modes = models.flatMap((model) =>
    model.modules().map((module) => [module, module.training] as const),
  );
  for (const model of models) model.train(training);
  try {
    return run();
  } finally {
    for (const [module, mode] of modes) module.training = mode;
  }
}
