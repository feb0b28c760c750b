/** Tensors in JSON: nothing but what they are, and every value of it. */
import { describe as whatCame } from '../arguments/explain.ts';
import { refuseExcess } from '../arguments/index.ts';
import { arrayConstructor, checkDType, type DType, isFloatingPoint, storedNumber } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { whereReadable } from '../readable.ts';
import { valuesOf } from '../record/values.ts';
import { checkShape, formatShape, numelOf } from '../shape.ts';
import { type Tensor, wrapArray } from '../tensor.ts';

/** What `JSON.stringify` writes of a tensor. */
export interface TensorJSON {
  /** The type of the elements. */
  readonly dtype: DType;
  /** The sizes of the dimensions. */
  readonly shape: readonly number[];
  /**
   * The elements in row-major order: booleans of a bool tensor, else numbers. Those that JSON cannot write are strings:
   * `"NaN"`, `"Infinity"`, `"-Infinity"` and `"-0"`.
   */
  readonly data: readonly (number | boolean | string)[];
}

/** No JavaScript string is longer than this, and an element takes two characters at least. */
const MAX_ELEMENTS = 2 ** 28;

/** @internal {@link TensorJSON} of a tensor. */
export function tensorToJSON(x: Tensor): TensorJSON {
  const { dtype, count } = x;
  if (count > MAX_ELEMENTS) {
    throw new ValueError(
      `toJSON: a tensor of shape ${formatShape(x.shape)} is too large for a JSON text; write it with io.saveSafetensors`,
    );
  }
  const values = valuesOf(x, 'toJSON');
  const data = new Array<number | boolean | string>(count);
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (dtype === 'bool') data[i] = value !== 0;
    else if (!Number.isFinite(value)) data[i] = String(value);
    else data[i] = Object.is(value, -0) ? '-0' : value;
  }
  return { dtype, shape: [...x.shape], data };
}

/**
 * Whether a value, such as one that `JSON.parse` gave, has the form that `JSON.stringify` gives a tensor. Kindling's
 * own.
 */
export function isTensorJSON(value: unknown): value is TensorJSON {
  return hasForm(value);
}

const hasForm = /* @__PURE__ */ whereReadable((value): value is TensorJSON => {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, shape, data } = value as Partial<Record<string, unknown>>;
  return typeof dtype === 'string' && Array.isArray(shape) && Array.isArray(data);
});

const strings: ReadonlyMap<unknown, number> = new Map(
  ['NaN', 'Infinity', '-Infinity', '-0'].map((text) => [text, Number(text)]),
);

function elementOf(value: unknown, dtype: DType, i: number): number {
  const where = `fromJSON: element ${i}`;
  if (dtype === 'bool' && typeof value === 'boolean') return Number(value);
  const number = typeof value === 'number' ? value : isFloatingPoint(dtype) ? strings.get(value) : undefined;
  if (number === undefined) {
    throw new DTypeError(`${where}, of dtype ${dtype}, is ${describe(value)}, which is none of its values`);
  }
  const stored = storedNumber(number, dtype, where);
  if (!isFloatingPoint(dtype) && (stored !== number || (number < 0 && dtype !== 'int32'))) {
    throw new ValueError(`${where} is ${number}, which is no value of dtype ${dtype}`);
  }
  return stored;
}

const describe = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'boolean' || value === null
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? 'an array (data is flat, in row-major order)'
      : typeof value;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValueError(`fromJSON: the text is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The tensor that `JSON.stringify` wrote, from the text or from what `JSON.parse` made of it. Bit for bit the same
 * values, on fresh memory; as a file does, it keeps no gradient. Kindling's own.
 * @throws ValueError, DTypeError, ShapeError where it is not of that form
 * @example
 * ```ts
 * const text = JSON.stringify(tensor([[0.5, -Infinity]])); // '{"dtype":"float32","shape":[1,2],"data":[0.5,"-Infinity"]}'
 * fromJSON(text); // tensor([[0.5000,   -inf]])
 * const { w } = JSON.parse(JSON.stringify({ w: tensor([1, 2]) }));
 * fromJSON(w); // tensor([1, 2])
 * ```
 */
export function fromJSON(json: TensorJSON | string): Tensor {
  if (arguments.length > 1) refuseExcess('fromJSON', ['json'], arguments);
  const value: unknown = typeof json === 'string' ? parsed(json) : json;
  if (!isTensorJSON(value)) {
    throw new ValueError(
      `fromJSON: expected what JSON.stringify makes of a tensor, { dtype, shape, data } or its text, got ${whatCame(value)}`,
    );
  }
  const { dtype, shape, data } = value;
  checkDType(dtype, 'fromJSON');
  checkShape(shape, 'fromJSON');
  if (data.length !== numelOf(shape)) {
    throw new ShapeError(
      `fromJSON: shape ${formatShape(shape)} takes ${numelOf(shape)} elements, data holds ${data.length}`,
    );
  }
  const array = new (arrayConstructor(dtype))(data.length);
  for (let i = 0; i < array.length; i++) array[i] = elementOf(data[i], dtype, i);
  return wrapArray(array, [...shape], dtype);
}
