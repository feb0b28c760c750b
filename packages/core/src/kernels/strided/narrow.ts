import { type FunctionBuilder, i32Params, ModuleBuilder, once } from '../wasm/index.ts';

interface NarrowKernel {
  /**
   * Makes int32 of the `count` float64 numbers at an address, in place, their fractions dropped, up to the first pair
   * of which one does not fit. Returns how many are left: 0 where all fit.
   */
  narrow(count: number, address: number): number;
  /**
   * Stores `count` float64 numbers, their fractions dropped, as int32 elsewhere; gives 1, with none stored, where one
   * does not fit.
   */
  fit(count: number, from: number, to: number): number;
  /**
   * Stores `count` integers of 64 bits as float64 numbers elsewhere, rounded where they must be: what fits int32 stays
   * exact.
   */
  widen(count: number, from: number, to: number): void;
}

/**
 * Puts the int32s of the two numbers in `x` into `narrowed`; pushes where they are these numbers, their fractions
 * dropped.
 */
function pushNarrowed(f: FunctionBuilder, x: number, narrowed: number): void {
  f.get(x).op('i32x4.trunc_sat_f64x2_s_zero').tee(narrowed);
  f.op('f64x2.convert_low_i32x4_s').get(x).op('f64x2.trunc').op('f64x2.eq');
}

/** The same of both: pushes whether all are. */
function emitNarrowed(f: FunctionBuilder, x: number, narrowed: number): void {
  pushNarrowed(f, x, narrowed);
  f.op('i64x2.all_true');
}

/** The kernel, made when first needed. */
export const narrowKernel = once((): NarrowKernel => {
  const module = new ModuleBuilder();
  emitNarrow(module);
  emitFit(module);
  emitWiden(module);
  return module.instantiate<NarrowKernel>();
});

function emitNarrow(module: ModuleBuilder): void {
  const params = { count: 'i32', address: 'i32' } as const;
  module.define({ export: 'narrow', result: 'i32' }, params, (f, p) => {
    const [x, narrowed, to] = [f.local('v128'), f.local('v128'), f.local('i32')];
    f.get(p.address).set(to);
    // Eight at a time, up to those among which one does not fit.
    const pairs = [0, 1, 2, 3].map(() => f.local('v128'));
    const unfit = f.block();
    const next = f.loop();
    f.get(p.count).i32Const(8).op('i32.lt_s').brIf(unfit);
    pairs.forEach((pair, i) => {
      f.get(p.address)
        .load('v128.load', 16 * i)
        .set(x);
      pushNarrowed(f, x, pair);
      if (i > 0) f.op('v128.and');
    });
    f.op('i64x2.all_true').op('i32.eqz').brIf(unfit);
    for (const i of [0, 2]) {
      f.get(to)
        .get(pairs[i] ?? x)
        .get(pairs[i + 1] ?? x)
        .shuffle64(0, 2)
        .store('v128.store', 8 * i);
    }
    f.get(to).i32Const(32).op('i32.add').set(to);
    f.get(p.address).i32Const(64).op('i32.add').set(p.address);
    f.get(p.count).i32Const(8).op('i32.sub').set(p.count);
    f.i32Const(1).brIf(next).end().end();
    const done = f.block();
    const top = f.loop();
    f.get(p.count).i32Const(2).op('i32.lt_s').brIf(done);
    f.get(p.address).load('v128.load').set(x);
    emitNarrowed(f, x, narrowed);
    f.op('i32.eqz').brIf(done);
    // Two results take the place of one number that has been read: they never overtake.
    f.get(to).get(narrowed).accessLane('v128.store64_lane', 0);
    f.get(to).i32Const(8).op('i32.add').set(to);
    f.get(p.address).i32Const(16).op('i32.add').set(p.address);
    f.get(p.count).i32Const(2).op('i32.sub').tee(p.count).brIf(top);
    f.end().end();
    f.get(p.count).i32Const(1).op('i32.eq').if();
    f.get(p.address).load('v128.load64_splat').set(x);
    emitNarrowed(f, x, narrowed);
    f.if();
    f.get(to).get(narrowed).accessLane('v128.store32_lane', 0);
    f.i32Const(0).set(p.count);
    f.end().end();
    f.get(p.count);
  });
}

function emitFit(module: ModuleBuilder): void {
  module.define({ export: 'fit', result: 'i32' }, i32Params('count', 'from', 'to'), (f, p) => {
    const [x, narrowed] = [f.local('v128'), f.local('v128')];
    const [left, at] = [f.local('i32'), f.local('i32')];
    const refuse = (): void => {
      emitNarrowed(f, x, narrowed);
      f.op('i32.eqz').if();
      f.i32Const(1).return().end();
    };
    f.get(p.count).set(left).get(p.from).set(at);
    f.countdown(left, 2, () => {
      f.get(at).load('v128.load').set(x);
      refuse();
      f.bump(at, { bytes: 16 });
    });
    f.get(left).if();
    f.get(at).load('v128.load64_splat').set(x);
    refuse();
    f.end();
    f.countdown(p.count, 2, () => {
      f.get(p.to).get(p.from).load('v128.load').op('i32x4.trunc_sat_f64x2_s_zero');
      f.accessLane('v128.store64_lane', 0);
      f.bump(p.from, { bytes: 16 });
      f.bump(p.to, { bytes: 8 });
    });
    f.get(p.count).if();
    f.get(p.to).get(p.from).load('f64.load').op('i32.trunc_sat_f64_s').store('i32.store').end();
    f.i32Const(0);
  });
}

function emitWiden(module: ModuleBuilder): void {
  module.define({ export: 'widen' }, i32Params('count', 'from', 'to'), (f, p) => {
    f.countdown(p.count, 1, () => {
      f.get(p.to).get(p.from).load('i64.load').op('f64.convert_i64_s').store('f64.store');
      f.bump(p.from, { bytes: 8 });
      f.bump(p.to, { bytes: 8 });
    });
  });
}
