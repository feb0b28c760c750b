/** The tensors that distributions are made of and asked about, and what is refused of them. */
import {
  apply,
  broadcastTensors,
  calledAs,
  copyElements,
  type DType,
  definePrimitive,
  elementsOf,
  full,
  getDefaultDtype,
  holdsOutside,
  isFloatingPoint,
  KindlingError,
  Tensor,
  ValueError,
} from '@kindling/core';

/** Euler's constant. */
export const eulerGamma = 0.5772156649015329;

/** Which numbers fit, and how an error says so. NaN never does. */
export interface Range {
  readonly least: number;
  readonly most: number;
  readonly expected: string;
}

/** The bounds that distributions ask for. Not-a-number lies in none of them. */
export const ranges = {
  real: { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY, expected: 'real numbers' },
  positive: { least: Number.MIN_VALUE, most: Number.POSITIVE_INFINITY, expected: 'numbers > 0' },
  nonNegative: { least: 0, most: Number.POSITIVE_INFINITY, expected: 'numbers >= 0' },
  unit: { least: 0, most: 1, expected: 'numbers in [0, 1]' },
} as const satisfies Record<string, Range>;

interface Check extends Range {
  readonly caller: string;
  readonly name: string;
}

/** x itself, if its measure is in range. A compiled program checks as well: the copy is what it needs for that. */
const checked = definePrimitive<Check, [x: Tensor, measure: Tensor]>({
  name: 'checked',
  // So that no walk frees what leaves were made into: a distribution of them serves for several.
  saves: 0,
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  kernel([x, measure], { caller, name, least, most, expected }, out) {
    if (holdsOutside(measure, least, most, true)) {
      const bad = elementsOf(measure).findIndex((value) => !(value >= least && value <= most));
      const got = measure.count === x.count ? `, got ${elementsOf(x)[bad]}` : '';
      throw new ValueError(`${caller}: ${name}: expected ${expected}${got}`);
    }
    copyElements(x, out);
  },
  derivative: (g) => [g, null],
});

/**
 * x, if all of it is in range; where the range is one of something else, of that `measure`.
 * @throws ValueError
 */
export const within = (caller: string, name: string, x: Tensor, range: Range, measure = x): Tensor =>
  apply(checked, [x, measure.detach()], { ...range, caller, name });

/** As whole numbers of the range, or refused. */
export function wholeWithin(caller: string, name: string, x: Tensor, range: Range): Tensor {
  const fitting = within(caller, name, x, range);
  if (!isFloatingPoint(x.dtype)) return fitting;
  return within(caller, name, fitting, { ...range, least: 0, most: 0 }, fitting.sub(fitting.floor()));
}

/** The tensor of a number; integers count as the floats that they are. */
export function asFloat(x: Tensor | number, dtype: DType = getDefaultDtype()): Tensor {
  if (!(x instanceof Tensor)) return full([], x, { dtype });
  return isFloatingPoint(x.dtype) ? x : x.to(dtype);
}

/** Numbers and tensors, broadcast. A number takes the dtype of the first tensor of floats. */
export function broadcastFloats(...values: readonly (Tensor | number)[]): Tensor[] {
  const floats = values.find((x) => x instanceof Tensor && isFloatingPoint(x.dtype)) as Tensor | undefined;
  return broadcastTensors(...values.map((x) => asFloat(x, floats?.dtype)));
}

/** What `run` gives; an error in it names the caller, in the place of what it calls, if that is said. */
export function named<T>(caller: string, run: () => T, inner = caller): T {
  try {
    return run();
  } catch (error) {
    const prefix = `${inner}: `;
    if (error instanceof KindlingError && error.message.startsWith(prefix))
      error.message = `${caller}: ${error.message.slice(prefix.length)}`;
    throw calledAs(caller, error);
  }
}

/** Sums over the last so many dimensions. */
export const sumRightmost = (x: Tensor, dims: number): Tensor =>
  dims === 0 ? x : x.reshape([...x.shape.slice(0, x.ndim - dims), -1]).sum(-1);
