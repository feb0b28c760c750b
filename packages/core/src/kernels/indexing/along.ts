import type { DType, TypedArray } from '../../dtype.ts';
import { dtypeOf, recordCall, recorder } from '../recording/index.ts';
import { accessOf, type FunctionBuilder, i32Params, ModuleBuilder, memoized, once } from '../wasm/index.ts';
import { type Combination, elementOf, emitCombined } from './combine-kernels.ts';
import { as, runPassing, worthCall } from './moves.ts';

/**
 * Elements along one dimension, of which an index names one each: of x, (outer, size, inner), by an index, (outer, n,
 * inner).
 */
export interface AlongDim {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  readonly size: number;
}

/** How a value meets the element at its place. */
type Meeting = 'set' | Combination;

/**
 * `step` leads, in bytes, from one of the elements `beside` the index to the next: 0 where one stands for all.
 * Addresses in bytes; nothing overlaps. All indices are from 0 on and below `size`.
 */
type AlongKernel = (...args: number[]) => void;

/**
 * Gives 1 unless all of so many indices are from 0 on and below `size`. A kernel apart, so that programs look at them
 * before they change anything.
 */
const checkKernel = once((): ((count: number, size: number, index: number) => number) => {
  const module = new ModuleBuilder();
  module.define({ export: 'check', result: 'i32' }, i32Params('count', 'size', 'index'), (f, p) => {
    const { left, at } = f.locals('i32', 'left', 'at');
    const { some, last, wrong } = f.locals('v128', 'some', 'last', 'wrong');
    f.get(p.count).set(left).get(p.index).set(at);
    f.get(p.size).i32Const(1).op('i32.sub').op('i32x4.splat').set(last);
    // What is out of range is negative, or the way from it to the last is.
    const look = (): void => {
      f.tee(some).get(last).get(some).op('i32x4.sub').op('v128.or').get(wrong).op('v128.or').set(wrong);
    };
    f.countdown(left, 4, () => {
      f.get(at).load('v128.load');
      look();
      f.bump(at, { bytes: 16 });
    });
    f.countdown(left, 1, () => {
      f.get(at).load('v128.load32_splat');
      look();
      f.bump(at, { bytes: 4 });
    });
    f.get(wrong).i32Const(31).op('i32x4.shr_s').op('v128.any_true');
  });
  return module.instantiate<{ check: (count: number, size: number, index: number) => number }>().check;
});

/** A kernel that runs `meet` for each index, given where its element of x lies. */
function emitAlong(
  module: ModuleBuilder,
  name: string,
  bytes: number,
  meet: (f: FunctionBuilder, at: number, beside: number) => void,
): void {
  const params = i32Params('outer', 'n', 'inner', 'size', 'step', 'index', 'beside', 'x');
  module.define({ export: name }, params, (f, p) => {
    const { row, column, from, at } = f.locals('i32', 'row', 'column', 'from', 'at');
    const each = (base: number, width: () => void): void => {
      f.get(base).get(p.index).load('i32.load');
      width();
      f.op('i32.mul').op('i32.add').set(at);
      meet(f, at, p.beside);
      f.bump(p.index, { bytes: 4 }).bump(p.beside, { local: p.step });
    };
    f.countdown(p.outer, 1, () => {
      f.get(p.n).set(row);
      f.get(p.inner).i32Const(1).op('i32.eq').if();
      f.countdown(row, 1, () => each(p.x, () => f.i32Const(bytes)));
      f.else();
      f.countdown(row, 1, () => {
        f.get(p.x).set(from).get(p.inner).set(column);
        f.countdown(column, 1, () => {
          each(from, () => f.get(p.inner).i32Const(bytes).op('i32.mul'));
          f.bump(from, { bytes });
        });
      });
      f.end();
      f.get(p.size).get(p.inner).op('i32.mul').i32Const(bytes).op('i32.mul').get(p.x).op('i32.add').set(p.x);
    });
  });
}

/** beside[o][j][i] = x[o][index[o][j][i]][i], of elements of so many bytes. */
const readKernel = memoized((bytes: number): AlongKernel => {
  const module = new ModuleBuilder();
  const { load, store } = accessOf(bytes);
  emitAlong(module, 'read', bytes, (f, at, beside) => f.get(beside).get(at).load(load).store(store));
  return module.instantiate<{ read: AlongKernel }>().read;
});

