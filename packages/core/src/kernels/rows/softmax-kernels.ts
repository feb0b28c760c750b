/** The WebAssembly kernels of softmax and its kin, on contiguous rows in the scratch memory. */

import { type FunctionBuilder, i32Params, type ModuleBuilder, type ParametersOf } from '../wasm/index.ts';
import { type RowConfig, RowEmitter, rowKernels } from './row-emitter.ts';

/**
 * Addresses in bytes, counts in elements; no two areas may overlap. Reads up to 16 bytes past the ends. Sums are
 * carried in float64.
 */
interface SoftmaxKernels {
  /** What {@link longStatistics} joins parts by. */
  exp(x: number): number;
  log(x: number): number;
  /** out = exp(x - max) / sum. */
  softmax(rows: number, n: number, x: number, out: number): void;
  /** out = x - max - log(sum(exp(x - max))). */
  logSoftmax(rows: number, n: number, x: number, out: number): void;
  /** Two float64 numbers a row: max, and log(sum(exp(x - max))), NaN where the maximum is infinite. */
  statistics(rows: number, n: number, x: number, out: number): void;
  /**
   * Of one row, taken in parts of so many elements, float64 numbers: max, sum(exp(x - max)), its logarithm, its
   * inverse, and log(sum(exp(x))). Of a row with NaN, or an infinite maximum, the sum is NaN.
   */
  longStatistics(n: number, part: number, x: number, out: number): void;
  /** The sum of the elements of a row, each times that of another one unless its address is 0, one after the other. */
  longTotal(n: number, x: number, y: number, out: number): void;
  /** One number a row: log(sum(exp(x))); where the maximum is infinite that maximum, or NaN where the row has one. */
  logsumexp(rows: number, n: number, x: number, out: number): void;
  /** out = y * (g - sum(g * y)). */
  softmaxBackward(rows: number, n: number, y: number, g: number, out: number): void;
  /** out = g - exp(y) * sum(g), for y <= 0, as logSoftmax gives it. */
  logSoftmaxBackward(rows: number, n: number, y: number, g: number, out: number): void;
}

/** Pushes the number at an address, as float64. */
const load = (f: FunctionBuilder, t: RowConfig, address: number): FunctionBuilder =>
  f.get(address).loadNumber(t.lane);

const isFinite = (f: FunctionBuilder, local: number): FunctionBuilder =>
  f.get(local).op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.lt');

/** Adds what finds the statistics of a long row, part by part. */
function emitLongStatistics(module: ModuleBuilder, t: RowConfig, statistics: number): void {
  module.define({ export: 'longStatistics' }, i32Params('n', 'part', 'x', 'out'), (f, p) => {
    const { count, at, left, nan } = f.locals('i32', 'count', 'at', 'left', 'nan');
    const { max, total, partMax, partLog } = f.locals('f64', 'max', 'total', 'partMax', 'partLog');
    f.f64Const(Number.NEGATIVE_INFINITY).set(max);
    untilNoneLeft(f, p.n, () => {
      f.get(p.n).get(p.part).get(p.n).get(p.part).op('i32.lt_s').op('select').set(count);
      f.i32Const(1).get(count).get(p.x).get(p.out).call(statistics);
      f.get(p.out).load('f64.load').set(partMax).get(p.out).load('f64.load', 8).set(partLog);
      isFinite(f, partMax).if();
      f.get(nan).get(partLog).get(partLog).op('f64.ne').op('i32.or').set(nan);
      f.else();
      f.get(p.x).set(at).get(count).set(left);
      f.countdown(left, 1, () => {
        f.get(nan);
        load(f, t, at);
        load(f, t, at).op('f64.ne').op('i32.or').set(nan);
        f.bump(at, { bytes: t.bytes });
      });
      f.end();
      f.get(partMax).get(max).op('f64.gt').if();
      f.get(total).get(max).get(partMax).op('f64.sub').call(t.exp).op('f64.mul').set(total);
      f.get(partMax).set(max).end();
      isFinite(f, partMax).if();
      f.get(total).get(partMax).get(max).op('f64.sub').get(partLog).op('f64.add').call(t.exp).op('f64.add');
      f.set(total).end();
      f.get(p.x).get(count).i32Const(t.bytes).op('i32.mul').op('i32.add').set(p.x);
      f.get(p.n).get(count).op('i32.sub').set(p.n);
    });
    f.get(nan).set(left);
    f.get(nan);
    isFinite(f, max).op('i32.eqz').op('i32.or').if();
    f.f64Const(Number.NaN).set(total).end();
    f.get(p.out).get(max).store('f64.store');
    f.get(p.out).get(total).store('f64.store', 8);
    f.get(p.out).get(total).call(t.log).tee(partLog).store('f64.store', 16);
    f.get(p.out).f64Const(1).get(total).op('f64.div').store('f64.store', 24);
    // An infinite maximum is the logarithm itself.
    f.get(p.out).f64Const(Number.NaN);
    f.get(max).get(partLog).op('f64.add').get(max);
    isFinite(f, max).op('select').get(left).op('select').store('f64.store', 32);
  });
}

/** Adds what adds up a long row. */
function emitLongTotal(module: ModuleBuilder, t: RowConfig): void {
  module.define({ export: 'longTotal' }, i32Params('n', 'x', 'y', 'out'), (f, p) => {
    const { total, term } = f.locals('f64', 'total', 'term');
    f.countdown(p.n, 1, () => {
      load(f, t, p.x).set(term).get(p.y).if();
      f.get(term);
      load(f, t, p.y).op('f64.mul').set(term);
      f.bump(p.y, { bytes: t.bytes });
      f.end();
      f.get(total).get(term).op('f64.add').set(total);
      f.bump(p.x, { bytes: t.bytes });
    });
    f.get(p.out).get(total).store('f64.store');
  });
}

