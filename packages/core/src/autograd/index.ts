/** Automatic differentiation, as in `torch.autograd`: exported by `@kindling/core` as `autograd`. */

export * from '../record/grad-mode.ts';
export { GradNode as Node } from '../record/node.ts';
export { type AnomalyOptions, detectAnomaly, isAnomalyEnabled, setDetectAnomaly } from './anomaly.ts';
export { type BackwardOptions, backward, type ForEach, type GradOptions, grad } from './backward.ts';
export { type CheckpointOptions, checkpoint, checkpointSequential, checkpointWith } from './checkpoint.ts';
export {
  CustomFunction as Function,
  defineFunction,
  FunctionContext,
  type FunctionDefinition,
  type FunctionOutput,
  type InputGradients,
  type OutputGradients,
  onceDifferentiable,
} from './function.ts';
export * as functional from './functional.ts';
export {
  type Checked,
  GradcheckError,
  type GradcheckOptions,
  type GradgradcheckOptions,
  gradcheck,
  gradgradcheck,
} from './gradcheck.ts';
export {
  type RemovableHandle,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  retainsGrad,
  setRequiresGrad,
} from './hooks.ts';
