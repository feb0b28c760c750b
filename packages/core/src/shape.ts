import type { DType, TypedArray } from './dtype.ts';
import { IndexError, ShapeError } from './errors.ts';

/** The sizes of a tensor's dimensions: PyTorch's `torch.Size`. */
export type Shape = readonly number[];

/** How the elements of a tensor lie in an array. */
export interface StridedElements {
  readonly storage: { readonly array: TypedArray };
  readonly shape: Shape;
  /** Distance, in elements, between neighbours along each dimension; 0 where one element stands for many. */
  readonly strides: readonly number[];
  /** Index of the first element. */
  readonly offset: number;
  readonly dtype: DType;
}

/** Row-major strides, in elements; a dimension of size 0 counts as 1, as in PyTorch. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(shape[d]!, 1);
  }
  return strides;
}

export function numelOf(shape: Shape): number {
  let n = 1;
  // By index: an iteration is so much code that what calls this is no longer inlined.
  for (let d = 0; d < shape.length; d++) n *= shape[d]!;
  return n;
}

/** The index, one number a dimension, of the element at `position` in row-major order. */
export function indexOf(position: number, shape: Shape): number[] {
  const index: number[] = [];
  let rest = position;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** A test that says no where looking at the value throws, as it does at a revoked Proxy. Kindling's own. */
export const whereReadable =
  <T>(test: (x: unknown) => x is T) =>
  (x: unknown): x is T => {
    try {
      return test(x);
    } catch {
      return false;
    }
  };

/** Whether a value can be looked at: at a revoked Proxy that throws. Kindling's own. */
export const isReadable = /* @__PURE__ */ whereReadable(
  (x): x is unknown => x === undefined || x === null || Object.getPrototypeOf(x) !== undefined,
);

/** Whether something is an array; a revoked Proxy, of which JavaScript cannot tell, is none. Kindling's own. */
export function isArray(x: unknown): x is readonly unknown[] {
  try {
    return Array.isArray(x);
  } catch {
    return false;
  }
}

/** Whether something is a promise. */
export const isPromise = /* @__PURE__ */ whereReadable((x): x is Promise<unknown> => x instanceof Promise);

/**
 * Takes care of what is refused, where it is a promise: nobody waits for it, so that its failure later would end the program, though
 * the error of the refusal was caught.
 */
export function disown(refused: unknown): void {
  Promise.resolve(refused).catch(() => {});
}

/** As many sizes as a message shows of what a caller took for a shape: a list may be as long as any. */
const mostShown = 64;

/** A shape that a caller gave, which is no array only where types are not checked. */
function checked(shape: Shape, caller: string): Shape {
  if (isArray(shape) && !shape.slice(0, mostShown).some(isArray)) return shape;
  throw new ShapeError(
    `${caller}: expected a shape such as [2, 3], got ${shape === null ? 'null' : typeof shape}`,
  );
}

/** Whether two shapes are equal. Kindling's own. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (!isArray(a) || !isArray(b)) for (const shape of [a, b]) checked(shape, 'sameShape');
  return sameSizes(a, b);
}

/** {@link sameShape} of what is known to be shapes: operations ask for those of their inputs. */
export function sameSizes(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** Whether elements of these strides lie in order side by side; as in PyTorch, none always do. */
export function isContiguousLayout(shape: Shape, strides: readonly number[]): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d]!;
    if (size !== 1) {
      if (strides[d] !== step) return shape.includes(0);
      step *= size;
    }
  }
  return true;
}

/** What stands in place of a size need not convert to a string by itself. */
const asText = (size: unknown): string =>
  typeof size === 'object' || typeof size === 'function' ? '?' : String(size);

/** PyTorch prints sizes as `[2, 3]`. */
export const formatShape = (shape: Shape): string =>
  `[${checked(shape, 'formatShape').slice(0, mostShown).map(asText).join(', ')}${shape.length > mostShown ? ', ...' : ''}]`;

/** The shape to which two shapes broadcast, or `null`. */
export function tryBroadcast(a: Shape, b: Shape): Shape | null {
  if (sameShape(a, b)) return a;
  const longer = a.length >= b.length ? a : b;
  const shorter = longer === a ? b : a;
  const result = longer.slice();
  const lead = longer.length - shorter.length;
  for (let d = 0; d < shorter.length; d++) {
    const x = longer[lead + d]!;
    const y = shorter[d]!;
    if (x === y || y === 1) continue;
    if (x !== 1) return null;
    result[lead + d] = y;
  }
  return result;
}