/** Runs `body`, which lowers a counter, until it is 0. */
function untilNoneLeft(f: FunctionBuilder, counter: number, body: () => void): void {
  f.get(counter).if();
  const again = f.loop();
  body();
  f.get(counter).brIf(again).end().end();
}

/** What kernels of whole rows take. */
const rowParams = i32Params('rows', 'n', 'x', 'out');

function emitForward(module: ModuleBuilder, t: RowConfig): void {
  emitSoftmax(module, t);
  emitLogSoftmax(module, t);
  emitLongStatistics(module, t, emitStatistics(module, t));
  emitLongTotal(module, t);
  emitLogsumexp(module, t);
}

/**
 * Defines a kernel that does a row after the other; `begin` gives what is done of one, whose greatest element `max`
 * holds then.
 */
function defineForward(
  module: ModuleBuilder,
  t: RowConfig,
  name: keyof SoftmaxKernels,
  begin: (f: FunctionBuilder, p: ParametersOf<typeof rowParams>, row: RowEmitter, max: number) => () => void,
): number {
  return module.define({ export: name }, rowParams, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const max = f.local('v128');
    const rest = begin(f, p, row, max);
    f.countdown(p.rows, 1, () => {
      row.maximum(p.x, max);
      rest();
    });
  });
}

function emitSoftmax(module: ModuleBuilder, t: RowConfig): void {
  defineForward(module, t, 'softmax', (f, p, row, max) => {
    const factor = f.local('v128');
    return () => {
      row.sumOfExponentials(p.x, max, p.out);
      f.f64Const(1).get(row.sum).op('f64.div').splatF64(t.lane).set(factor);
      row.write(
        [p.out],
        [p.out],
        ({ offset }) => f.get(p.out).load('v128.load', offset).get(factor).op(`${t.vector}.mul`),
        { unroll: 4 },
      );
      row.nextRow([p.x, p.out]);
    };
  });
}

function emitLogSoftmax(module: ModuleBuilder, t: RowConfig): void {
  const sub = `${t.vector}.sub` as const;
  defineForward(module, t, 'logSoftmax', (f, p, row, max) => {
    const logSum = f.local('v128');
    return () => {
      row.sumOfExponentials(p.x, max);
      row.pushLogOfSum();
      f.splatF64(t.lane).set(logSum);
      row.write(
        [p.out],
        [p.x, p.out],
        ({ offset }) => f.get(p.x).load('v128.load', offset).get(max).op(sub).get(logSum).op(sub),
        { unroll: 4 },
      );
      row.nextRow([p.x, p.out]);
    };
  });
}

function emitStatistics(module: ModuleBuilder, t: RowConfig): number {
  return defineForward(module, t, 'statistics', (f, p, row, max) => () => {
    row.sumOfExponentials(p.x, max);
    f.get(p.out);
    row.pushNumber(max);
    f.store('f64.store').get(p.out);
    row.pushLogOfSum();
    f.store('f64.store', 8);
    f.bump(p.out, { bytes: 16 });
    row.nextRow([p.x]);
  });
}

function emitLogsumexp(module: ModuleBuilder, t: RowConfig): void {
  defineForward(module, t, 'logsumexp', (f, p, row, max) => {
    const number = f.local('f64');
    return () => {
      row.sumOfExponentials(p.x, max);
      row.pushLogOfSum();
      f.set(number);
      row.pushNumber(max);
      f.get(number).op('f64.add').set(number);
      row.pushNumber(max);
      f.op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.eq').if();
      row.maximum(p.x, max, 'max');
      row.pushNumber(max);
      f.set(number).end();
      f.get(p.out).get(number).storeNumber(t.lane);
      f.bump(p.out, { bytes: t.bytes });
      row.nextRow([p.x]);
    };
  });
}

function emitBackward(module: ModuleBuilder, t: RowConfig): void {
  const params = i32Params('rows', 'n', 'y', 'g', 'out');
  const op = (name: 'add' | 'sub' | 'mul') => `${t.vector}.${name}` as const;

  module.define({ export: 'softmaxBackward' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const total = f.local('v128');
    f.countdown(p.rows, 1, () => {
      row.total([p.y, p.g], () => f.get(p.y).load('v128.load').get(p.g).load('v128.load').op(op('mul')));
      f.get(row.sum).splatF64(t.lane).set(total);
      row.write([p.out], [p.y, p.g, p.out], ({ offset }) => {
        f.get(p.y).load('v128.load', offset);
        f.get(p.g).load('v128.load', offset).get(total).op(op('sub')).op(op('mul'));
      });
      row.nextRow([p.y, p.g, p.out]);
    });
  });

  module.define({ export: 'logSoftmaxBackward' }, params, (f, p) => {
    const row = new RowEmitter(f, t, p.n);
    const { share, total } = f.locals('v128', 'share', 'total');
    f.countdown(p.rows, 1, () => {
      row.total([p.g], () => f.get(p.g).load('v128.load'));
      row.unscaledFactors(share, total);
      row.write(
        [p.out],
        [p.y, p.g, p.out],
        ({ offset }) => {
          const [y, value] = [f.local('v128'), f.local('v128')];
          f.get(p.y).load('v128.load', offset).set(y);
          row.scaledExponential(y);
          f.set(value).get(p.g).load('v128.load', offset);
          f.get(value).get(share).op(op('mul')).get(total).op(op('mul')).op(op('sub'));
        },
        { unroll: row.exponentialsARound },
      );
      row.nextRow([p.y, p.g, p.out]);
    });
  });
}

/** The kernels of softmax for a lane. */
export const softmaxKernels = rowKernels<SoftmaxKernels>((module, t) => {
  emitForward(module, t);
  emitBackward(module, t);
});
