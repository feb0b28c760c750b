import { K, refuseExcess, signature } from '../arguments/index.ts';
import { isFloatingPoint } from '../dtype.ts';
import { AutogradError } from '../errors.ts';
import { type GradNode, valuesOf } from '../record/index.ts';
import { type AnomalyMode, anomalyMode } from '../record/observe.ts';
import { stackFrames, userFrames } from '../stack.ts';
import type { Tensor } from '../tensor.ts';

/** Options of {@link detectAnomaly} and {@link setDetectAnomaly}. */
export interface AnomalyOptions {
  /** Whether backward functions that return NaN raise an error. Default: true. */
  readonly checkNan?: boolean;
}

const anomalyOptions = K.options<AnomalyOptions>({ checkNan: K.flag });
const setDetectAnomalyTakes = signature('setDetectAnomaly', { enabled: K.flag, options: anomalyOptions });
const detectAnomalyTakes = signature('detectAnomaly', { fn: K.callable, options: anomalyOptions });

/** Whether anomaly mode is on. Follows `torch.is_anomaly_enabled`. */
export function isAnomalyEnabled(): boolean {
  if (arguments.length > 0) refuseExcess('isAnomalyEnabled', [], arguments);
  return anomalyMode.value !== null;
}

/**
 * Turns anomaly mode on or off: inside {@link detectAnomaly} for what is left of it, else for all code outside of such
 * calls. While it is on, each recorded operation remembers where it was called, errors in the backward pass show that
 * place, and a backward function that returns NaN raises one. Slow: for debugging. Follows
 * `torch.autograd.set_detect_anomaly`.
 * @example
 * ```ts
 * autograd.setDetectAnomaly(true);
 * const x = tensor([-1.5], { requiresGrad: true });
 * x.sqrt().sum().backward(); // throws AutogradError: Function 'SqrtBackward0' returned nan values in its 0th output.
 * autograd.setDetectAnomaly(false);
 * ```
 */
export function setDetectAnomaly(enabled: boolean, options: AnomalyOptions = {}): void {
  setDetectAnomalyTakes(arguments);
  anomalyMode.set(enabled ? watching(options) : null);
}

/**
 * Runs `fn` (which may be async) in anomaly mode, see {@link setDetectAnomaly}: all of it, and nothing beside it. Both
 * the forward operations and the backward pass belong inside. Follows `torch.autograd.detect_anomaly`.
 * @throws AutogradError where a backward function returns NaN, and what `fn` throws; where `fn` returns a promise and
 *   is no `async` function
 * @example
 * ```ts
 * const x = tensor([0.5], { requiresGrad: true });
 * autograd.detectAnomaly(() => x.sqrt().sum().backward());
 * x.grad; // tensor([0.7071])
 * ```
 */
export function detectAnomaly<T>(fn: () => T, options: AnomalyOptions = {}): T {
  detectAnomalyTakes(arguments);
  return anomalyMode.run(watching(options), 'detectAnomaly', fn);
}

const watching = ({ checkNan = true }: AnomalyOptions): AnomalyMode => (checkNan ? refusing : tracing);

/** The nodes whose derivatives run: what they record was induced by them. */
const running: GradNode[] = [];

const tracing: AnomalyMode = {
  recorded(node) {
    const parent = running.at(-1);
    const trace = `Traceback of the forward call of ${node.name}:\n${callSite()}`;
    node.trace =
      parent === undefined
        ? trace
        : `${trace}\nInduced by the backward of ${parent.name}. ${parent.trace ?? ''}`;
  },
  derive(node, grads) {
    running.push(node);
    try {
      return node.primitive.backward(grads, node);
    } catch (error) {
      throw explained(error, node);
    } finally {
      running.pop();
    }
  },
};

const refusing: AnomalyMode = {
  recorded: tracing.recorded,
  derive(node, grads) {
    const results = tracing.derive(node, grads);
    refuseNaN(results, node);
    return results;
  },
};

function refuseNaN(results: readonly (Tensor | null)[], node: GradNode): void {
  for (let i = 0; i < results.length; i++) {
    const g = results[i];
    if (g == null || !isFloatingPoint(g.dtype) || !node.needs(i)) continue;
    if (!(valuesOf(g, 'anomaly mode: NaN in gradients') as Float32Array).some(Number.isNaN)) continue;
    throw explained(
      new AutogradError(`Function '${node.name}' returned nan values in its ${i}th output.`),
      node,
    );
  }
}

/** The error, with the place of the forward call in its message. */
function explained(error: unknown, node: GradNode): unknown {
  const { trace } = node;
  if (error instanceof Error && trace !== null && !error.message.includes(trace))
    error.message += `\n${trace}`;
  return error;
}

/** The call stack from the first frame outside Kindling on. */
function callSite(): string {
  const foreign = userFrames(50);
  return (foreign.length > 0 ? foreign : stackFrames(50)).slice(0, 12).join('\n');
}
