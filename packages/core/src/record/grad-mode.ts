import { checkArguments, K, refuseExcess } from '../arguments/index.ts';
import { inferring, mode, withGrad } from './flags.ts';

/**
 * Whether the grad flag is set: outside `inferenceMode`, whether operations are being recorded. Follows
 * `torch.is_grad_enabled`.
 */
export function isGradEnabled(): boolean {
  if (arguments.length > 0) refuseExcess('isGradEnabled', [], arguments);
  return mode.value.grad;
}

/** Whether code runs inside `inferenceMode`. Follows `torch.is_inference_mode_enabled`. */
export function isInferenceModeEnabled(): boolean {
  if (arguments.length > 0) refuseExcess('isInferenceModeEnabled', [], arguments);
  return mode.value.inference;
}

/**
 * Runs `fn` without recording operations. `fn` may be an `async` function: all of it, also what follows an `await`,
 * runs without recording, and code beside it is not touched. It may give a generator, whose steps then run so. Inside
 * `inferenceMode` that mode stays on. Follows `torch.no_grad`.
 * @throws AutogradError where `fn` returns a promise and is no `async` function: what it does later would escape
 * @example
 * ```ts
 * const w = tensor([1.5], { requiresGrad: true });
 * noGrad(() => w.mul(2)); // tensor([3.])
 * ```
 */
export function noGrad<T>(fn: () => T): T {
  if (arguments.length > 1) refuseExcess('noGrad', ['fn'], arguments);
  return mode.run(withGrad(false), 'noGrad', fn);
}

/**
 * Runs `fn` with recording on, inside `noGrad` say; inside `inferenceMode` only the flag that {@link isGradEnabled}
 * shows is set. Follows `torch.enable_grad`.
 * @throws AutogradError as {@link noGrad}
 */
export function enableGrad<T>(fn: () => T): T {
  if (arguments.length > 1) refuseExcess('enableGrad', ['fn'], arguments);
  return mode.run(withGrad(true), 'enableGrad', fn);
}

/**
 * Runs `fn` with recording as `enabled` says: {@link enableGrad} or {@link noGrad}. Follows `torch.set_grad_enabled`.
 * @throws AutogradError as {@link noGrad}
 */
export function setGradEnabled<T>(enabled: boolean, fn: () => T): T {
  checkArguments('setGradEnabled', { enabled: K.flag, fn: K.callable }, arguments);
  return mode.run(withGrad(enabled), 'setGradEnabled', fn);
}

/**
 * Like {@link noGrad}, and the tensors made inside may never take part in recorded operations.
 * Follows `torch.inference_mode`.
 * @throws AutogradError as {@link noGrad}
 * @example
 * ```ts
 * const w = tensor([1.5], { requiresGrad: true });
 * const y = inferenceMode(() => w.mul(2));
 * y.mul(w); // throws AutogradError: mul: Inference tensors cannot be saved for backward.
 * ```
 */
export function inferenceMode<T>(fn: () => T): T {
  if (arguments.length > 1) refuseExcess('inferenceMode', ['fn'], arguments);
  return mode.run(inferring, 'inferenceMode', fn);
}
