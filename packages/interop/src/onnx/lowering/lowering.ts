import type { Operation, Value } from '../../recording/index.ts';
import { type Graph, isStatic, type Name, type Size } from '../graph.ts';

/** Writes an operation into the graph: of the names of its inputs, those of its results. */
export type Lowering = (
  graph: Graph,
  inputs: readonly Name[],
  operation: Operation,
) => Name | readonly Name[];

/** Lowerings by PyTorch's names of operations. */
export type Lowerings = Readonly<Record<string, Lowering>>;

/** Thrown by a lowering where ONNX has nothing for what is asked. */
export class NotInOnnx extends Error {
  /** What to write instead. */
  readonly instead: string | undefined;
  constructor(why: string, instead?: string) {
    super(why);
    this.instead = instead;
  }
}

/** The attributes of an operation, as its primitive has them. */
export const attributesOf = <A>(operation: Operation): A => operation.attributes as A;

/** The value of an input, or of a result. */
export function inputOf(operation: Operation, index = 0): Value {
  const value = operation.inputs[index];
  if (value === undefined) throw new NotInOnnx(`${operation.name} has no input ${index}`);
  return value;
}
export function outputOf(operation: Operation, index = 0): Value {
  const value = operation.outputs[index];
  if (value === undefined) throw new NotInOnnx(`${operation.name} has no result ${index}`);
  return value;
}

/** The shape of an input, or of a result. */
export const shapeOf = (operation: Operation, index = 0): readonly Size[] => inputOf(operation, index).shape;
export const resultShape = (operation: Operation, index = 0): readonly Size[] =>
  outputOf(operation, index).shape;

/** A size that must not follow the batch. */
export function fixed(size: Size | undefined, what: string): number {
  if (size !== undefined && isStatic(size)) return size;
  throw new NotInOnnx(
    `${what} follows the batch`,
    'export with { batch: false }, for the batch size of the example',
  );
}

/** factor * size + summand. */
export const linear = (size: Size, factor: number, summand = 0): Size =>
  isStatic(size)
    ? factor * size + summand
    : { perSample: factor * size.perSample, fixed: factor * size.fixed + summand };

export function plus(a: Size, b: Size): Size {
  if (isStatic(a)) return linear(b, 1, a);
  if (isStatic(b)) return linear(a, 1, b);
  return { perSample: a.perSample + b.perSample, fixed: a.fixed + b.fixed };
}

/** Whether two sizes are one for every batch. */
export const same = (a: Size | undefined, b: Size | undefined): boolean =>
  a === b ||
  (typeof a === 'object' && typeof b === 'object' && a.perSample === b.perSample && a.fixed === b.fixed);

export const product = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1);
export const range = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i);

/** Beyond the end of every dimension. */
export const toTheEnd = Number.MAX_SAFE_INTEGER;
