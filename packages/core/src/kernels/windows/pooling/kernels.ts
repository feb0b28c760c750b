/**
 * The WebAssembly kernels of pooling: greatest entries and their places, means, and gradients of means. Rows of windows
 * that have all their entries are worked on a vector of windows at a time, the others one by one; both go through a
 * window's entries in the same order.
 */

import { type GemmLane, gemmLanes } from '../../gemm/index.ts';
import { type Formula, is, plus, times } from '../../wasm/formulas.ts';
import {
  type FloatLane,
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
  range,
} from '../../wasm/index.ts';

/**
 * What each kernel takes: planes; sizes of a plane and of its result; distances between entries of a window; which
 * windows of a row are whole, and how many entries they have along it; the table and how many bytes its planes are
 * apart; where the planes lie, and their results; and where the places of greatest entries do.
 */
const params = i32Params(
  ...([
    'planes',
    'd',
    'h',
    'w',
    'od',
    'oh',
    'ow',
    'ld',
    'lh',
    'lw',
    'first',
    'past',
    'step',
    'kernel',
  ] as const),
  ...(['pitch', 'table', 'x', 'y', 'index'] as const),
);
type Params = Readonly<Record<keyof typeof params, number>>;

export const poolNames: readonly string[] = Object.keys(params);
export type PoolKernel = (...args: number[]) => void;
export type PoolName = 'greatest' | 'means' | 'spread';

/** How far apart whole windows begin: what brings a vector of entries in depends on it. */
type Step = 'one' | 'two' | 'any';

interface Walk {
  readonly f: FunctionBuilder;
  readonly p: Params;
  readonly t: GemmLane;
  /** The window's first entry and how many it has, along each dimension; its divisor; and where in it one is. */
  readonly v: Readonly<
    Record<
      'z' | 'y' | 'x' | 'nz' | 'ny' | 'nx' | 'weight' | 'row' | 'at' | 'i' | 'iz' | 'iy' | 'left' | 'hop',
      number
    >
  >;
}

/** For each window of each plane: `whole` for as many as a vector has, where they may be taken so, else `one`. */
function eachWindow(
  f: FunctionBuilder,
  p: Params,
  t: GemmLane,
  hasIndex: boolean,
  whole: ((walk: Walk) => void) | null,
  one: (walk: Walk) => void,
): void {
  const v = f.locals(
    'i32',
    ...(['z', 'y', 'x', 'nz', 'ny', 'nx', 'weight', 'row', 'at', 'i', 'iz', 'iy', 'left', 'hop'] as const),
  );
  f.put(v.hop, times(p.lw, is(t.bytes)));
  const o = f.locals('i32', 'n', 'z', 'y', 'x', 'entry', 'weight');
  const walk = { f, p, t, v };
  const read = (entry: number, first: number, count: number): void => {
    f.get(entry).load('i32.load').set(first).get(entry).load('i32.load', 4).set(count);
  };
  const entryOf = (place: Formula): void => void f.put(o.entry, plus(p.table, times(place, is(12))));
  const advance = (windows: number): void => {
    f.bump(p.y, { bytes: windows * t.bytes });
    if (hasIndex) f.bump(p.index, { bytes: windows * 4 });
    f.put(o.x, plus(o.x, is(windows)));
  };
  f.upTo(o.n, p.planes, is(1), () => {
    f.upTo(o.z, p.od, is(1), () => {
      entryOf(o.z);
      read(o.entry, v.z, v.nz);
      f.get(o.entry).load('i32.load', 8).set(o.weight);
      f.upTo(o.y, p.oh, is(1), () => {
        entryOf(plus(p.od, o.y));
        read(o.entry, v.y, v.ny);
        f.get(o.weight).get(o.entry).load('i32.load', 8).op('i32.mul').set(v.row);
        f.i32Const(0).set(o.x);
        entryOf(plus(p.od, p.oh));
        const top = f.loop();
        read(o.entry, v.x, v.nx);
        f.get(v.row).get(o.entry).load('i32.load', 8).op('i32.mul').set(v.weight);
        if (whole !== null) {
          f.get(o.x).get(p.first).op('i32.ge_s').get(o.x).i32Const(t.lanes).op('i32.add').get(p.past);
          f.op('i32.le_s').op('i32.and').if();
          whole(walk);
          advance(t.lanes);
          f.bump(o.entry, { bytes: 12 * t.lanes });
          f.else();
        }
        one(walk);
        advance(1);
        f.bump(o.entry, { bytes: 12 });
        if (whole !== null) f.end();
        f.get(o.x).get(p.ow).op('i32.lt_s').brIf(top).end();
      });
    });
    f.put(p.x, plus(p.x, times(p.d, p.h, p.w, is(t.bytes))));
    f.put(p.table, plus(p.table, p.pitch));
  });
}

