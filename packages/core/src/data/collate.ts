import { refuseExcess } from '../arguments/index.ts';
import type { TypedArray } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { stack } from '../ops/arranging/joining.ts';
import { tensor } from '../ops/creation/from-data.ts';
import { isTypedArray, type OtherTypedArray } from '../ops/creation/typed-arrays.ts';
import { unbind } from '../ops/views/slices.ts';
import { isArray, whereReadable } from '../readable.ts';
import { formatShape, sameShape } from '../shape.ts';
import { isOfClass, Tensor } from '../tensor.ts';

/** Samples are nested less deep, unless they hold themselves. */
const MAX_DEPTH = 100;

type Sample = 'tensor' | 'typed array' | 'number' | 'boolean' | 'array' | 'object' | 'other';

/** Whether something is an object whose entries are its own: no class's. */
const isPlainObject = /* @__PURE__ */ whereReadable((x): x is object => {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
});

function kindOf(sample: unknown): Sample {
  if (isOfClass(sample)) return 'tensor';
  if (isArray(sample)) return 'array';
  if (isTypedArray(sample)) return 'typed array';
  if (typeof sample === 'number' || typeof sample === 'boolean') return typeof sample as Sample;
  return isPlainObject(sample) ? 'object' : 'other';
}

/**
 * What {@link defaultCollate} makes of samples of type T: a tensor of tensors, typed arrays, numbers and booleans; an
 * array or object of such, entry by entry; a list of all else. Of samples that are not known before the program runs,
 * whatever they are.
 */
export type Collated<T> = unknown extends T
  ? T
  : [T] extends [Tensor | TypedArray | OtherTypedArray | number | boolean]
    ? Tensor
    : [T] extends [readonly unknown[]]
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : [T] extends [object]
        ? { [K in keyof T]: Collated<T[K]> }
        : T[];

/**
 * Joins samples to a batch: tensors and typed arrays are stacked, numbers and booleans become a tensor, arrays and
 * objects are joined entry by entry, anything else (strings) stays a list. As in PyTorch the first sample decides:
 * beside numbers may stand booleans and tensors without dimensions, beside typed arrays tensors and arrays, beside
 * arrays tensors and typed arrays, beside strings whatever there is. Follows `torch.utils.data.default_collate`, which
 * leaves out, in silence, what the first sample has no key for; here that is refused.
 * @throws DTypeError where another sample cannot stand beside the first, samples are arrays of different lengths or
 *   objects of different keys, or are missing; ShapeError where their tensors differ in shape; ValueError where there
 *   are none, or a number does not fit int32
 * @example
 * ```ts
 * data.defaultCollate([{ x: tensor([1]), y: 0 }, { x: tensor([2]), y: 1 }]);
 * // { x: tensor([[1],
 * //         [2]]), y: tensor([0, 1]) }
 * ```
 */
export function defaultCollate<T>(samples: readonly T[]): Collated<T> {
  if (arguments.length > 1) refuseExcess('defaultCollate', ['samples'], arguments);
  if (!isArray(samples) || samples.length === 0) {
    const got = isArray(samples) ? 'an empty one' : typeof samples;
    throw new ValueError(`defaultCollate: expected a list of samples, got ${got}`);
  }
  return join(samples, '', 0) as Collated<T>;
}

/**
 * Makes tensors of the typed arrays in a sample, in arrays and objects of it too; all else stays as it is. Follows
 * `torch.utils.data.default_convert`, whose NumPy arrays these are.
 * @throws ValueError for samples that are nested more than 100 deep
 * @example data.defaultConvert({ x: Float32Array.of(1, 2), y: 0 }); // { x: tensor([1., 2.]), y: 0 }
 */
export function defaultConvert(sample: unknown): unknown {
  if (arguments.length > 1) refuseExcess('defaultConvert', ['sample'], arguments);
  return convert(sample, 0);
}

function convert(part: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH)
    throw new ValueError(`defaultConvert: the sample is nested more than ${MAX_DEPTH} deep`);
  if (isTypedArray(part)) return tensor(part);
  const kind = kindOf(part);
  if (kind === 'array') return (part as unknown[]).map((x) => convert(x, depth + 1));
  if (kind !== 'object') return part;
  return Object.fromEntries(Object.entries(part as object).map(([key, x]) => [key, convert(x, depth + 1)]));
}

/** What may stand beside a first sample of a kind: as in PyTorch, which goes by the first. */
const mayFollow: Readonly<Record<Sample, (kind: Sample, part: unknown) => boolean>> = {
  tensor: (kind) => kind === 'tensor',
  'typed array': (kind) => kind === 'typed array' || kind === 'tensor' || kind === 'array',
  number: isScalar,
  boolean: isScalar,
  array: (kind, part) => kind === 'array' || kind === 'typed array' || (isOfClass(part) && part.ndim > 0),
  object: (kind) => kind === 'object',
  other: () => true,
};

function isScalar(kind: Sample, part: unknown): boolean {
  return kind === 'number' || kind === 'boolean' || (isOfClass(part) && part.ndim === 0);
}

