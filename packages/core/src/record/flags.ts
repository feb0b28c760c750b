import { FlowSetting } from './flow.ts';

/** Whether operations are recorded for backward. The two flags are independent, as in PyTorch. */
interface GradMode {
  readonly grad: boolean;
  readonly inference: boolean;
  /** Whether operations are recorded: `grad` and not `inference`. */
  readonly records: boolean;
}

const modeOf = (grad: boolean, inference: boolean): GradMode => ({
  grad,
  inference,
  records: grad && !inference,
});

const recording = modeOf(true, false);
const silent = modeOf(false, false);
export const inferring: GradMode = modeOf(false, true);
const inferringWithGrad = modeOf(true, true);

export const mode: FlowSetting<GradMode> = new FlowSetting<GradMode>(recording);

/** The mode of the flow that asks, with another grad flag. */
export function withGrad(grad: boolean): GradMode {
  if (mode.value.inference) return grad ? inferringWithGrad : inferring;
  return grad ? recording : silent;
}

/** @internal Whether operations are being recorded: the grad flag is set, and no inference mode is on. */
export const isRecording = (): boolean => mode.value.records;

/** @internal Synchronous, and without the checks that {@link noGrad} makes: what the engine and optimizers use. */
export const withGradMode = <T>(enabled: boolean, fn: () => T): T => mode.runNow(withGrad(enabled), fn);

/** @internal As {@link withGradMode}, but records inside `inferenceMode` too. */
export const withRecording = <T>(fn: () => T): T => mode.runNow(recording, fn);