/**
 * For each entry of a window, of `count` in each of its rows, of which `row` begins one: its address is `at`; the index
 * in the plane of the row's first one is `i`.
 */
function eachEntry({ f, p, v, t }: Walk, count: number, body: () => void, row: () => void = () => {}): void {
  const z = plus(v.z, times(v.iz, p.ld));
  const y = plus(v.y, times(v.iy, p.lh));
  f.upTo(v.iz, v.nz, is(1), () =>
    f.upTo(v.iy, v.ny, is(1), () => {
      f.put(v.i, plus(times(plus(times(z, p.h), y), p.w), v.x));
      f.put(v.at, plus(p.x, times(v.i, is(t.bytes))));
      row();
      f.get(count).set(v.left);
      f.countdown(v.left, 1, () => {
        body();
        f.bump(v.at, { local: v.hop });
      });
    }),
  );
}

/** Pushes a vector of entries of neighbouring windows, the first at `at`; reads nothing beyond the last one. */
function pushEntries({ f, p, v, t }: Walk, step: Step, y: number, from: number): void {
  if (step === 'one') f.get(v.at).load('v128.load');
  else if (step === 'two' && t.lanes === 4)
    f.get(v.at).load('v128.load').get(v.at).load('v128.load', 12).shuffle32(0, 2, 5, 7);
  else {
    f.get(v.at).load(t.loadOne).set(y).get(v.at).set(from);
    for (const l of range(t.lanes - 1)) {
      f.put(from, plus(from, times(p.step, is(t.bytes))))
        .get(from)
        .get(y);
      f.accessLane(t.lane === 'f32' ? 'v128.load32_lane' : 'v128.load64_lane', l + 1).set(y);
    }
    f.get(y);
  }
}

/** The greatest entry of each window and its index in the plane: the first of equal ones, and the last NaN. */
function greatest(module: ModuleBuilder, t: GemmLane, step: Step): void {
  const { lane, vector, lanes } = t;
  const whole = lanes === 4 ? 'i32x4' : 'i64x2';
  module.define({ export: 'greatest' }, params, (f, p) => {
    const { best, x } = f.locals(lane, 'best', 'x');
    const place = f.local('i32');
    const w = f.locals('v128', 'best', 'x', 'place', 'places', 'wins', 'y', 'offsets', 'stride');
    const from = f.local('i32');
    /** Pushes an integer in every lane. */
    const splat = (a: number): FunctionBuilder => {
      f.get(a);
      if (lanes === 2) f.op('i64.extend_i32_s');
      return f.op(`${whole}.splat`);
    };
    // The distances of the indices of neighbouring windows.
    f.splat('i32', 0).set(w.offsets);
    for (const l of range(lanes)) {
      f.get(w.offsets);
      f.push(times(p.step, is(l)));
      if (lanes === 2) f.op('i64.extend_i32_s');
      f.lane(`${whole}.replace_lane`, l).set(w.offsets);
    }
    splat(p.lw).set(w.stride);
    const first = ({ v }: Walk): Formula => plus(times(plus(times(v.z, p.h), v.y), p.w), v.x);
    const vectorOf = (walk: Walk): void => {
      f.splat(lane, Number.NEGATIVE_INFINITY).set(w.best);
      f.put(place, first(walk));
      splat(place).get(w.offsets).op(`${whole}.add`).set(w.place);
      const entry = (): void => {
        pushEntries(walk, step, w.y, from);
        f.tee(w.x).get(w.best).op(`${vector}.gt`).get(w.x).get(w.x).op(`${vector}.ne`);
        f.op('v128.or').set(w.wins);
        f.get(w.x).get(w.best).get(w.wins).op('v128.bitselect').set(w.best);
        f.get(w.places).get(w.place).get(w.wins).op('v128.bitselect').set(w.place);
        f.get(w.places).get(w.stride).op(`${whole}.add`).set(w.places);
      };
      eachEntry(walk, p.kernel, entry, () => {
        splat(walk.v.i).get(w.offsets).op(`${whole}.add`).set(w.places);
      });
      f.get(p.y).get(w.best).store('v128.store').get(p.index).get(w.place);
      if (lanes === 4) f.store('v128.store');
      else f.get(w.place).shuffle32(0, 2, 0, 2).accessLane('v128.store64_lane', 0);
    };
    eachWindow(f, p, t, true, vectorOf, (walk) => {
      const { v } = walk;
      f[lane === 'f32' ? 'f32Const' : 'f64Const'](Number.NEGATIVE_INFINITY).set(best);
      f.put(place, first(walk));
      eachEntry(walk, v.nx, () => {
        f.get(v.at).load(`${lane}.load`).tee(x).get(best).op(`${lane}.gt`);
        f.get(x).get(x).op(`${lane}.ne`).op('i32.or').set(from);
        f.get(x).get(best).get(from).op('select').set(best);
        f.get(v.i).get(place).get(from).op('select').set(place);
        f.bump(v.i, { local: p.lw });
      });
      f.get(p.y).get(best).store(`${lane}.store`).get(p.index).get(place).store('i32.store');
    });
  });
}

