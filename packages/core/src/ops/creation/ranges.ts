import { K, signature } from '../../arguments/index.ts';
import { type DType, integerRange, isFloatingPoint, storedNumber } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { valuesOf } from '../../record/index.ts';
import { checkShape, formatShape } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { creationOptions, dtypeOf, finishCreation, roomFor } from './arguments.ts';
import { linearSteps } from './linear-steps.ts';
import { type CreationOptions, getDefaultDtype } from './options.ts';

/** What arange takes with one number, with two, with three. */
const arangeTakes = [['end'], ['start', 'end'], ['start', 'end', 'step']].map((bounds) =>
  signature('arange', {
    ...Object.fromEntries(bounds.map((bound) => [bound, K.number])),
    options: creationOptions,
  }),
);

/**
 * Numbers from `start` (inclusive) to `end` (exclusive) by `step`: `arange(end)`, `arange(start, end)`,
 * `arange(start, end, step)`. int32 where all are integers, else the default dtype. Follows `torch.arange`.
 * @throws ValueError for a step of 0 or of the wrong sign, or a bound that is not finite; DTypeError for bools
 * @example
 * ```ts
 * arange(5); // tensor([0, 1, 2, 3, 4])
 * arange(1, 2.5, 0.5); // tensor([1.0000, 1.5000, 2.0000])
 * ```
 */