/** `path` leads from a sample to these parts of them: `.x[0]`. */
function join(parts: readonly unknown[], path: string, depth: number): unknown {
  const kind = kindOfFirst(parts, path);
  if (depth > MAX_DEPTH)
    throw new ValueError(`defaultCollate: samples are nested more than ${MAX_DEPTH} deep`);
  switch (kind) {
    case 'tensor':
      return stack(checkShapes(parts as readonly Tensor[], path) as Tensor[]);
    case 'typed array':
      return stack(
        checkShapes(
          parts.map((x) => (isOfClass(x) ? x : tensor(x as TypedArray))),
          path,
        ) as Tensor[],
      );
    case 'number':
    case 'boolean':
      return joinScalars(parts as readonly (number | boolean | Tensor)[], path);
    case 'array':
      return joinArrays(parts.map(entriesOf), path, depth);
    case 'object':
      return joinObjects(parts as readonly Record<string, unknown>[], path, depth);
    default:
      return parts.slice();
  }
}

const nameOf = (i: number, path: string): string =>
  `sample ${i} of the batch${path === '' ? '' : ` (${path})`}`;

function kindOfFirst(parts: readonly unknown[], path: string): Sample {
  const kind = kindOf(parts[0]);
  for (const [i, part] of parts.entries()) {
    if (part === undefined || (part === null && (i === 0 || kind !== 'other')))
      throw new DTypeError(
        `defaultCollate: ${nameOf(i, path)} is ${String(part)}: does the dataset return it?`,
      );
    if (mayFollow[kind](kindOf(part), part)) continue;
    throw new DTypeError(
      `defaultCollate: samples must be of one kind: ${nameOf(0, path)} is of kind ${kind}, ${nameOf(i, path)} ${kindOf(part)}`,
    );
  }
  return kind;
}

/** The entries along the first dimension, which lists have beside tensors. */
function entriesOf(part: unknown): unknown[] {
  if (isArray(part)) return part as unknown[];
  return unbind(isOfClass(part) ? part : tensor(part as TypedArray));
}

/** One tensor of numbers, booleans and tensors of one element; a boolean beside numbers is 0 or 1. */
function joinScalars(parts: readonly (number | boolean | Tensor)[], path: string): Tensor {
  const numbers = parts.filter((x) => !isOfClass(x));
  const own = numbers.every((x) => typeof x === 'boolean')
    ? tensor(numbers)
    : joinNumbers(
        parts.map((x) => (isOfClass(x) ? 0 : Number(x))),
        path,
      );
  if (numbers.length === parts.length) return own;
  return stack(parts.map((x) => (isOfClass(x) ? x.detach() : Tensor.scalar(Number(x), own.dtype))));
}

function checkShapes(tensors: readonly Tensor[], path: string): readonly Tensor[] {
  const { shape } = tensors[0]!;
  for (const [i, x] of tensors.entries()) {
    if (sameShape(x.shape, shape)) continue;
    throw new ShapeError(
      `defaultCollate: tensors of samples must be of one shape: ${nameOf(0, path)} has ${formatShape(shape)}, ` +
        `${nameOf(i, path)} ${formatShape(x.shape)}`,
    );
  }
  return tensors;
}

function joinNumbers(numbers: readonly number[], path: string): Tensor {
  if (!numbers.every(Number.isInteger)) return tensor(numbers, { dtype: 'float32' });
  const wide = numbers.findIndex((x) => x < -(2 ** 31) || x >= 2 ** 31);
  if (wide >= 0) {
    throw new ValueError(
      `defaultCollate: ${nameOf(wide, path)} is ${numbers[wide]}, which does not fit into int32; make it a float64 tensor: ` +
        "tensor(x, { dtype: 'float64' })",
    );
  }
  return tensor(numbers, { dtype: 'int32' });
}

function joinArrays(rows: readonly unknown[][], path: string, depth: number): unknown[] {
  const { length } = rows[0]!;
  for (const [i, row] of rows.entries()) {
    if (row.length === length) continue;
    throw new DTypeError(
      `defaultCollate: each sample should have the same number of entries: ${nameOf(0, path)} has ${length}, ` +
        `${nameOf(i, path)} ${row.length}`,
    );
  }
  return Array.from({ length }, (_, at) =>
    join(
      rows.map((row) => row[at]),
      `${path}[${at}]`,
      depth + 1,
    ),
  );
}

function joinObjects(records: readonly Record<string, unknown>[], path: string, depth: number): unknown {
  const keys = Object.keys(records[0]!);
  for (const [i, record] of records.entries()) {
    const own = Object.keys(record);
    if (own.length === keys.length && keys.every((key) => Object.hasOwn(record, key))) continue;
    throw new DTypeError(
      `defaultCollate: each sample should have the same keys: ${nameOf(0, path)} has ${keys.join(', ')}, ` +
        `${nameOf(i, path)} ${own.join(', ')}`,
    );
  }
  return Object.fromEntries(
    keys.map((key) => [
      key,
      join(
        records.map((record) => record[key]),
        `${path}.${key}`,
        depth + 1,
      ),
    ]),
  );
}
