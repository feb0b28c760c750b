/**
 * Convolutions whose groups have one channel of x: no product takes rows past panels there, so each row of windows is
 * worked on where it lies, place by place of the kernel.
 */

import { type GemmLane, multiplyAdd } from '../gemm/index.ts';
import { type Formula, is, plus, times } from '../wasm/formulas.ts';
import {
  type FunctionBuilder,
  i32Params,
  type ModuleBuilder,
  type ParametersOf,
  range,
  zip,
} from '../wasm/index.ts';
import {
  convolutionParams,
  Driver,
  type DriverParts,
  PANELS_AT,
  PLANES_AT,
  ROWS_AT,
} from './convolution-driver.ts';
import { type Opposite, oppositeIfInfinite } from './opposite.ts';

/**
 * Parameters of a row: its windows' number, `step` bytes apart, the first at `at`; places of the kernel, and their
 * table.
 */
const rowParams = i32Params('count', 'depth', 'table', 'at', 'step');

const lanesOf = ({ lane }: GemmLane) =>
  lane === 'f32'
    ? ({ load: 'v128.load32_lane', store: 'v128.store32_lane' } as const)
    : ({ load: 'v128.load64_lane', store: 'v128.store64_lane' } as const);

/** Pushes whether windows lie side by side. */
const sideBySide = (f: FunctionBuilder, step: number, t: GemmLane): FunctionBuilder =>
  f.get(step).i32Const(t.bytes).op('i32.eq');

/** How so many vectors of windows begin at what is there, are loaded, and are stored. */
interface Access {
  readonly start: (i: number) => void;
  readonly load: (i: number) => void;
  readonly store: (i: number) => void;
}

/** Vectors of windows that lie side by side, at a time: a place of the kernel is looked up once for them. */
const ROUND = 8;

const rowOfYParams = { ...rowParams, ...i32Params('weight', 'to', 'accumulate') };

/** What a row of y is written with: its function, parameters and locals. */
const emittingRowOfY = (f: FunctionBuilder, p: ParametersOf<typeof rowOfYParams>, t: GemmLane) => ({
  ...{ f, p, t },
  v: f.locals('i32', 'entry', 'w', 'r', 'from'),
  sums: range(ROUND).map(() => f.local('v128')),
  x: f.local('v128'),
  y: f.local('v128'),
});

type RowOfY = ReturnType<typeof emittingRowOfY>;

/** Adds up `n` vectors of windows, place by place of the kernel. */
function windows({ f, p, t, v, sums, x, y }: RowOfY, n: number, { start, load, store }: Access): void {
  f.get(p.accumulate).if();
  for (const i of range(n)) {
    start(i);
    f.set(sums[i] ?? 0);
  }
  f.else();
  for (const i of range(n)) f.splat(t.lane, 0).set(sums[i] ?? 0);
  f.end();
  f.put(v.entry, p.table).get(p.weight).set(v.w).get(p.depth).set(v.r);
  const top = f.loop();
  f.put(v.from, p.at).get(v.from).get(v.entry).load('i32.load').op('i32.add').set(v.from);
  f.get(v.w).load(t.splat).set(x);
  for (const i of range(n)) {
    load(i);
    f.set(y);
    multiplyAdd(f, t.vector, sums[i] ?? 0, x, y);
  }
  f.bump(v.entry, { bytes: 4 });
  f.bump(v.w, { bytes: t.bytes });
  f.get(v.r).i32Const(1).op('i32.sub').tee(v.r).brIf(top);
  f.end();
  // The last first: of two vectors that V8 makes one of, it stores the lower half once more where that comes first.
  for (const i of range(n).toReversed()) store(i);
}

/** Vectors of windows that lie side by side. */
const wholeVectors = ({ f, p, v, sums }: RowOfY): Access => ({
  start: (i) => f.get(p.to).load('v128.load', 16 * i),
  load: (i) => f.get(v.from).load('v128.load', 16 * i),
  store: (i) =>
    f
      .get(p.to)
      .get(sums[i] ?? 0)
      .store('v128.store', 16 * i),
});