/** The sum over each window, divided. */
function means(module: ModuleBuilder, t: GemmLane, step: Step): void {
  const { lane, vector } = t;
  module.define({ export: 'means' }, params, (f, p) => {
    const sum = f.local(lane);
    const w = f.locals('v128', 'sum', 'y');
    const from = f.local('i32');
    const wholes = (walk: Walk): void => {
      f.splat(lane, 0).set(w.sum);
      eachEntry(walk, p.kernel, () => {
        pushEntries(walk, step, w.y, from);
        f.get(w.sum).op(`${vector}.add`).set(w.sum);
      });
      f.get(p.y).get(w.sum).get(walk.v.weight).op(`${lane}.convert_i32_s`).op(`${vector}.splat`);
      f.op(`${vector}.div`).store('v128.store');
    };
    eachWindow(f, p, t, false, wholes, (walk) => {
      f[lane === 'f32' ? 'f32Const' : 'f64Const'](0).set(sum);
      eachEntry(walk, walk.v.nx, () => {
        f.get(walk.v.at).load(`${lane}.load`).get(sum).op(`${lane}.add`).set(sum);
      });
      f.get(p.y).get(sum).get(walk.v.weight).op(`${lane}.convert_i32_s`).op(`${lane}.div`);
      f.store(`${lane}.store`);
    });
  });
}

/**
 * What {@link means} does to gradients: x is overwritten with, for each entry, the sum of y's elements over their
 * divisors.
 */
function spread(module: ModuleBuilder, t: GemmLane, step: Step): void {
  const { lane, vector } = t;
  module.define({ export: 'spread' }, params, (f, p) => {
    const share = f.local(lane);
    const w = f.local('v128');
    f.get(p.x).i32Const(0);
    f.push(times(p.planes, p.d, p.h, p.w, is(t.bytes))).memoryFill();
    const wholes = (walk: Walk): void => {
      const { v } = walk;
      f.get(p.y).load('v128.load').get(v.weight).op(`${lane}.convert_i32_s`).op(`${vector}.splat`);
      f.op(`${vector}.div`).set(w);
      eachEntry(walk, p.kernel, () => {
        f.get(v.at).get(v.at).load('v128.load').get(w).op(`${vector}.add`).store('v128.store');
      });
    };
    eachWindow(f, p, t, false, step === 'one' ? wholes : null, (walk) => {
      const { v } = walk;
      f.get(p.y).load(`${lane}.load`).get(v.weight).op(`${lane}.convert_i32_s`).op(`${lane}.div`).set(share);
      eachEntry(walk, v.nx, () => {
        f.get(v.at).get(v.at).load(`${lane}.load`).get(share).op(`${lane}.add`).store(`${lane}.store`);
      });
    });
  });
}

const modules = memoized((key: `${FloatLane} ${Step}`): Readonly<Record<PoolName, PoolKernel>> => {
  const [lane, step] = key.split(' ') as [FloatLane, Step];
  const module = new ModuleBuilder();
  for (const add of [greatest, means, spread]) add(module, gemmLanes[lane], step);
  return module.instantiate();
});

/** The kernel for elements of a lane, of windows that begin `step` apart. */
export const poolKernel = (name: PoolName, lane: FloatLane, step: number): PoolKernel =>
  modules(`${lane} ${step === 1 ? 'one' : step === 2 ? 'two' : 'any'}`)[name];
