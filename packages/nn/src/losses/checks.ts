import { formatShape, KindlingError, ShapeError, sameShape, type Tensor, ValueError } from '@kindling/core';

/**
 * Checks of what is handed to a loss. PyTorch takes most wrong inputs in silence: probabilities where logits belong, shapes
 * that broadcast by accident. Here they give one warning for each call site.
 */

/** What happens on a suspicious input: nothing, a warning once per call site, or an error. */
export type InputChecks = 'off' | 'warn' | 'error';

let mode: InputChecks = 'warn';

/**
 * Sets what the losses do about inputs that PyTorch accepts and that are almost surely wrong; `'warn'` by default. Inputs that
 * PyTorch refuses are errors in any case.
 *
 * @example
 * ```ts
 * nn.setInputChecks('error'); // in tests: a suspicious input throws
 * nn.setInputChecks('off'); // say nothing
 * ```
 */
export function setInputChecks(checks: InputChecks): void {
  if (checks !== 'off' && checks !== 'warn' && checks !== 'error') {
    throw new ValueError(`setInputChecks: expected 'off', 'warn' or 'error', got '${String(checks)}'`);
  }
  mode = checks;
  sites.clear();
  budgets.clear();
}

/** What {@link setInputChecks} set. */
export const getInputChecks = (): InputChecks => mode;

/** Call sites that were warned of. */
const sites = new Set<string>();
/** How often each check may still find something: looking up where it was called from is not for every step. */
const budgets = new Map<string, number>();
const warningsPerCheck = 32;

