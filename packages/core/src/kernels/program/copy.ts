import { bytesOf } from '../../dtype.ts';
import type { Copy } from '../recording/index.ts';
import { accessOf, type FunctionBuilder } from '../wasm/index.ts';

/** A dimension of a copy, in bytes. */
interface Dimension {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Rows of at most so many elements are written out. */
const few = 4;
/** Up to this many bytes side by side are copied by vectors: what copies any number takes longer to begin. */
const mostByVectors = 256;

/** Copies bytes that lie side by side, by the largest steps that there are. */
function emitVectors(f: FunctionBuilder, from: number, to: number, bytes: number): void {
  let done = 0;
  for (const [step, load, store] of [
    [16, 'v128.load', 'v128.store'],
    [8, 'i64.load', 'i64.store'],
    [4, 'i32.load', 'i32.store'],
    [1, 'i32.load8_u', 'i32.store8'],
  ] as const)
    for (; done + step <= bytes; done += step) f.get(to).get(from).load(load, done).store(store, done);
}

/** Those of more than one element, neighbours that one step leads through merged, the closest in the target last. */
function dimensionsOf({ from, to }: Copy): Dimension[] {
  const bytes = bytesOf(to.dtype);
  const dimensions = to.shape
    .map((size, d) => ({ size, from: bytes * from.strides[d]!, to: bytes * to.strides[d]! }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => b.to - a.to);
  return dimensions.reduce<Dimension[]>((merged, d) => {
    const last = merged.at(-1);
    if (last !== undefined && last.from === d.from * d.size && last.to === d.to * d.size)
      merged[merged.length - 1] = { ...d, size: last.size * d.size };
    else merged.push(d);
    return merged;
  }, []);
}

/** What copies have in common that one function serves, in words. */
export const formOfCopy = (copy: Copy): string =>
  `copy ${copy.to.dtype} ${dimensionsOf(copy).map((d) => `${d.size}:${d.from}:${d.to}`)}`;

/**
 * Into how many rows a copy can be cut, and how long a row is; a row is what the outermost of several loops goes round
 * by.
 */
export function rowsOfCopy(copy: Copy): { rows: number; length: number } {
  const [outermost, ...inner] = dimensionsOf(copy);
  if (outermost === undefined || inner.length === 0) return { rows: 1, length: copy.to.count };
  return { rows: outermost.size, length: copy.to.count / outermost.size };
}

/** Some of the rows of a copy, as locals say. */
interface SomeRows {
  readonly first: number;
  readonly end: number;
}

/** The addresses that a copy is from and to: locals, which are as they were after what is written here. */
interface Pointers {
  readonly from: number;
  readonly to: number;
}

/** Writes the loops of a copy, or of some of its rows, from the address in one local to that in another. */
export function emitCopy(f: FunctionBuilder, copy: Copy, from: number, to: number, some?: SomeRows): void {
  emitLoops(f, dimensionsOf(copy), bytesOf(copy.to.dtype), { from, to }, some);
}

/** Writes what is copied without a loop of its own; `false` where there has to be one. */
function emitAtOnce(
  f: FunctionBuilder,
  dimension: Dimension,
  inner: readonly Dimension[],
  bytes: number,
  pointers: Pointers,
  some: SomeRows | undefined,
): boolean {
  const { from, to } = pointers;
  const { size } = dimension;
  const isLast = inner.length === 0;
  if (isLast && dimension.from === bytes && dimension.to === bytes && size > few) {
    if (size * bytes <= mostByVectors) emitVectors(f, from, to, size * bytes);
    else {
      f.get(to)
        .get(from)
        .i32Const(size * bytes)
        .memoryCopy();
    }
    return true;
  }
  if (isLast && size <= few && dimension.from >= 0) {
    const { load, store } = accessOf(bytes);
    for (let i = 0; i < size; i++) {
      f.get(to)
        .get(from)
        .load(load, i * dimension.from);
      f.store(store, i * dimension.to);
    }
    return true;
  }
  const [columns] = inner;
  if (inner.length !== 1 || columns === undefined || some !== undefined) return false;
  if (!isTurned(dimension, columns, bytes)) return false;
  emitTurned(f, dimension, columns, pointers);
  return true;
}

function emitLoops(
  f: FunctionBuilder,
  [dimension, ...inner]: readonly Dimension[],
  bytes: number,
  pointers: Pointers,
  some?: SomeRows,
): void {
  const { from, to } = pointers;
  if (dimension === undefined) {
    const { load, store } = accessOf(bytes);
    f.get(to).get(from).load(load).store(store);
    return;
  }
  if (emitAtOnce(f, dimension, inner, bytes, pointers, some)) return;
  const left = f.local('i32');
  if (some === undefined) f.i32Const(dimension.size).set(left);
  else {
    f.get(some.end).get(some.first).op('i32.sub').set(left);
    for (const [at, step] of [
      [from, dimension.from],
      [to, dimension.to],
    ] as const)
      f.get(at).get(some.first).i32Const(step).op('i32.mul').op('i32.add').set(at);
  }
  const loop = f.loop();
  emitLoops(f, inner, bytes, pointers);
  move(f, pointers, dimension, 1);
  f.get(left).i32Const(1).op('i32.sub').tee(left).brIf(loop);
  f.end();
  if (some === undefined) move(f, pointers, dimension, -dimension.size);
}

/** Moves on by so many steps along a dimension. */
function move(f: FunctionBuilder, { from, to }: Pointers, dimension: Dimension, steps: number): void {
  f.bump(from, { bytes: dimension.from * steps });
  f.bump(to, { bytes: dimension.to * steps });
}

/** A square of so many elements of four bytes is turned in registers. */
const square = 4;

/** Whether what are rows in the target are columns, side by side, where they come from. */
const isTurned = (rows: Dimension, columns: Dimension, bytes: number): boolean =>
  bytes === 4 &&
  rows.from === bytes &&
  columns.to === bytes &&
  columns.from >= 0 &&
  Math.min(rows.size, columns.size) >= square;

/** Copies rows that are columns where they come from: squares, then the columns and the rows that are left. */
function emitTurned(f: FunctionBuilder, rows: Dimension, columns: Dimension, pointers: Pointers): void {
  const squares = ({ size, from, to }: Dimension): Dimension => ({
    size: Math.floor(size / square),
    from: square * from,
    to: square * to,
  });
  const [down, across] = [squares(rows), squares(columns)];
  const { a, b, c, d, x, y } = f.locals('v128', 'a', 'b', 'c', 'd', 'x', 'y');
  const each = (dimension: Dimension, body: () => void): void => {
    const left = f.local('i32');
    f.i32Const(dimension.size).set(left);
    const loop = f.loop();
    body();
    move(f, pointers, dimension, 1);
    f.get(left).i32Const(1).op('i32.sub').tee(left).brIf(loop);
    f.end();
    move(f, pointers, dimension, -dimension.size);
  };
  const turn = (): void => {
    for (const [j, column] of [a, b, c, d].entries())
      f.get(pointers.from)
        .load('v128.load', j * columns.from)
        .set(column);
    for (const half of [0, 2]) {
      f.get(a)
        .get(b)
        .shuffle32(half, half + 1, half + 4, half + 5)
        .set(x);
      f.get(c)
        .get(d)
        .shuffle32(half, half + 1, half + 4, half + 5)
        .set(y);
      for (const odd of [0, 1]) {
        f.get(pointers.to)
          .get(x)
          .get(y)
          .shuffle32(odd, odd + 2, odd + 4, odd + 6);
        f.store('v128.store', (half + odd) * rows.to);
      }
    }
  };
  each(down, () => each(across, turn));
  const rest = (done: Dimension, size: number, left: readonly Dimension[]): void => {
    if (size === 0) return;
    move(f, pointers, done, done.size);
    emitLoops(f, left, square, pointers);
    move(f, pointers, done, -done.size);
  };
  const [restDown, restAcross] = [rows.size % square, columns.size % square];
  rest(across, restAcross, [rows, { ...columns, size: restAcross }]);
  rest(down, restDown, [
    { ...rows, size: restDown },
    { ...columns, size: columns.size - restAcross },
  ]);
}
