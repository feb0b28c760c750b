import { bytesOf } from '../../dtype.ts';
import type { Copy } from '../recording/index.ts';
import type { FunctionBuilder } from '../wasm/index.ts';

/** A dimension of a copy, in bytes. */
interface Dimension {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

const accesses = {
  1: ['i32.load8_u', 'i32.store8'],
  4: ['i32.load', 'i32.store'],
  8: ['i64.load', 'i64.store'],
} as const;

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

/** Into how many rows a copy can be cut, and how long a row is; a row is what the outermost of several loops goes round by. */
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

/** Writes the loops of a copy, or of some of its rows, from the address in one local to that in another. */
export function emitCopy(f: FunctionBuilder, copy: Copy, from: number, to: number, some?: SomeRows): void {
  const bytes = bytesOf(copy.to.dtype) as 1 | 4 | 8;
  const [load, store] = accesses[bytes];
  const dimensions = dimensionsOf(copy);

  const emit = (d: number): void => {
    const dimension = dimensions[d];
    if (dimension === undefined) {
      f.get(to).get(from).load(load).store(store);
      return;
    }
    const isLast = d === dimensions.length - 1;
    if (isLast && dimension.from === bytes && dimension.to === bytes && dimension.size > few) {
      if (dimension.size * bytes <= mostByVectors) {
        emitVectors(f, from, to, dimension.size * bytes);
        return;
      }
      f.get(to)
        .get(from)
        .i32Const(dimension.size * bytes)
        .memoryCopy();
      return;
    }
    const part = d === 0 ? some : undefined;
    if (isLast && dimension.size <= few && dimension.from >= 0) {
      for (let i = 0; i < dimension.size; i++) {
        f.get(to)
          .get(from)
          .load(load, i * dimension.from);
        f.store(store, i * dimension.to);
      }
      return;
    }
    const left = f.local('i32');
    if (part === undefined) f.i32Const(dimension.size).set(left);
    else {
      f.get(part.end).get(part.first).op('i32.sub').set(left);
      for (const [at, step] of [
        [from, dimension.from],
        [to, dimension.to],
      ] as const)
        f.get(at).get(part.first).i32Const(step).op('i32.mul').op('i32.add').set(at);
    }
    const loop = f.loop();
    emit(d + 1);
    f.bump(from, { bytes: dimension.from });
    f.bump(to, { bytes: dimension.to });
    f.get(left).i32Const(1).op('i32.sub').tee(left).brIf(loop);
    f.end();
    if (part !== undefined) return;
    f.bump(from, { bytes: -dimension.from * dimension.size });
    f.bump(to, { bytes: -dimension.to * dimension.size });
  };
  emit(0);
}
