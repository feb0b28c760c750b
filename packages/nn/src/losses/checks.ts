import {
  DTypeError,
  elementsOf,
  formatShape,
  holdsOutside,
  isCompiling,
  isFloatingPoint,
  K,
  KindlingError,
  refuseExcess,
  type Shape,
  ShapeError,
  sameShape,
  signature,
  type Tensor,
  type TypedArray,
  userFrames,
  ValueError,
  valuesOf,
} from '@kindling/core';
import { placeOf } from '../module/print.ts';
import type { LossReduction } from './reduction.ts';

/**
 * Checks of what is handed to a loss. PyTorch takes most wrong inputs in silence: probabilities where logits belong,
 * shapes that broadcast by accident. Here they give one warning for each call site.
 */

/** What happens on a suspicious input: nothing, a warning once per call site, or an error. */
export type InputChecks = 'off' | 'warn' | 'error';

let mode: InputChecks = 'warn';

const setInputChecksTakes = /* @__PURE__ */ signature('setInputChecks', () => ({
  checks: K.oneOf('off', 'warn', 'error'),
}));

/**
 * Sets what the losses do about inputs that PyTorch accepts and that are almost surely wrong; `'warn'` by default.
 * Inputs that PyTorch refuses are errors in any case. Kindling's own.
 * @throws ValueError for a mode that there is not
 * @example
 * ```ts
 * // In tests a suspicious input may throw.
 * nn.setInputChecks('error');
 * F.crossEntropy(F.softmax(randn([4, 3]), 1), tensor([0, 1, 2, 0])); // throws KindlingError: crossEntropy: the input looks like
 * nn.setInputChecks('warn');
 * ```
 */
export function setInputChecks(checks: InputChecks): void {
  setInputChecksTakes(arguments);
  mode = checks;
  sites.clear();
  budgets.clear();
}

/**
 * What {@link setInputChecks} set. Kindling's own.
 * @example nn.getInputChecks(); // 'warn'
 */
export function getInputChecks(): InputChecks {
  if (arguments.length > 0) refuseExcess('getInputChecks', [], arguments);
  return mode;
}

/** Call sites that were warned of. */
const sites = new Set<string>();
/** How often each check may still find something: looking up where it was called from is not for every step. */
const budgets = new Map<string, number>();
const warningsPerCheck = 32;

/** Whether the check `name` is to be made at all: not where a call is being compiled, which looks at no values. */
const isChecked = (name: string): boolean =>
  mode !== 'off' &&
  !isCompiling() &&
  (mode === 'error' || budgets.size === 0 || (budgets.get(name) ?? warningsPerCheck) > 0);

