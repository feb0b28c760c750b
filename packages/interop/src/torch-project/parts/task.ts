import { checkArguments, data, Generator, K, type Tensor, ValueError } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { LBFGS, type Optimizer } from '@kindling/optim';
import { ExportError } from '../../errors.ts';
import { parameterNames } from './optimizers.ts';
import type { ExportTorchOptions, TrainingExample } from './options.ts';

/** What a step is given, as it was handed over or as samples of a dataset. */
export interface Batch {
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
}

/** A training to be exported: checked, and all that was left out filled in. */
export interface Task {
  readonly options: ExportTorchOptions;
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly example: Batch;
  /** The whole dataset. */
  readonly data: Batch | null;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly steps: number;
  readonly seed: number;
  readonly epoch: number;
  /** Whether samples lie along the first dimension of everything. */
  readonly samplesFirst: boolean;
}

const listed = (x: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(x) ? x : [x]) as Tensor[];

function exampleOf(example: TrainingExample): Batch {
  const [inputs, targets] = Array.isArray(example)
    ? (example as readonly [Tensor | Tensor[], (Tensor | Tensor[])?])
    : [(example as Batch).inputs, (example as Batch).targets];
  const batch = { inputs: listed(inputs), targets: listed(targets ?? []) };
  checkArguments(
    'exportTorch',
    { 'example.inputs': K.listOf(K.tensor, 'tensors'), 'example.targets': K.listOf(K.tensor, 'tensors') },
    [batch.inputs, batch.targets],
  );
  if (batch.inputs.length === 0) throw new ValueError('exportTorch: the example has no inputs');
  return batch;
}

/** A loader, whatever it loads. */
const isLoader = (x: unknown): x is data.DataLoader<unknown, unknown> => x instanceof data.DataLoader;

/**
 * The tensors of a whole dataset, samples along their first dimension.
 * @throws ExportError for a stream, and for samples of another form than the example
 */
async function tensorsOf(
  dataset: data.Dataset<unknown> | data.IterableDataset<unknown>,
  { inputs }: Batch,
): Promise<Batch> {
  const { length } = dataset as data.Dataset<unknown>;
  if (!('get' in dataset) || length === 0)
    throw new ExportError(
      'exportTorch: data is a stream or empty; leave it out, and give the Dataset in data.py of the project',
    );
  const all =
    dataset instanceof data.TensorDataset
      ? (dataset.tensors as readonly Tensor[])
      : await oneBatch(dataset as data.Dataset<unknown>, length);
  checkArguments('exportTorch', { 'a sample of data': K.listOf(K.tensor, 'a list of tensors') }, [all]);
  return { inputs: all.slice(0, inputs.length), targets: all.slice(inputs.length) };
}

async function oneBatch(dataset: data.Dataset<unknown>, length: number): Promise<readonly Tensor[]> {
  const loader = new data.DataLoader(dataset, { batchSize: length, generator: new Generator() });
  for await (const batch of loader) return (Array.isArray(batch) ? batch : [batch]) as Tensor[];
  return [];
}

/** The dataset, with what a loader says of batches. */
async function dataOf(given: ExportTorchOptions['data'], example: Batch) {
  if (given === undefined) return { data: null };
  if (isLoader(given)) {
    const { dataset, batchSize, dropLast, sampler } = given;
    const random = sampler instanceof data.RandomSampler && !sampler.replacement;
    if (batchSize === null || !(random || sampler instanceof data.SequentialSampler))
      throw new ExportError(
        'exportTorch: the loader has a sampler of its own, whose order the project does not know; give the dataset itself, which ' +
          'is then shuffled in each epoch',
      );
    return { data: await tensorsOf(dataset, example), batchSize, dropLast, shuffle: random };
  }
  if ('inputs' in given || Array.isArray(given)) return { data: exampleOf(given as TrainingExample) };
  return { data: await tensorsOf(given as data.Dataset<unknown>, example) };
}

/**
 * What is to be exported.
 * @throws ValueError, ExportError where it cannot be
 */
export async function taskOf(options: ExportTorchOptions): Promise<Task> {
  const { model, optimizer, seed = 0, epoch = 0, batchDims } = options;
  // LBFGS divides by differences of gradients: what its steps round differently grows three times a step.
  const { steps = optimizer instanceof LBFGS ? 2 : 10 } = options;
  const example = exampleOf(options.example);
  const found = await dataOf(options.data, example);
  const first = example.inputs[0]?.shape[0] ?? 1;
  const { batchSize = found.batchSize ?? Math.max(1, first) } = options;
  const { shuffle = found.shuffle ?? true, dropLast = found.dropLast ?? false } = options;
  const { data: whole } = found;
  const everything = [...example.inputs, ...example.targets];
  const samplesFirst =
    first > 0 &&
    everything.every(
      (x, i) => x.shape[0] === first && (batchDims?.[i] ?? 0) === 0 && batchDims?.[i] !== null,
    );
  if (whole !== null) checkData(whole, example, samplesFirst);
  parameterNames('exportTorch', model, optimizer);
  return {
    options,
    model,
    optimizer,
    example,
    data: whole,
    batchSize,
    shuffle,
    dropLast,
    steps,
    seed,
    epoch,
    samplesFirst,
  };
}

function checkData(whole: Batch, example: Batch, samplesFirst: boolean): void {
  if (!samplesFirst)
    throw new ExportError(
      'exportTorch: with data, samples must lie along the first dimension of all inputs and targets, as many in each: the model may ' +
        'take batchFirst: true, or transpose in its forward',
    );
  const [own, wanted] = [whole, example].map(({ inputs, targets }) => [...inputs, ...targets]);
  if (own?.length !== wanted?.length || whole.inputs.length !== example.inputs.length)
    throw new ExportError(
      `exportTorch: the samples of data have ${own?.length} tensors, the example has ${example.inputs.length} inputs and ` +
        `${example.targets.length} targets`,
    );
  const size = own?.[0]?.shape[0];
  for (const [i, x] of (own ?? []).entries()) {
    const like = wanted?.[i] as Tensor;
    const fits =
      x.dtype === like.dtype && x.shape.slice(1).join() === like.shape.slice(1).join() && x.shape[0] === size;
    if (fits) continue;
    throw new ExportError(
      `exportTorch: tensor ${i} of data has shape [${x.shape.join(', ')}] of ${x.dtype}, in the example it has ` +
        `[${like.shape.join(', ')}] of ${like.dtype}; samples must agree in all but their number`,
    );
  }
}
