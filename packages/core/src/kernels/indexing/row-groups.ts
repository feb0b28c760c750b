import type { TypedArray } from '../../dtype.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { copyRun } from '../strided/index.ts';
import { i32Params, ModuleBuilder, memoized, once } from '../wasm/index.ts';

/**
 * Sorts rows into groups by their keys: those of group g, whose keys are from `bounds[g]` on and below the next, are
 * named in order from `rows[g * keys.length]` on, and `counts[g]` is how many there are. Gives the number of the first
 * key that is in none, and -1 where all are in one, as where it is taken down.
 */
export function groupRows(
  keys: TypedArray,
  bounds: TypedArray,
  rows: TypedArray,
  counts: TypedArray,
): number {
  const [n, groups] = [keys.length, counts.length];
  if (recorder !== null) {
    const said = { writes: [rows, counts], checks: true };
    recordCall('group_rows', groupingKernel(), [n, groups, keys, bounds, rows, counts], said);
    return -1;
  }
  rows.fill(0);
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const key = keys[i] as number;
    let g = -1;
    while (g < groups && key >= (bounds[g + 1] as number)) g++;
    if (g < 0 || g === groups) return i;
    const before = counts[g] as number;
    rows[g * n + before] = i;
    counts[g] = before + 1;
  }
  return -1;
}

/** Whether a flag is other than it was when this was taken down: {@link FlagIsOther} then. */
export function requireFlag(flag: TypedArray, value: number): void {
  if (recorder !== null) recordCall('decides', flagKernel(), [value, flag], { writes: [], checks: true });
  else if (flag[0] !== value) throw new FlagIsOther();
}

/** Something decides otherwise than it did. */
class FlagIsOther extends Error {}

/** Rows of a matrix in which elements lie side by side. */
interface Matrix {
  readonly array: TypedArray;
  readonly rows: number;
  readonly width: number;
}

/** Row i of `to` becomes row `rows[i]` of `from`, for the first of these, as many as `limit` says; others are 0. */
export function takeRows(from: Matrix, rows: TypedArray, limit: TypedArray, to: Matrix): void {
  moveRows('take', rows, limit, from, to);
}

/** Row `rows[i]` of `to` becomes row i of `from`, for the first of these, as many as `limit` says; others are 0. */
export function putRows(from: Matrix, rows: TypedArray, limit: TypedArray, to: Matrix): void {
  moveRows('put', rows, limit, from, to);
}

function moveRows(
  way: 'take' | 'put',
  rows: TypedArray,
  limit: TypedArray,
  { array: from, width }: Matrix,
  { array: to, rows: all }: Matrix,
): void {
  if (width === 0 || all === 0) return;
  if (recorder !== null) {
    const move = movingKernels(from.BYTES_PER_ELEMENT)[way];
    recordCall(`${way}_rows`, move, [all, width, rows, limit, from, to]);
    return;
  }
  to.fill(0);
  const some = limit[0] as number;
  for (let i = 0; i < some; i++) {
    const row = rows[i] as number;
    const [source, target] = way === 'take' ? [row, i] : [i, row];
    copyRun(from, source * width, width, to, target * width);
  }
}

type Kernel = (...args: number[]) => number;

/** What {@link groupRows} does, at addresses; gives 1 where a key is in no group. */
const groupingKernel = once((): Kernel => {
  const module = new ModuleBuilder();
  const params = i32Params('n', 'groups', 'keys', 'bounds', 'rows', 'counts');
  module.define({ export: 'group', result: 'i32' }, params, (f, p) => {
    const v = f.locals('i32', 'i', 'at', 'key', 'g', 'all');
    f.get(p.n).get(p.groups).op('i32.mul').set(v.all);
    f.upTo(v.i, v.all, { is: 1 }, () => f.pushPlace(p.rows, v.i, 4).i32Const(0).store('i32.store'));
    f.upTo(v.i, p.groups, { is: 1 }, () => f.pushPlace(p.counts, v.i, 4).i32Const(0).store('i32.store'));
    f.upTo(v.i, p.n, { is: 1 }, () => {
      f.pushPlace(p.keys, v.i, 4).load('i32.load').set(v.key).i32Const(-1).set(v.g);
      const found = f.block();
      const next = f.loop();
      f.get(v.g).get(p.groups).op('i32.ge_s').brIf(found);
      f.pushPlace(p.bounds, v.g, 4).load('i32.load', 4).get(v.key).op('i32.gt_s').brIf(found);
      f.get(v.g).i32Const(1).op('i32.add').set(v.g).i32Const(1).brIf(next).end().end();
      f.get(v.g).get(p.groups).op('i32.ge_u').if();
      f.i32Const(1).return().end();
      f.pushPlace(p.counts, v.g, 4).tee(v.at).get(v.at).load('i32.load').tee(v.key);
      f.i32Const(1).op('i32.add').store('i32.store');
      f.get(v.g).get(p.n).op('i32.mul').get(v.key).op('i32.add').set(v.key);
      f.pushPlace(p.rows, v.key, 4).get(v.i).store('i32.store');
    });
    f.i32Const(0);
  });
  return module.instantiate<{ group: Kernel }>().group;
});

/** Gives 1 where a byte is another one. */
const flagKernel = once((): Kernel => {
  const module = new ModuleBuilder();
  module.define({ export: 'isOther', result: 'i32' }, i32Params('value', 'flag'), (f, p) => {
    f.get(p.flag).load('i32.load8_u').get(p.value).op('i32.ne');
  });
  return module.instantiate<{ isOther: Kernel }>().isOther;
});

/** What {@link takeRows} and {@link putRows} do, at addresses, of elements of so many bytes. */
const movingKernels = memoized((bytes: number): Readonly<Record<'take' | 'put', Kernel>> => {
  const module = new ModuleBuilder();
  const params = i32Params('all', 'width', 'rows', 'limit', 'from', 'to');
  for (const way of ['take', 'put'] as const)
    module.define({ export: way }, params, (f, p) => {
      const v = f.locals('i32', 'i', 'j', 'at', 'of', 'to', 'word', 'some', 'words');
      f.get(p.width)
        .i32Const(bytes / 4)
        .op('i32.mul')
        .set(v.words);
      f.get(p.all).get(v.words).op('i32.mul').set(v.to);
      f.upTo(v.i, v.to, { is: 1 }, () => f.pushPlace(p.to, v.i, 4).i32Const(0).store('i32.store'));
      f.get(p.limit).load('i32.load').set(v.some);
      f.upTo(v.i, v.some, { is: 1 }, () => {
        f.pushPlace(p.rows, v.i, 4).load('i32.load').set(v.at);
        const [source, target] = way === 'take' ? [v.at, v.i] : [v.i, v.at];
        f.get(source).get(v.words).op('i32.mul').set(v.of);
        f.get(target).get(v.words).op('i32.mul').set(v.to);
        f.pushPlace(p.from, v.of, 4).set(v.of).pushPlace(p.to, v.to, 4).set(v.to);
        f.upTo(v.j, v.words, { is: 1 }, () => {
          f.pushPlace(v.to, v.j, 4).pushPlace(v.of, v.j, 4).load('i32.load').store('i32.store');
        });
      });
    });
  return module.instantiate();
});
