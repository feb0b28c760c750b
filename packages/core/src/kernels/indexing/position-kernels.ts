import { i32Params, ModuleBuilder, once } from '../wasm/index.ts';

/** Lists of positions, int32 numbers of elements. Addresses in bytes; nothing overlaps. */
interface PositionKernels {
  /**
   * positions[i] = before + stride * index[i] for indices from `least` on and below `size`, of which negative ones
   * count from the end; `before` is `start`, or, where `adds` is 1, positions[i]. Gives 1, with nothing written, where
   * an index is none of these.
   */
  place(
    count: number,
    size: number,
    least: number,
    stride: number,
    start: number,
    adds: number,
    index: number,
    positions: number,
  ): number;
  /** out[o][r][i] = rows[r]. */
  spread(outer: number, count: number, inner: number, rows: number, out: number): void;
  /** positions[o][j][i] += j * stride, for j < n. */
  addAxis(outer: number, n: number, inner: number, stride: number, positions: number): void;
  /** Whether any of the integers is 0. */
  holdsZero(count: number, bytes: number, integers: number): number;
  /**
   * out[i] = whether no index before it names the place of index[i], of `size` places, each with a byte of zeros in
   * `seen`. Gives 1 where an index names no place.
   */
  firstMentions(count: number, size: number, index: number, seen: number, out: number): number;
}

/** The kernels, made when first needed. */
export const positionKernels = once((): PositionKernels => {
  const module = new ModuleBuilder();
  emitPlace(module);
  emitSpread(module);
  emitAddAxis(module);
  emitHoldsZero(module);
  emitFirstMentions(module);
  return module.instantiate<PositionKernels>();
});

function emitPlace(module: ModuleBuilder): void {
  const placing = i32Params('count', 'size', 'least', 'stride', 'start', 'adds', 'index', 'positions');
  module.define({ export: 'place', result: 'i32' }, placing, (f, p) => {
    const { left, at, i } = f.locals('i32', 'left', 'at', 'i');
    f.get(p.count).set(left).get(p.index).set(at);
    f.countdown(left, 1, () => {
      f.get(at).load('i32.load').tee(i).get(p.least).op('i32.lt_s');
      f.get(i).get(p.size).op('i32.ge_s').op('i32.or').if();
      f.i32Const(1).return().end();
      f.bump(at, { bytes: 4 });
    });
    f.countdown(p.count, 1, () => {
      f.get(p.index).load('i32.load').tee(i);
      f.get(p.size).i32Const(0).get(i).i32Const(0).op('i32.lt_s').op('select').op('i32.add');
      f.get(p.stride).op('i32.mul').set(i);
      f.get(p.adds).if();
      f.get(p.positions).load('i32.load').set(p.start).end();
      f.get(p.positions).get(i).get(p.start).op('i32.add').store('i32.store');
      f.bump(p.index, { bytes: 4 });
      f.bump(p.positions, { bytes: 4 });
    });
    f.i32Const(0);
  });
}

function emitSpread(module: ModuleBuilder): void {
  const spreading = i32Params('outer', 'count', 'inner', 'rows', 'out');
  module.define({ export: 'spread' }, spreading, (f, p) => {
    const { row, at, column, value } = f.locals('i32', 'row', 'at', 'column', 'value');
    f.countdown(p.outer, 1, () => {
      f.get(p.count).set(row).get(p.rows).set(at);
      f.countdown(row, 1, () => {
        f.get(at).load('i32.load').set(value).get(p.inner).set(column);
        f.countdown(column, 1, () => {
          f.get(p.out).get(value).store('i32.store');
          f.bump(p.out, { bytes: 4 });
        });
        f.bump(at, { bytes: 4 });
      });
    });
  });
}

function emitAddAxis(module: ModuleBuilder): void {
  const axis = i32Params('outer', 'n', 'inner', 'stride', 'positions');
  module.define({ export: 'addAxis' }, axis, (f, p) => {
    const { row, column, step } = f.locals('i32', 'row', 'column', 'step');
    f.countdown(p.outer, 1, () => {
      f.get(p.n).set(row).i32Const(0).set(step);
      f.countdown(row, 1, () => {
        f.get(p.inner).set(column);
        f.countdown(column, 1, () => {
          f.get(p.positions).get(p.positions).load('i32.load').get(step).op('i32.add').store('i32.store');
          f.bump(p.positions, { bytes: 4 });
        });
        f.bump(step, { local: p.stride });
      });
    });
  });
}

function emitHoldsZero(module: ModuleBuilder): void {
  module.define({ export: 'holdsZero', result: 'i32' }, i32Params('count', 'bytes', 'integers'), (f, p) => {
    f.countdown(p.count, 1, () => {
      f.get(p.integers).load('i32.load8_u');
      f.get(p.integers).load('i32.load');
      f.get(p.bytes).i32Const(1).op('i32.eq').op('select').op('i32.eqz').if();
      f.i32Const(1).return().end();
      f.bump(p.integers, { local: p.bytes });
    });
    f.i32Const(0);
  });
}

function emitFirstMentions(module: ModuleBuilder): void {
  const mentions = i32Params('count', 'size', 'index', 'seen', 'out');
  module.define({ export: 'firstMentions', result: 'i32' }, mentions, (f, p) => {
    const { i, at } = f.locals('i32', 'i', 'at');
    f.countdown(p.count, 1, () => {
      f.get(p.index).load('i32.load').tee(i);
      f.get(p.size).i32Const(0).get(i).i32Const(0).op('i32.lt_s').op('select').op('i32.add').tee(i);
      f.get(p.size).op('i32.ge_u').if();
      f.i32Const(1).return().end();
      f.get(p.seen).get(i).op('i32.add').set(at);
      f.get(p.out).get(at).load('i32.load8_u').op('i32.eqz').store('i32.store8');
      f.get(at).i32Const(1).store('i32.store8');
      f.bump(p.index, { bytes: 4 });
      f.bump(p.out, { bytes: 1 });
    });
    f.i32Const(0);
  });
}