/** Reports a suspicious input found by the check `name`; `message` says what came and what is expected. */
function report(name: string, message: string): void {
  if (mode === 'error')
    throw new KindlingError(`${message}\n(nn.setInputChecks('warn') makes this a warning.)`);
  budgets.set(name, (budgets.get(name) ?? warningsPerCheck) - 1);
  const site = userFrames()[0]?.trim() ?? '';
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

/** Refuses an input and a target that are floats of different dtypes, where PyTorch does. */
export function requireSameFloats(caller: string, input: Tensor, target: Tensor): void {
  if (input.dtype === target.dtype || !isFloatingPoint(input.dtype) || !isFloatingPoint(target.dtype)) return;
  throw new DTypeError(
    `${caller}: Found dtype ${target.dtype} of the target but expected ${input.dtype}, that of the input; ` +
      `target.to('${input.dtype}') makes it so`,
  );
}

/**
 * A target or weight in the dtype of what it meets, where both are floats: as where PyTorch computes in the memory of
 * that.
 */
export const asFloatsOf = (x: Tensor, { dtype }: Tensor): Tensor =>
  x.dtype === dtype || !isFloatingPoint(x.dtype) || !isFloatingPoint(dtype) ? x : x.to(dtype);

/** Refuses a weight for each element that has another shape than the input. */
export function requireSameSizeOfWeight(caller: string, weight: Tensor, input: Tensor): void {
  if (sameShape(weight.shape, input.shape)) return;
  throw new ShapeError(
    `${caller}: Weights and input must have the same size, got ${formatShape(weight.shape)} and ${formatShape(input.shape)}`,
  );
}

/** Refuses a weight by which the loss would grow larger than the input. */
export function requireBroadcast(caller: string, name: string, weight: Tensor | null, input: Tensor): void {
  if (weight === null) return;
  const lead = input.ndim - weight.ndim;
  if (lead >= 0 && weight.shape.every((size, d) => size === 1 || size === input.shape[lead + d])) return;
  throw new ShapeError(
    `${caller}: ${name} of shape ${formatShape(weight.shape)} does not broadcast to the input's ${formatShape(input.shape)}`,
  );
}

/** The first row of x along `dim`. */
function firstRow(x: Tensor, dim: number): Tensor {
  let row = x.detach();
  for (let d = x.ndim - 1; d >= 0; d--) if (d !== dim) row = row.select(d, 0);
  return row;
}

/** Whether all rows of numbers of this shape along `dim` lie in [0, 1] and sum to 1. */
function areDistributions(values: ArrayLike<number>, shape: Shape, dim: number): boolean {
  const n = shape[dim] ?? 1;
  const inner = shape.slice(dim + 1).reduce((count, size) => count * size, 1);
  for (let block = 0; block < values.length; block += n * inner) {
    for (let first = block; first < block + inner; first++) {
      let sum = 0;
      for (let i = first; i < first + n * inner; i += inner) {
        const p = values[i]!;
        if (!(p >= 0 && p <= 1)) return false;
        sum += p;
      }
      if (Math.abs(sum - 1) > 1e-3) return false;
    }
  }
  return true;
}

/**
 * Whether all rows along `dim` lie in [0, 1] and sum to 1. Of logits the first row tells, which makes the check cheap.
 */
function isDistribution(caller: string, x: Tensor, dim: number): boolean {
  const reason = `${caller}: whether the input is probabilities`;
  const n = x.shape[dim] ?? 1;
  if (x.count === 0 || n < 2) return false;
  // Only a dense tensor is read without a copy.
  if (!x.isContiguous() && !areDistributions(valuesOf(firstRow(x, dim), reason), [n], 0)) return false;
  return areDistributions(valuesOf(x, reason), x.shape, dim);
}

/** Warns of probabilities where unnormalised logits are expected. */
export function checkLogits(caller: string, input: Tensor, dim: number): void {
  const name = `${caller} logits`;
  if (!isChecked(name) || !isDistribution(caller, input, dim)) return;
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
  if (!isChecked(name) || !isDistribution(caller, input, dim)) return;
  report(
    name,
    `${caller}: the input looks like probabilities (every row along dim ${dim} lies in [0, 1] and sums to 1); expected ` +
      'log-probabilities: use logSoftmax(x, dim) instead of softmax(x, dim).',
  );
}

/** The first number outside [0, 1] and where it stands, in words; `null` where there is none. */
function outsideUnitRange(values: TypedArray, shape: Shape): string | null {
  for (let i = 0; i < values.length; i++) {
    const p = values[i]!;
    if (!(p >= 0 && p <= 1)) return `${p} at position ${placeOf(i, shape)}`;
  }
  return null;
}

/** Refuses probabilities outside [0, 1], as PyTorch does; for kernels. */
export function requireProbabilities(caller: string, what: 'input' | 'target', x: Tensor): void {
  if (!holdsOutside(x, 0, 1, true)) return;
  const found = outsideUnitRange(elementsOf(x), x.shape);
  if (found === null) return;
  throw new ValueError(
    `${caller}: all elements of ${what} should be between 0 and 1, got ${found}${
      what === 'target'
        ? ''
        : '; pass sigmoid(x), or give the logits themselves to binaryCrossEntropyWithLogits'
    }`,
  );
}

/** Refuses options, by their names, that are not above 0. */
export function checkPositive(caller: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0)) throw new ValueError(`${caller}: ${name} must be positive, got ${value}`);
  }
}

const reductions: readonly string[] = ['none', 'mean', 'sum', 'weightedMean'];

/** Refuses a reduction that there is not. */
export function checkReduction<R extends string = LossReduction>(
  caller: string,
  reduction: string,
  known: readonly string[] = reductions,
): R {
  if (!known.includes(reduction)) {
    throw new ValueError(
      `${caller}: ${reduction} is not a valid value for reduction; expected ${known.map((r) => `'${r}'`).join(', ')}`,
    );
  }
  return reduction as R;
}