/** A vector of windows that lie apart, loaded lane by lane. */
const gatheredVectors = (e: RowOfY): Access => ({
  ...wholeVectors(e),
  load() {
    const { f, p, t, v, y } = e;
    f.get(v.from).load(t.loadOne).set(y);
    for (const l of range(t.lanes - 1)) {
      f.bump(v.from, { local: p.step });
      f.get(v.from)
        .get(y)
        .accessLane(lanesOf(t).load, l + 1)
        .set(y);
    }
    f.get(y);
  },
});

/** One window, in the first lane. */
const singleWindows = ({ f, p, t, v, sums }: RowOfY): Access => ({
  start: () => f.get(p.to).load(t.loadOne),
  load: () => f.get(v.from).load(t.loadOne),
  store: () =>
    f
      .get(p.to)
      .get(sums[0] ?? 0)
      .accessLane(lanesOf(t).store, 0),
});

/** Adds what makes a row of y: to[j] = the sum of weight[r] * at[table[r] + j], plus what is there if `accumulate`. */
function rowOfY(module: ModuleBuilder, t: GemmLane): number {
  return module.define({ name: `depthwise_y_${t.lane}` }, rowOfYParams, (f, p) => {
    const e = emittingRowOfY(f, p, t);
    sideBySide(f, p.step, t).if();
    for (const n of [ROUND, ROUND / 2, 1])
      f.countdown(p.count, n * t.lanes, () => {
        windows(e, n, wholeVectors(e));
        f.bump(p.at, { bytes: 16 * n });
        f.bump(p.to, { bytes: 16 * n });
      });
    f.else();
    f.countdown(p.count, t.lanes, () => {
      windows(e, 1, gatheredVectors(e));
      f.put(p.at, plus(p.at, times(p.step, is(t.lanes))));
      f.bump(p.to, { bytes: 16 });
    });
    f.end();
    f.countdown(p.count, 1, () => {
      windows(e, 1, singleWindows(e));
      f.bump(p.at, { local: p.step });
      f.bump(p.to, { bytes: t.bytes });
    });
  });
}

/** Adds what adds a row of y, at `from`, to x: at[table[r] + j] += weight[r] * from[j]. */
function rowToX(module: ModuleBuilder, t: GemmLane): number {
  const params = { ...rowParams, ...i32Params('weight', 'from') };
  return module.define({ name: `depthwise_x_${t.lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'to', 'from', 'left');
    const [w, x, y] = [f.local('v128'), f.local('v128'), f.local('v128')];
    f.countdown(p.depth, 1, () => {
      f.get(p.weight).load(t.splat).set(w);
      f.get(p.at).get(p.table).load('i32.load').op('i32.add').set(v.to);
      f.get(p.from).set(v.from).get(p.count).set(v.left);
      sideBySide(f, p.step, t).if();
      f.countdown(v.left, t.lanes, () => {
        f.get(v.to).load('v128.load').set(x).get(v.from).load('v128.load').set(y);
        multiplyAdd(f, t.vector, x, w, y);
        f.get(v.to).get(x).store('v128.store');
        f.bump(v.to, { bytes: 16 });
        f.bump(v.from, { bytes: 16 });
      });
      f.end();
      f.countdown(v.left, 1, () => {
        f.get(v.to).load(t.loadOne).set(x).get(v.from).load(t.loadOne).set(y);
        multiplyAdd(f, t.vector, x, w, y);
        f.get(v.to).get(x).accessLane(lanesOf(t).store, 0);
        f.bump(v.to, { local: p.step });
        f.bump(v.from, { bytes: t.bytes });
      });
      f.bump(p.weight, { bytes: t.bytes });
      f.bump(p.table, { bytes: 4 });
    });
  });
}

/** Places whose sums are in registers at a time. */
const TOGETHER = 4;

/** Adds what adds up, for each place r, at[table[r] + j] * from[j] in the lanes of vector number r at `sums`. */
function rowToWeight(module: ModuleBuilder, t: GemmLane): number {
  const params = { ...rowParams, ...i32Params('from', 'sums') };
  return module.define({ name: `depthwise_weight_${t.lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'from', 'left');
    const sums = range(TOGETHER).map(() => f.local('v128'));
    const pointers = range(TOGETHER).map(() => f.local('i32'));
    const [x, y] = [f.local('v128'), f.local('v128')];
    for (const n of [TOGETHER, 1])
      f.countdown(p.depth, n, () => {
        const some = zip(sums.slice(0, n), pointers);
        for (const [i, [sum, pointer]] of some.entries()) {
          f.get(p.sums)
            .load('v128.load', 16 * i)
            .set(sum);
          f.get(p.at)
            .get(p.table)
            .load('i32.load', 4 * i)
            .op('i32.add')
            .set(pointer);
        }
        f.get(p.from).set(v.from).get(p.count).set(v.left);
        const step = (load: 'v128.load' | GemmLane['loadOne']): void => {
          f.get(v.from).load(load).set(y);
          for (const [sum, pointer] of some) {
            f.get(pointer).load(load).set(x);
            multiplyAdd(f, t.vector, sum, y, x);
          }
        };
        sideBySide(f, p.step, t).if();
        f.countdown(v.left, t.lanes, () => {
          step('v128.load');
          for (const [, pointer] of some) f.bump(pointer, { bytes: 16 });
          f.bump(v.from, { bytes: 16 });
        });
        f.end();
        f.countdown(v.left, 1, () => {
          step(t.loadOne);
          for (const [, pointer] of some) f.bump(pointer, { local: p.step });
          f.bump(v.from, { bytes: t.bytes });
        });
        for (const [i, [sum]] of some.entries())
          f.get(p.sums)
            .get(sum)
            .store('v128.store', 16 * i);
        f.bump(p.sums, { bytes: 16 * n });
        f.bump(p.table, { bytes: 4 * n });
      });
  });
}

