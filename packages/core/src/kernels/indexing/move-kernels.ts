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
  /** Rows of `width`, side by side in `out`: those that begin at rows[r] of each block of x, which begin `pitch` apart. */
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

/** Adds `read` and `write`. */
function emitElements(module: ModuleBuilder, { bytes, load, store }: Access): void {
  module.define({ export: 'read' }, i32Params('count', 'x', 'positions', 'out'), (f, p) => {
    const position = f.local('i32');
    f.countdown(p.count, 1, () => {
      f.get(p.positions).load('i32.load').set(position).get(p.out);
      f.pushPlace(p.x, position, bytes).load(load).store(store);
      f.bump(p.positions, { bytes: 4 });
      f.bump(p.out, { bytes });
    });
  });

  const writing = i32Params('count', 'step', 'positions', 'values', 'out');
  module.define({ export: 'write' }, writing, (f, p) => {
    const position = f.local('i32');
    f.countdown(p.count, 1, () => {
      f.get(p.positions).load('i32.load').set(position);
      f.pushPlace(p.out, position, bytes).get(p.values).load(load).store(store);
      f.bump(p.positions, { bytes: 4 });
      f.bump(p.values, { local: p.step });
    });
  });
}

/** Copies a row, and moves both pointers on. */
function copyRow(
  f: FunctionBuilder,
  { bytes, load, store }: Access,
  from: number,
  to: number,
  width: number,
  left: number,
): void {
  // Rows of one element, of which there may be many, are worth a way of their own.
  f.get(width).i32Const(bytes).op('i32.eq').if();
  f.get(to).get(from).load(load).store(store);
  f.bump(from, { bytes });
  f.bump(to, { bytes });
  f.else().get(width).set(left);
  f.countdown(left, 16, () => {
    f.get(to).get(from).load('v128.load').store('v128.store');
    f.bump(from, { bytes: 16 });
    f.bump(to, { bytes: 16 });
  });
  f.countdown(left, bytes, () => {
    f.get(to).get(from).load(load).store(store);
    f.bump(from, { bytes });
    f.bump(to, { bytes });
  });
  f.end();
}

/** Calls `copy` with where each of the rows begins, in blocks from `base` on. */
function eachRow(
  f: FunctionBuilder,
  { bytes }: Access,
  p: Readonly<Record<'outer' | 'pitch' | 'count' | 'rows', number>>,
  base: number,
  copy: (at: number) => void,
): void {
  const { row, rows, position, at } = f.locals('i32', 'row', 'rows', 'position', 'at');
  f.countdown(p.outer, 1, () => {
    f.get(p.count).set(row).get(p.rows).set(rows);
    f.countdown(row, 1, () => {
      f.get(rows).load('i32.load').set(position);
      f.pushPlace(base, position, bytes).set(at);
      copy(at);
      f.bump(rows, { bytes: 4 });
    });
    f.bump(base, { local: p.pitch });
  });
}

/** Adds `readRows` and `writeRows`. */
function emitRows(module: ModuleBuilder, access: Access): void {
  const rowsOut = i32Params('outer', 'pitch', 'count', 'width', 'x', 'rows', 'out');
  module.define({ export: 'readRows' }, rowsOut, (f, p) => {
    const left = f.local('i32');
    eachRow(f, access, p, p.x, (at) => copyRow(f, access, at, p.out, p.width, left));
  });

  const rowsIn = i32Params('outer', 'pitch', 'count', 'width', 'rows', 'values', 'out');
  module.define({ export: 'writeRows' }, rowsIn, (f, p) => {
    const left = f.local('i32');
    eachRow(f, access, p, p.out, (at) => copyRow(f, access, p.values, at, p.width, left));
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