/**
 * The shape to which two shapes broadcast: right-aligned, a size of 1 stretches. Follows `torch.broadcast_shapes`.
 * @throws ShapeError that names both shapes and the first dimension (from the right) that does not fit
 */
export function broadcastShapes(a: Shape, b: Shape, caller: string): Shape {
  const result = tryBroadcast(a, b);
  if (result !== null) return result;
  const rank = Math.max(a.length, b.length);
  let bad = rank - 1;
  for (; bad >= 0; bad--) {
    const x = a[bad - (rank - a.length)] ?? 1;
    const y = b[bad - (rank - b.length)] ?? 1;
    if (x !== y && x !== 1 && y !== 1) break;
  }
  const x = a[bad - (rank - a.length)];
  const y = b[bad - (rank - b.length)];
  throw new ShapeError(
    `${caller}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: the size ${x} of the first ` +
      `must match the size ${y} of the second at dimension ${bad}, or one of them must be 1`,
  );
}

/** Broadcasts any number of shapes. */
export function broadcastAll(shapes: readonly Shape[], caller: string): Shape {
  const [first = [], ...rest] = shapes;
  return rest.reduce((result, shape) => broadcastShapes(result, shape, caller), first);
}

/** Whether a tensor of shape `from` expands to `to` without `to` growing. */
export function expandsTo(from: Shape, to: Shape): boolean {
  const lead = to.length - from.length;
  if (lead < 0) return false;
  for (let d = 0; d < from.length; d++) if (from[d] !== to[lead + d] && from[d] !== 1) return false;
  return true;
}

/** Wraps a negative dimension; a 0-dimensional tensor accepts -1 and 0, as in PyTorch. */
export function normalizeDim(dim: number, rank: number, caller: string): number {
  const n = Math.max(rank, 1);
  if (!Number.isInteger(dim) || dim < -n || dim >= n) {
    throw new IndexError(
      `${caller}: Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${dim})`,
    );
  }
  return dim < 0 ? dim + n : dim;
}

/**
 * Normalised, distinct dimensions in the order in which they were given; `undefined`, `null` and `[]` mean all of them,
 * as in PyTorch's sum.
 */
export function dimsInOrder(
  dims: number | readonly number[] | null | undefined,
  rank: number,
  caller: string,
): number[] {
  if (dims === undefined || dims === null || (Array.isArray(dims) && dims.length === 0)) {
    return Array.from({ length: rank }, (_, d) => d);
  }
  if (typeof dims === 'number') {
    const d = normalizeDim(dims, rank, caller);
    return rank === 0 ? [] : [d];
  }
  if (!Array.isArray(dims)) {
    throw new ShapeError(
      `${caller}: expected a dim or a list of dims, got ${typeof dims}; options come after the dims`,
    );
  }
  const seen = new Set<number>();
  for (const dim of dims) {
    const d = normalizeDim(dim, rank, caller);
    if (seen.has(d))
      throw new ShapeError(
        `${caller}: dim ${d} appears multiple times in the list of dims [${dims.join(', ')}]`,
      );
    seen.add(d);
  }
  return rank === 0 ? [] : [...seen];
}

/** {@link dimsInOrder}, ascending: for what does not depend on their order. */
export function normalizeDims(
  dims: number | readonly number[] | null | undefined,
  rank: number,
  caller: string,
): number[] {
  return dimsInOrder(dims, rank, caller).sort((a, b) => a - b);
}

/** The shape left when `dims` (normalised, ascending) are reduced. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  const result: number[] = [];
  let next = 0;
  for (let d = 0; d < shape.length; d++) {
    if (dims[next] === d) {
      next++;
      if (keepdim) result.push(1);
    } else result.push(shape[d]!);
  }
  return result;
}

/** The most elements that a tensor has: positions are int32 numbers. */
export const maxElements: number = 2 ** 31 - 1;

/** Checks sizes given by a caller: non-negative integers, no more elements than a tensor can have. */
export function checkShape(shape: Shape, caller: string): void {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new ShapeError(
        `${caller}: sizes must be non-negative integers, got ${formatShape(checked(shape, caller))}`,
      );
    }
  }
  checkNumel(shape, numelOf(shape), caller);
}

/** Throws a ShapeError where a shape stands for more elements than a tensor can have. */
export function checkNumel(shape: Shape, count: number, caller: string): void {
  if (count <= maxElements) return;
  throw new ShapeError(
    `${caller}: a tensor of shape ${formatShape(shape)} has ${count} elements; a tensor holds at most ${maxElements}`,
  );
}