/** Adds what adds up the lanes of vectors, and writes the sums, or adds them. */
function sumsOfLanes(module: ModuleBuilder, { lane, lanes, bytes }: GemmLane): number {
  const params = i32Params('count', 'sums', 'to', 'accumulate');
  return module.define({ name: `depthwise_sums_${lane}` }, params, (f, p) => {
    const sum = f.local(lane);
    const load = (i: number): FunctionBuilder => f.get(p.sums).load(`${lane}.load`, i * bytes);
    f.countdown(p.count, 1, () => {
      load(0);
      load(1).op(`${lane}.add`);
      if (lanes === 4) {
        load(2);
        load(3).op(`${lane}.add`).op(`${lane}.add`);
      }
      f.set(sum).get(p.accumulate).if();
      f.get(p.to).load(`${lane}.load`).get(sum).op(`${lane}.add`).set(sum);
      f.end().get(p.to).get(sum).store(`${lane}.store`);
      f.bump(p.sums, { bytes: 16 });
      f.bump(p.to, { bytes });
    });
  });
}

interface Parts extends DriverParts {
  readonly pad: number;
  readonly add: number;
  readonly turn: number;
  readonly infinite: number;
}

/** For each row of y's slab: `body(where its first window lies, where it lies itself)`, of filter `o`. */
function eachRow(
  f: FunctionBuilder,
  d: Driver,
  t: GemmLane,
  o: Formula,
  body: (at: number, row: number) => void,
): void {
  const { p, v, at } = d;
  const { z, y, place, row } = f.locals('i32', 'z', 'y', 'place', 'row');
  f.i32Const(0).set(at.first);
  f.put(row, d.outputAt(o));
  f.upTo(z, at.zc, is(1), () =>
    f.upTo(y, p.oh, is(1), () => {
      f.put(place, plus(at.base, times(z, v.zStep), times(y, v.yStep)));
      body(place, row);
      f.put(row, plus(row, times(p.ow, is(t.bytes))));
    }),
  );
}

/** Runs `body` for each slab of each block of channels of each image and group. */
function eachSlab(f: FunctionBuilder, d: Driver, body: () => void): void {
  const { p, at } = d;
  f.upTo(at.n, p.batch, is(1), () => f.upTo(at.g, p.groups, is(1), () => d.blocks(() => d.slabs(body))));
}

