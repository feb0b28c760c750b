import { noGrad, Tensor } from '@kindling/core';
import { type AnyModule, Module } from '@kindling/nn';
import { ExportError } from '../errors.ts';
import { leavingAsBefore, libraryClass, type Recording, recordBatches } from '../recording/index.ts';
import { lossByCalls, lossByClass, lossByName, modelFile } from './python/index.ts';

/** A model and its loss as they are called in a step. */
export interface ModelStep {
  readonly model: AnyModule;
  /** What the model is called with. */
  readonly inputs: readonly Tensor[];
  /** A loss module, or a function of what the model gives and the targets. */
  readonly loss: AnyModule | ((output: never, ...targets: never[]) => Tensor);
  readonly targets: readonly Tensor[];
  /** What the class is called where the model's class has no name of its own, as `nn.Sequential`. Default: `Model`. */
  readonly name?: string;
  /**
   * Along which dimension samples lie, of each input and then of each target; `null` of what is no batch. Default: the
   * first one of those whose first size is that of the first input.
   */
  readonly batchDims?: readonly (number | null)[];
}

/** The Python of a {@link ModelStep}. */
export interface ModelSource {
  /** Defines the class `className`, which is constructed without arguments: `model = Net()`. */
  readonly 'model.py': string;
  /** Defines `loss_fn`, which is called as `loss_fn(output, *targets)`; it is an `nn.Module` where `lossIsModule`. */
  readonly 'loss.py': string;
  readonly className: string;
  /** Whether `loss_fn` is a module: then it may have state (`loss_fn.load_state_dict`), and is moved to a device. */
  readonly lossIsModule: boolean;
  /** What `loss_fn.state_dict()` is to hold: class weights, say. */
  readonly lossState: Readonly<Record<string, Tensor>>;
}

type Call = (...given: unknown[]) => unknown;

/** The name of the model's class: the library's own tell nothing. */
function classNameOf(model: AnyModule, name: string | undefined): string {
  const { name: given } = model.constructor;
  if (name !== undefined) return name;
  return libraryClass(model) === null && /^[A-Za-z]\w*$/.test(given) && given !== 'Module' ? given : 'Model';
}

/** Tensors side by side, however they are nested, and how they are put together again. */
function leaves(x: unknown, found: Tensor[]): (from: (i: number) => unknown) => unknown {
  if (isTensor(x)) {
    const i = found.push(x) - 1;
    return (from) => from(i);
  }
  if (typeof x !== 'object' || x === null) return () => x;
  if (Array.isArray(x)) {
    const parts = x.map((item) => leaves(item, found));
    return (from) => parts.map((part) => part(from));
  }
  const parts = Object.entries(x).map(([name, item]) => [name, leaves(item, found)] as const);
  return (from) => Object.fromEntries(parts.map(([name, part]) => [name, part(from)]));
}

const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;

/**
 * model.py and loss.py of a model and its loss.
 * @throws ExportError where something has no counterpart in PyTorch, or cannot be recorded
 */
export function writeModel(step: ModelStep): ModelSource {
  const { model, inputs, loss, name, batchDims } = step;
  const lazy = model.modules().find((module) => /^Lazy/.test(module.constructor.name));
  if (lazy !== undefined)
    throw new ExportError(
      `${lazy.constructor.name}: its sizes are not known yet: call the model once before it is exported`,
    );
  const call = model as unknown as Call;
  const recorded = { call: (...given: Tensor[]) => call(...given), inputs, models: { '': model } };
  const dims = batchDims === undefined ? {} : { batchDims: batchDims.slice(0, inputs.length) };
  const [training, evaluation] = [true, false].map((mode) =>
    recordBatches(recorded, { ...dims, training: mode }),
  );
  if (training === undefined || evaluation === undefined) throw new ExportError('nothing was recorded');
  const file = modelFile(model, training, evaluation, classNameOf(model, name));
  const lossFile = (loss instanceof Module ? lossByName(loss as AnyModule) : null) ?? recordedLoss(step);
  return {
    'model.py': file.text,
    'loss.py': lossFile.text,
    className: file.className,
    lossIsModule: lossFile.isModule,
    lossState: lossFile.state,
  };
}

function recordedLoss({ model, inputs, loss, targets, batchDims }: ModelStep) {
  const outputOf = (given: readonly Tensor[]): unknown =>
    leavingAsBefore([model], () => noGrad(() => (model as unknown as Call)(...given)));
  const output = outputOf(inputs);
  const outputs: Tensor[] = [];
  const rebuild = leaves(output, outputs);
  const recorded = {
    call: (...given: Tensor[]) =>
      (loss as unknown as Call)(
        rebuild((i) => given[i]),
        ...given.slice(outputs.length),
      ),
    inputs: [...inputs, ...targets],
    models: { model, ...(loss instanceof Module ? { loss: loss as AnyModule } : {}) },
  };
  const batches = {
    ...(batchDims !== undefined && { batchDims }),
    // What the model gives may have other sizes than the batch, as where each word of a text counts.
    given: (samples: readonly Tensor[]): Tensor[] => {
      const found: Tensor[] = [];
      leaves(outputOf(samples.slice(0, inputs.length)), found);
      return [...found.map((x) => x.clone()), ...samples.slice(inputs.length)];
    },
  };
  if (!(loss instanceof Module) || Object.keys((loss as AnyModule).stateDict()).length === 0)
    return lossByCalls(loss, recordBatches(recorded, batches), output);
  const models = { '': loss as AnyModule };
  const inMode = (training: boolean): Recording =>
    recordBatches({ ...recorded, models }, { ...batches, training });
  return lossByClass(loss as AnyModule, [inMode(true), inMode(false)], output);
}
