import type { Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';

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
   * Along which dimension samples lie, of each input and then of each target; `null` of what is no batch. Default: the first
   * one of those whose first size is that of the first input.
   */
  readonly batchDims?: readonly (number | null)[];
}

/** The Python of a {@link ModelStep}. */
export interface ModelSource {
  /** Defines the class `className`, which is constructed without arguments: `model = Net()`. */
  readonly 'model.py': string;
  /** Defines `lossName`, which is called as `loss_fn(output, *targets)`; it is an `nn.Module` where `lossIsModule`. */
  readonly 'loss.py': string;
  readonly className: string;
  readonly lossName: 'loss_fn';
  /** Whether `loss_fn` is a module: then it may have state (`loss_fn.load_state_dict`), and is moved to a device. */
  readonly lossIsModule: boolean;
  /** What `loss_fn.state_dict()` is to hold: class weights, say. */
  readonly lossState: Readonly<Record<string, Tensor>>;
}