/** The elements beside the index meet those of x, one after the other. */
const writeKernels = memoized((dtype: DType): Record<Meeting, AlongKernel> => {
  const module = new ModuleBuilder();
  const element = elementOf(dtype);
  const { type, bytes, load, store } = element;
  emitAlong(module, 'set', bytes, (f, at, beside) => f.get(at).get(beside).load(load).store(store));
  for (const how of ['sum', 'prod', 'amax', 'amin'] as const) {
    emitAlong(module, how, bytes, (f, at, beside) => {
      const { a, b } = f.locals(type, 'a', 'b');
      f.get(at).get(at).load(load).tee(a).get(beside).load(load).tee(b);
      emitCombined(f, element, how, a, b);
      f.store(store);
    });
  }
  return module.instantiate<Record<Meeting, AlongKernel>>();
});

/** Bytes of x that are in scratch at a time, if those of one block are not more. */
const chunkBytes = 1 << 17;

/**
 * Calls a kernel: it is taken down, or runs on blocks, or on some indices of one after the other. Says whether it did,
 * and did not refuse: of few indices, and of such as name few of many elements, it does not.
 */
function runAlong(
  name: string,
  kernel: AlongKernel,
  { outer, n, inner, size }: AlongDim,
  x: TypedArray,
  index: TypedArray,
  beside: TypedArray,
  changes: 'x' | 'beside',
): boolean {
  const each = beside.length === 1 && outer * n * inner > 1 ? 0 : 1;
  const step = each * beside.BYTES_PER_ELEMENT;
  if (recorder !== null) {
    recordCall('indices', checkKernel(), [outer * n * inner, size, index], { writes: [], checks: true });
    const effects = changes === 'x' ? { writes: [x], keeps: [x] } : { writes: [beside] };
    recordCall(name, kernel, [outer, n, inner, size, step, index, beside, x], effects);
    return true;
  }
  const ofBlock = n * inner;
  if (outer * ofBlock < worthCall || outer * size > 6 * outer * n || !(index instanceof Int32Array))
    return false;
  const held = size * inner;
  const blocks = Math.min(outer, Math.max(1, Math.floor(chunkBytes / (held * x.BYTES_PER_ELEMENT))));
  for (let o = 0; o < outer; o += blocks) {
    const count = Math.min(blocks, outer - o);
    const [from, to] = [o * ofBlock, (o + count) * ofBlock];
    const passing = [
      { array: index.subarray(from, to), each: 1, written: false },
      { array: each === 0 ? beside : beside.subarray(from, to), each, written: changes === 'beside' },
    ];
    const part = x.subarray(o * held, (o + count) * held);
    // Indices of several blocks go by whole blocks, those of one by its rows.
    const unit = count > 1 ? count * ofBlock : inner;
    const run = (some: number, at: number, [indexAt = 0, besideAt = 0]: readonly number[]): number => {
      if (checkKernel()(some, size, indexAt) !== 0) return 1;
      kernel(count, count > 1 ? n : some / inner, inner, size, step, indexAt, besideAt, at);
      return 0;
    };
    if (!runPassing(part, changes === 'x', { count: count * ofBlock, unit }, passing, run)) return false;
  }
  return true;
}

/**
 * Reads: out[o][j][i] = x[o][index[o][j][i]][i]. Says whether it was done: not where it is not worth it, or an index is
 * out of range.
 */
export function readAlong(along: AlongDim, x: TypedArray, index: TypedArray, out: TypedArray): boolean {
  return runAlong('read_along', readKernel(x.BYTES_PER_ELEMENT), along, x, index, out, 'beside');
}

/**
 * Lets values, one each or one for all, meet x[o][index[o][j][i]][i], one after the other. Says whether it was done, as
 * {@link readAlong}; integers that are added up or multiplied it leaves alone.
 */
export function writeAlong(
  along: AlongDim,
  x: TypedArray,
  index: TypedArray,
  values: TypedArray,
  how: Meeting,
): boolean {
  const dtype = dtypeOf(x);
  const isChecked = dtype === 'int32' && (how === 'sum' || how === 'prod');
  if (isChecked || (recorder === null && dtypeOf(values) !== dtype)) return false;
  const given = recorder === null ? values : as(values, dtype);
  return runAlong(`${how}_along`, writeKernels(dtype)[how], along, x, index, given, 'x');
}
