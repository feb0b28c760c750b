import type { data, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import type { Optimizer } from '@kindling/optim';
import type { Scheduler } from './schedulers.ts';

/** What a step is given: inputs of the model and targets of the loss, one or several of each. */
export type TrainingExample =
  | readonly [inputs: Tensor | readonly Tensor[], targets?: Tensor | readonly Tensor[]]
  | { readonly inputs: Tensor | readonly Tensor[]; readonly targets?: Tensor | readonly Tensor[] };

/** Options of {@link exportTorch}. */
export interface ExportTorchOptions {
  /** The model, which is called with the inputs. */
  readonly model: AnyModule;
  /** A loss module, or a function of what the model gives and the targets. */
  readonly loss: AnyModule | ((output: never, ...targets: never[]) => Tensor);
  /** The optimizer of the model's parameters: any that PyTorch has. */
  readonly optimizer: Optimizer;
  /** The schedule of its learning rates: any that PyTorch has. Default: none. */
  readonly scheduler?: Scheduler;
  /** A batch, from which the model's steps are recorded. */
  readonly example: TrainingExample;
  /**
   * The samples: tensors in the form of the example, a dataset whose samples are lists of tensors, inputs first, or a
   * loader of one, whose batch size and order are taken over. Default: none; the project has a place for them, and the
   * reference steps are made on the example.
   */
  // biome-ignore lint/suspicious/noExplicitAny: loaders of samples of any type, which are looked at
  readonly data?: TrainingExample | data.Dataset<unknown> | data.DataLoader<any, any>;
  /**
   * How many steps are made here, for `verify.py` to make again. Default: 10; of LBFGS, whose steps amplify rounding,
   * 2.
   */
  readonly steps?: number;
  /** Samples a batch. Default: that of the loader, or of the example. */
  readonly batchSize?: number;
  /** Whether samples are shuffled in each epoch. Default: as the loader does, else true. */
  readonly shuffle?: boolean;
  /** Whether a last batch that is not full is left out. Default: as the loader does, else false. */
  readonly dropLast?: boolean;
  /** The seed of the order: that of an epoch is drawn with `seed + epoch`. Default: 0. */
  readonly seed?: number;
  /** How many epochs are over. Default: 0. */
  readonly epoch?: number;
  /** When the schedule moves: after each epoch or each step. Default: 'epoch'. */
  readonly schedulerInterval?: 'epoch' | 'step';
  /** Clip the norm of all gradients in each step. Default: none. */
  readonly clipGradNorm?: number | { readonly maxNorm: number; readonly normType?: number };
  /** Clip each gradient in each step. Default: none. */
  readonly clipGradValue?: number;
  /**
   * How a loss of your own comes together from shares of a batch: as their `'mean'` or `'sum'`, or from the `'whole'`
   * batch, which is right for any and gathers the outputs of all ranks. Default: `'whole'`; losses of PyTorch's are
   * known.
   */
  readonly lossOf?: 'mean' | 'sum' | 'whole';
  /** As {@link exportOnnx} has it: along which dimension samples lie, of each input and target. Default: the first. */
  readonly batchDims?: readonly (number | null)[];
  /** What the project, and a class without a name of its own, is called. Default: the class of the model. */
  readonly name?: string;
  /** Replace an earlier export, with all that is in the folder. Default: false. */
  readonly overwrite?: boolean;
}

/** What {@link exportTorch} did. */
export interface ExportedProject {
  /** The folder. */
  readonly folder: string;
  /** The names of the files in it. */
  readonly files: readonly string[];
  /** The losses of the reference steps, as Kindling computed them. */
  readonly losses: readonly number[];
  /** What to run in the folder: to verify, to train in one process, and in several. */
  readonly commands: readonly [verify: string, train: string, parallel: string];
}
