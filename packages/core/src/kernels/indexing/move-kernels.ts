import {
  type Access,
  accessOf,
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
} from '../wasm/index.ts';

/** Elements of so many bytes each, moved as they are. Addresses and widths in bytes; nothing overlaps. */
export interface MoveKernels {
  /** out[i] = x[positions[i]]. */
  read(count: number, x: number, positions: number, out: number): void;
  /** out[positions[i]] = values[i step]: `step`, in bytes, is 0 where one value is stored everywhere. */
  write(count: number, step: number, positions: number, values: number, out: number): void;
  /**
   * Rows of `width`, side by side in `out`: those that begin at rows[r] of each block of x, which begin `pitch` apart.
   */
  readRows(
    outer: number,
    pitch: number,
    count: number,
    width: number,
    x: number,
    rows: number,
    out: number,
  ): void;
  /** The way back. */
  writeRows(
    outer: number,
    pitch: number,
    count: number,
    width: number,
    rows: number,
    values: number,
    out: number,
  ): void;
  /** out[i] = where mask[i] the next of the `available` values; gives 1, where these are too few. */
  fill(count: number, available: number, mask: number, values: number, out: number): number;
  /** The elements of x at which a mask is 1, side by side. */
  pick(count: number, mask: number, x: number, out: number): void;
}

/** How many positions are looked at together. */
const together = 4;
const countingUp = new Uint8Array(Int32Array.of(0, 1, 2, 3).buffer);

/**
 * Runs `some` for as many positions as {@link together} says that count up from the first, `one` for any other, while
 * there are `left`; both are given the address of the first one's element, in elements from `base` on. Moves
 * `positions` on.
 */
function eachPosition(
  f: FunctionBuilder,
  bytes: number,
  { left, positions, base }: Readonly<Record<'left' | 'positions' | 'base', number>>,
  some: (at: number) => void,
  one: (at: number) => void,
): void {
  const { position, at } = f.locals('i32', 'position', 'at');
  const find = (): void => {
    f.get(positions).load('i32.load').set(position);
    f.pushPlace(base, position, bytes).set(at);
  };
  const single = (): void => {
    find();
    one(at);
    f.bump(positions, { bytes: 4 });
  };
  f.countdown(left, together, () => {
    find();
    f.get(positions).load('v128.load').get(position).op('i32x4.splat').v128Const(countingUp);
    f.op('i32x4.add').op('i32x4.eq').op('i32x4.all_true').if();
    some(at);
    f.bump(positions, { bytes: 4 * together }).else();
    for (let i = 0; i < together; i++) single();
    f.end();
  });
  f.countdown(left, 1, single);
}

/** Copies so many bytes, and moves no pointer. */
function copyFew(f: FunctionBuilder, bytes: number, from: number, to: number): void {
  if (bytes === 4) f.get(to).get(from).load('i32.load').store('i32.store');
  for (let at = 0; at + 16 <= bytes; at += 16)
    f.get(to).get(from).load('v128.load', at).store('v128.store', at);
}

/** Copies the elements at positions to `beside`, side by side, or those from there, and moves that pointer on. */
function moveEach(
  f: FunctionBuilder,
  { bytes, load, store }: Access,
  where: Parameters<typeof eachPosition>[2],
  beside: number,
  way: 'read' | 'write',
): void {
  const ends = (at: number): [from: number, to: number] => (way === 'read' ? [at, beside] : [beside, at]);
  eachPosition(
    f,
    bytes,
    where,
    (at) => {
      copyFew(f, together * bytes, ...ends(at));
      f.bump(beside, { bytes: together * bytes });
    },
    (at) => {
      const [from, to] = ends(at);
      f.get(to).get(from).load(load).store(store);
      f.bump(beside, { bytes });
    },
  );
}

/** Adds `read` and `write`. */
function emitElements(module: ModuleBuilder, access: Access): void {
  const { bytes, load, store } = access;
  module.define({ export: 'read' }, i32Params('count', 'x', 'positions', 'out'), (f, p) => {
    moveEach(f, access, { left: p.count, positions: p.positions, base: p.x }, p.out, 'read');
  });

  const writing = i32Params('count', 'step', 'positions', 'values', 'out');
  module.define({ export: 'write' }, writing, (f, p) => {
    const position = f.local('i32');
    f.get(p.step).if();
    moveEach(f, access, { left: p.count, positions: p.positions, base: p.out }, p.values, 'write');
    f.else();
    f.countdown(p.count, 1, () => {
      f.get(p.positions).load('i32.load').set(position);
      f.pushPlace(p.out, position, bytes).get(p.values).load(load).store(store);
      f.bump(p.positions, { bytes: 4 });
    });
    f.end();
  });
}