/** Adds `depthwiseY`, by what makes a row. */
function depthwiseY(module: ModuleBuilder, parts: Parts & Opposite, toRow: number): void {
  const { t } = parts;
  module.define({ export: 'depthwiseY' }, convolutionParams, (f, p) => {
    oppositeIfInfinite(f, p, t.bytes, parts);
    const d = new Driver(f, p, parts);
    const { v, at } = d;
    const { o, weight } = f.locals('i32', 'o', 'weight');
    /** Points to the weights of a filter, turned round if need be: then a group has one filter. */
    const bringWeights = (): void => {
      f.get(p.turned).if();
      const place = times(v.places, is(t.bytes));
      const from = plus(p.weight, times(at.g, place));
      f.put(weight, d.part(ROWS_AT));
      f.call(parts.turn, [is(1), is(1), v.places, from, place, place, weight, place]);
      f.else();
      f.put(weight, d.weightAt(o, is(0)));
      f.end();
    };
    eachSlab(f, d, () => {
      d.bring(() => f.call(parts.pad, d.planes()));
      f.upTo(o, p.filters, is(1), () => {
        bringWeights();
        eachRow(f, d, t, o, (place, row) =>
          f.call(toRow, [p.ow, v.places, p.scratch, place, v.xStep, weight, row, p.accumulate]),
        );
      });
    });
  });
}

/** Adds `depthwiseX`, by what adds a row to x. */
function depthwiseX(module: ModuleBuilder, parts: Parts, fromRow: number): number {
  const { t } = parts;
  return module.define({ export: 'depthwiseX' }, convolutionParams, (f, p) => {
    const d = new Driver(f, p, parts);
    const { at, v } = d;
    const o = f.local('i32');
    eachSlab(f, d, () => {
      d.bring(() => {
        f.push(d.part(PLANES_AT)).i32Const(0);
        f.push(times(at.cc, v.channel)).memoryFill();
      });
      f.upTo(o, p.filters, is(1), () =>
        eachRow(f, d, t, o, (place, row) =>
          f.call(fromRow, [p.ow, v.places, p.scratch, place, v.xStep, d.weightAt(o, is(0)), row]),
        ),
      );
      f.get(p.bare).op('i32.eqz').if();
      f.call(parts.add, d.planes());
      f.end();
    });
  });
}

/** Adds `depthwiseWeight`, by what adds up a row, and what adds up the lanes in the end. */
function depthwiseWeight(module: ModuleBuilder, parts: Parts, dots: number, finish: number): void {
  const { t } = parts;
  module.define({ export: 'depthwiseWeight' }, convolutionParams, (f, p) => {
    const d = new Driver(f, p, parts);
    const { at, v } = d;
    const o = f.local('i32');
    const sums = d.part(PANELS_AT);
    f.upTo(at.g, p.groups, is(1), () =>
      d.blocks(() =>
        f.upTo(o, p.filters, is(1), () => {
          f.push(sums).i32Const(0);
          f.push(times(v.places, is(16))).memoryFill();
          f.upTo(at.n, p.batch, is(1), () =>
            d.slabs(() => {
              d.bring(() => f.call(parts.pad, d.planes()));
              eachRow(f, d, t, o, (place, row) =>
                f.call(dots, [p.ow, v.places, p.scratch, place, v.xStep, row, sums]),
              );
            }),
          );
          f.call(finish, [v.places, sums, d.weightAt(o, is(0)), p.accumulate]);
        }),
      ),
    );
  });
}

/** Adds the kernels, exported as `depthwiseY`, `depthwiseX` and `depthwiseWeight`. */
export function depthwiseKernels(module: ModuleBuilder, parts: Parts): void {
  const { t } = parts;
  const [toRow, fromRow, dots] = [rowOfY(module, t), rowToX(module, t), rowToWeight(module, t)];
  const finish = sumsOfLanes(module, t);
  const opposite = depthwiseX(module, parts, fromRow);
  depthwiseY(module, { ...parts, opposite }, toRow);
  depthwiseWeight(module, parts, dots, finish);
}