export function arange(end: number, options?: CreationOptions): Tensor;
export function arange(start: number, end: number, options?: CreationOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: CreationOptions): Tensor;
export function arange(...args: (number | CreationOptions | undefined)[]): Tensor {
  const numbers = args.filter((a): a is number => typeof a === 'number');
  // Bounds that are left out may stand as `undefined` before the options.
  const given = [
    ...args.slice(0, numbers.length),
    ...args.slice(numbers.length).filter((a) => a !== undefined),
  ];
  arangeTakes[Math.min(Math.max(numbers.length, 1), 3) - 1]?.(given);
  const options = args.find((a): a is CreationOptions => typeof a === 'object');
  const [start = 0, end = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
  if (!Number.isFinite(start) || !Number.isFinite(end) || Number.isNaN(step)) {
    throw new ValueError(`arange: unsupported range: ${start} -> ${end}`);
  }
  if (step === 0) throw new ValueError('arange: step must be nonzero');
  if ((step > 0 && start > end) || (step < 0 && start < end)) {
    throw new ValueError(
      `arange: upper bound and larger bound inconsistent with step sign: start ${start}, end ${end}, step ${step}`,
    );
  }
  const whole = numbers.every(Number.isInteger);
  const dtype = rangeType(options, 'arange', whole ? 'int32' : getDefaultDtype());
  const n = Math.ceil((end - start) / step);
  checkShape([n], 'arange');
  // The length is that of the range as given; integers count from and by whole numbers.
  const round = isFloatingPoint(dtype) ? (x: number) => x : Math.trunc;
  const [from, by] = [round(start), round(step)];
  if (dtype === 'int32' && n > 0)
    for (const x of [from, from + (n - 1) * by]) storedNumber(x, dtype, 'arange');
  const array = roomFor([n], dtype, 'arange');
  for (let i = 0; i < n; i++) array[i] = from + i * by;
  return finishCreation(wrapArray(array, [n], dtype), options, 'arange');
}

/** A range of bools is none: all but zeros would be the same. */
function rangeType(
  options: CreationOptions | undefined,
  caller: string,
  otherwise: DType = getDefaultDtype(),
): DType {
  const dtype = dtypeOf(options, caller, otherwise);
  if (dtype !== 'bool') return dtype;
  throw new DTypeError(`${caller}: not implemented for bool; write ${caller}(...).to('bool')`);
}

function checkSteps(steps: number, caller: string): void {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ValueError(`${caller}: number of steps must be non-negative, got ${steps}`);
  checkShape([steps], caller);
}

/** A bound as a number, which a tensor of no dimensions may hold. */
function boundOf(bound: number | Tensor, caller: string): number {
  if (typeof bound === 'number') return bound;
  if (bound.shape.length > 0) {
    throw new ShapeError(
      `${caller} only supports numbers and 0-dimensional start and end tensors, got one of shape ${formatShape(bound.shape)}`,
    );
  }
  return valuesOf(bound, `${caller}: its bounds`)[0] as number;
}

const linspaceTakes = signature('linspace', {
  start: K.tensorOrNumber,
  end: K.tensorOrNumber,
  steps: K.integer,
  options: creationOptions,
});

/**
 * `steps` numbers from `start` to `end`, both included, evenly spaced. Bounds may be tensors of no dimensions. Follows
 * `torch.linspace`.
 * @throws ValueError unless `steps` is a whole number, 0 or more; ShapeError for a bound of more dimensions; DTypeError
 *   for bools
 * @example linspace(0, 1, 5); // tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
 */
export function linspace(
  start: number | Tensor,
  end: number | Tensor,
  steps: number,
  options?: CreationOptions,
): Tensor {
  linspaceTakes(arguments);
  checkSteps(steps, 'linspace');
  const dtype = rangeType(options, 'linspace');
  const [from, to] = [boundOf(start, 'linspace'), boundOf(end, 'linspace')];
  if (!isFloatingPoint(dtype)) for (const x of [from, to]) storedNumber(x, dtype, 'linspace');
  const numbers = linearSteps(from, to, steps, dtype, 'linspace');
  const array = isFloatingPoint(dtype) ? numbers : roomFor([steps], dtype, 'linspace');
  if (array !== numbers) array.set(numbers);
  return finishCreation(wrapArray(array, [steps], dtype), options, 'linspace');
}

/** Options of {@link logspace}. */
export interface LogspaceOptions extends CreationOptions {
  /** Default: 10. */
  readonly base?: number;
}

const logspaceTakes = signature('logspace', {
  start: K.tensorOrNumber,
  end: K.tensorOrNumber,
  steps: K.integer,
  options: K.options<LogspaceOptions>({ base: K.number, dtype: K.dtype, requiresGrad: K.flag }),
});

/** A power; one that integers cannot hold is refused, where PyTorch wraps it around or stores the least of them. */
function powerAs(dtype: DType, base: number, exponent: number): number {
  const power = base ** exponent;
  const range = integerRange[dtype];
  if (range === undefined) return power;
  const whole = Math.trunc(power);
  if (whole >= range[0] && whole <= range[1]) return whole;
  throw new ValueError(
    `logspace: ${base} ** ${exponent} is ${power}, which does not fit ${dtype}; ask for ` +
      `{ dtype: 'float64' }, and convert what fits with to('${dtype}')`,
  );
}

/**
 * `steps` numbers from base^start to base^end, evenly spaced in the exponent. Bounds may be tensors of no dimensions.
 * Follows `torch.logspace`.
 * @throws ValueError unless `steps` is a whole number, 0 or more, or for a power that an integer dtype does not hold;
 *   ShapeError for a bound of more dimensions; DTypeError for bools
 * @example logspace(0, 3, 4); // tensor([   1.,   10.,  100., 1000.])
 */
export function logspace(
  start: number | Tensor,
  end: number | Tensor,
  steps: number,
  options: LogspaceOptions = {},
): Tensor {
  logspaceTakes(arguments);
  checkSteps(steps, 'logspace');
  const { base = 10 } = options;
  const dtype = rangeType(options, 'logspace');
  const array = roomFor([steps], dtype, 'logspace');
  const [from, to] = [boundOf(start, 'logspace'), boundOf(end, 'logspace')];
  if (!isFloatingPoint(dtype)) for (const x of [from, to]) storedNumber(x, dtype, 'logspace');
  // As in PyTorch, bounds of integers are whole, but that of a single step.
  const exponents = steps === 1 ? [from] : linearSteps(from, to, steps, dtype, 'logspace');
  for (const [i, exponent] of exponents.entries()) array[i] = powerAs(dtype, base, exponent);
  return finishCreation(wrapArray(array, [steps], dtype), options, 'logspace');
}