/** Copies a row, and moves both pointers on. */
export function copyRow(
  f: FunctionBuilder,
  { bytes, load, store }: Access,
  from: number,
  to: number,
  width: number,
  left: number,
): void {
  f.get(width).set(left);
  for (const step of [64, 16]) {
    f.countdown(left, step, () => {
      copyFew(f, step, from, to);
      f.bump(from, { bytes: step }).bump(to, { bytes: step });
    });
  }
  f.countdown(left, bytes, () => {
    f.get(to).get(from).load(load).store(store);
    f.bump(from, { bytes }).bump(to, { bytes });
  });
}

/**
 * Calls `copy` with where each of the rows begins, in blocks from `base` on; or `each`, once a block, where rows are
 * one element.
 */
function eachRow(
  f: FunctionBuilder,
  { bytes }: Access,
  p: Readonly<Record<'outer' | 'pitch' | 'count' | 'width' | 'rows', number>>,
  base: number,
  copy: (at: number) => void,
  each: (where: { left: number; positions: number; base: number }) => void,
): void {
  const { row, rows, position, at } = f.locals('i32', 'row', 'rows', 'position', 'at');
  f.countdown(p.outer, 1, () => {
    f.get(p.count).set(row).get(p.rows).set(rows);
    f.get(p.width).i32Const(bytes).op('i32.eq').if();
    each({ left: row, positions: rows, base });
    f.else();
    f.countdown(row, 1, () => {
      f.get(rows).load('i32.load').set(position);
      f.pushPlace(base, position, bytes).set(at);
      copy(at);
      f.bump(rows, { bytes: 4 });
    });
    f.end();
    f.bump(base, { local: p.pitch });
  });
}

/** Adds `readRows` and `writeRows`. */
function emitRows(module: ModuleBuilder, access: Access): void {
  const rowsOut = i32Params('outer', 'pitch', 'count', 'width', 'x', 'rows', 'out');
  module.define({ export: 'readRows' }, rowsOut, (f, p) => {
    const left = f.local('i32');
    const copy = (at: number): void => copyRow(f, access, at, p.out, p.width, left);
    eachRow(f, access, p, p.x, copy, (where) => moveEach(f, access, where, p.out, 'read'));
  });

  const rowsIn = i32Params('outer', 'pitch', 'count', 'width', 'rows', 'values', 'out');
  module.define({ export: 'writeRows' }, rowsIn, (f, p) => {
    const left = f.local('i32');
    const copy = (at: number): void => copyRow(f, access, p.values, at, p.width, left);
    eachRow(f, access, p, p.out, copy, (where) => moveEach(f, access, where, p.values, 'write'));
  });
}

/** Adds `fill` and `pick`. */
function emitMasked(module: ModuleBuilder, { bytes, load, store }: Access): void {
  const filling = i32Params('count', 'available', 'mask', 'values', 'out');
  module.define({ export: 'fill', result: 'i32' }, filling, (f, p) => {
    f.countdown(p.count, 1, () => {
      f.get(p.mask).load('i32.load8_u').if();
      f.get(p.available).op('i32.eqz').if();
      f.i32Const(1).return().end();
      f.get(p.out).get(p.values).load(load).store(store);
      f.bump(p.values, { bytes });
      f.bump(p.available, { bytes: -1 });
      f.end();
      f.bump(p.mask, { bytes: 1 });
      f.bump(p.out, { bytes });
    });
    f.i32Const(0);
  });

  module.define({ export: 'pick' }, i32Params('count', 'mask', 'x', 'out'), (f, p) => {
    f.countdown(p.count, 1, () => {
      f.get(p.mask).load('i32.load8_u').if();
      f.get(p.out).get(p.x).load(load).store(store);
      f.bump(p.out, { bytes });
      f.end();
      f.bump(p.mask, { bytes: 1 });
      f.bump(p.x, { bytes });
    });
  });
}

/** The kernels for elements of 1, 4 or 8 bytes. */
export const moveKernels = memoized((bytes: number): MoveKernels => {
  const module = new ModuleBuilder();
  const access = accessOf(bytes);
  emitElements(module, access);
  emitRows(module, access);
  emitMasked(module, access);
  return module.instantiate<MoveKernels>();
});