/** Where this package lies: the frames of a stack that do not lie there are the user's. */
const home = (import.meta.url ?? '').replace(/^file:\/\//, '').replace(/\/(losses\/checks\.ts|[^/]*)$/, '/');

/** V8's, where the runtime is built on it. */
const traces = Error as ErrorConstructor & { stackTraceLimit?: number | undefined };

function callSite(): string {
  const limit = traces.stackTraceLimit;
  traces.stackTraceLimit = 30;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  traces.stackTraceLimit = limit;
  return frames.find((frame) => !frame.includes(home))?.trim() ?? '';
}

/** Whether the check `name` is to be made at all. */
export const isChecked = (name: string): boolean =>
  mode !== 'off' && (mode === 'error' || (budgets.get(name) ?? warningsPerCheck) > 0);

/** Reports a suspicious input found by the check `name`; `message` says what came and what is expected. */
export function report(name: string, message: string): void {
  if (mode === 'error')
    throw new KindlingError(`${message}\n(nn.setInputChecks('warn') makes this a warning.)`);
  budgets.set(name, (budgets.get(name) ?? warningsPerCheck) - 1);
  const site = callSite();
  const key = `${name} ${site}`;
  if (sites.has(key)) return;
  sites.add(key);
  console.warn(
    `Warning: ${message}\n${site === '' ? '' : `    ${site}\n`}` +
      `(Said once per call site; nn.setInputChecks('off') turns it off, 'error' makes it an error.)`,
  );
}

/** Warns of shapes that broadcast: (N,) against (N, 1) gives an (N, N) loss of every pair, in silence. */
export function checkSameSize(caller: string, input: Tensor, target: Tensor): void {
  if (sameShape(input.shape, target.shape)) return;
  const name = `${caller} sizes`;
  if (!isChecked(name)) return;
  report(
    name,
    `${caller}: Using a target size (${formatShape(target.shape)}) that is different to the input size ` +
      `(${formatShape(input.shape)}). This will likely lead to incorrect results due to broadcasting. ` +
      'Please ensure they have the same size, for instance with target.reshape(input.shape).',
  );
}

/** Refuses shapes that differ, where PyTorch does. */
export function requireSameSize(caller: string, input: Tensor, target: Tensor): void {
  if (sameShape(input.shape, target.shape)) return;
  throw new ShapeError(
    `${caller}: Target size (${formatShape(target.shape)}) must be the same as input size (${formatShape(input.shape)})` +
      (input.count === target.count ? '; target.reshape(input.shape) makes it so' : ''),
  );
}

/** The element at `position` positions along the dimensions of `x`. */
function at(x: Tensor, position: readonly number[]): number {
  let offset = x.offset;
  for (let d = 0; d < position.length; d++) offset += position[d]! * x.strides[d]!;
  return x.storage.array[offset]!;
}

/** Whether all rows along `dim` lie in [0, 1] and sum to 1. Of logits the first row tells, which makes the check cheap. */
function isDistribution(x: Tensor, dim: number): boolean {
  const n = x.shape[dim] ?? 1;
  if (x.count === 0 || n < 2) return false;
  const position = x.shape.map(() => 0);
  for (;;) {
    let sum = 0;
    for (let c = 0; c < n; c++) {
      position[dim] = c;
      const p = at(x, position);
      if (!(p >= 0 && p <= 1)) return false;
      sum += p;
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
    position[dim] = 0;
    let d = position.length - 1;
    for (; d >= 0; d--) {
      if (d === dim) continue;
      position[d] = position[d]! + 1;
      if (position[d]! < x.shape[d]!) break;
      position[d] = 0;
    }
    if (d < 0) return true;
  }
}

/** Warns of probabilities where unnormalised logits are expected. */
export function checkLogits(caller: string, input: Tensor, dim: number): void {
  const name = `${caller} logits`;
  if (!isChecked(name) || !isDistribution(input, dim)) return;
  report(
    name,
    `${caller}: the input looks like probabilities (every row along dim ${dim} lies in [0, 1] and sums to 1); expected ` +
      'unnormalised logits, of which the softmax is taken here. Leave the softmax out of the model, or pass ' +
      'probabilities.log() to nllLoss.',
  );
}

/** Warns of probabilities where log-probabilities are expected. */
export function checkLogProbabilities(caller: string, input: Tensor, dim: number): void {
  const name = `${caller} log-probabilities`;
  if (!isChecked(name) || !isDistribution(input, dim)) return;
  report(
    name,
    `${caller}: the input looks like probabilities (every row along dim ${dim} lies in [0, 1] and sums to 1); expected ` +
      'log-probabilities: use logSoftmax(x, dim) instead of softmax(x, dim).',
  );
}

/** Up to this many elements a loop finds the extremes, without an operation that a trace would hold. */
const few = 256;

/** The least element; NaN where there is one, 0 where there is nothing. */
export function leastOf(x: Tensor): number {
  if (x.count === 0) return 0;
  if (x.count > few) return x.detach().amin().item();
  const data = x.detach().data;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < data.length; i++) least = Math.min(least, data[i]!);
  return least;
}

/** The first number outside [0, 1] and where it stands, in words; `null` where there is none. */
function outsideUnitRange(x: Tensor): string | null {
  const numbers = x.detach();
  // A loop that finds the place is for small tensors, and for where there is one.
  if (x.count > few && numbers.amin().item() >= 0 && numbers.amax().item() <= 1) return null;
  const { data } = numbers;
  const found = data.findIndex((p: number) => !(p >= 0 && p <= 1));
  if (found < 0) return null;
  const place: number[] = [];
  for (let d = x.ndim - 1, rest = found; d >= 0; d--) {
    place.unshift(rest % x.shape[d]!);
    rest = Math.floor(rest / x.shape[d]!);
  }
  return `${data[found]} at position [${place.join(', ')}]`;
}

/** Refuses probabilities outside [0, 1], as PyTorch does. */
export function requireProbabilities(caller: string, input: Tensor): void {
  const found = outsideUnitRange(input);
  if (found === null) return;
  throw new ValueError(
    `${caller}: all elements of input should be between 0 and 1, got ${found}; ` +
      'pass sigmoid(x), or give the logits themselves to binaryCrossEntropyWithLogits',
  );
}

/** Warns of targets outside [0, 1]: only the newest PyTorch refuses them. */
export function checkTargetProbabilities(caller: string, target: Tensor): void {
  const name = `${caller} target`;
  if (!isChecked(name)) return;
  const found = outsideUnitRange(target);
  if (found !== null)
    report(name, `${caller}: all elements of target should be between 0 and 1, got ${found}`);
}
