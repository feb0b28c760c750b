/** What histograms.ts does, at addresses. */
import { bytesOf, type DType } from '../../../dtype.ts';
import { is, minus, plus, times } from '../../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized, range } from '../../wasm/index.ts';

interface HistogramKernels {
  /**
   * (n, bins, ofElements, from, to, x, out): 1 where the range of the elements, which is wanted `ofElements`, is not
   * finite.
   */
  count(...args: number[]): number;
  /** (n, first, step, bins, ofElements, from, to, x, out) */
  edges(...args: number[]): number;
}

const rangeParams = { from: 'f64', to: 'f64' } as const;

/** Rounds the number on the stack to a dtype. */
const round = (f: FunctionBuilder, dtype: DType): FunctionBuilder =>
  dtype === 'float32' ? f.fromNumber(dtype).toNumber(dtype) : f;

/**
 * Sets `from` and `to` to the least and the greatest element, which are NaN where one is, and leaves with 1 unless they
 * are finite.
 */
function setRange(
  f: FunctionBuilder,
  dtype: DType,
  p: Readonly<Record<'n' | 'from' | 'to' | 'x', number>>,
  first: number | null,
  step: number | null,
): void {
  const i = f.local('i32');
  const value = f.local('f64');
  f.f64Const(Number.POSITIVE_INFINITY).set(p.from).f64Const(Number.NEGATIVE_INFINITY).set(p.to);
  if (first !== null) f.get(first).set(i);
  const done = f.block();
  const next = f.loop();
  f.get(i).get(p.n).op('i32.ge_s').brIf(done);
  f.pushPlace(p.x, i, dtype).loadNumber(dtype).set(value);
  f.get(p.from).get(value).op('f64.min').set(p.from).get(p.to).get(value).op('f64.max').set(p.to);
  f.put(i, plus(i, step ?? is(1)))
    .i32Const(1)
    .brIf(next)
    .end()
    .end();
  for (const bound of [p.from, p.to]) {
    f.get(bound).op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.lt').op('i32.eqz').if();
    f.i32Const(1).return().end();
  }
}

/** Makes a range of one number wider. */
function widen(f: FunctionBuilder, { from, to }: Readonly<Record<'from' | 'to', number>>, by: number): void {
  f.get(from).get(to).op('f64.eq').if();
  f.get(from).f64Const(by).op('f64.sub').set(from).get(to).f64Const(by).op('f64.add').set(to).end();
}

function defineCount(module: ModuleBuilder, dtype: DType): void {
  const params = { ...i32Params('n', 'bins', 'ofElements'), ...rangeParams, ...i32Params('x', 'out') };
  module.define({ export: 'count', result: 'i32' }, params, (f, p) => {
    const { i, place } = f.locals('i32', 'i', 'place');
    const { value, lowest, width } = f.locals('f64', 'value', 'lowest', 'width');
    f.get(p.ofElements).if();
    setRange(f, dtype, p, null, null);
    f.end();
    widen(f, p, 1);
    round(f.get(p.from), dtype).set(lowest);
    round(round(f.get(p.to), dtype).get(lowest).op('f64.sub'), dtype).set(width);
    f.get(p.out)
      .i32Const(0)
      .push(times(p.bins, is(bytesOf(dtype))))
      .memoryFill();
    f.upTo(i, p.n, is(1), () => {
      f.pushPlace(p.x, i, dtype).loadNumber(dtype).tee(value).get(p.from).op('f64.ge');
      f.get(value).get(p.to).op('f64.le').op('i32.and').if();
      // In the precision of the dtype, so that what lies on a boundary falls to PyTorch's side.
      round(f.get(value).get(lowest).op('f64.sub'), dtype).get(p.bins).op('f64.convert_i32_s').op('f64.mul');
      round(f, dtype).get(width).op('f64.div');
      round(f, dtype).tee(value).get(value).op('f64.eq').if();
      f.get(value).op('i32.trunc_sat_f64_s').set(place);
      f.putLeast(place, place, minusOne(f, p.bins));
      f.pushPlace(p.out, place, dtype).pushPlace(p.out, place, dtype).loadNumber(dtype);
      f.f64Const(1).op('f64.add').storeNumber(dtype).end().end();
    });
    f.i32Const(0);
  });
}

/** A local that holds a number less one. */
function minusOne(f: FunctionBuilder, of: number): number {
  const less = f.local('i32');
  f.put(less, minus(of, is(1)));
  return less;
}

function defineEdges(module: ModuleBuilder, dtype: DType): void {
  const params = {
    ...i32Params('n', 'first', 'step', 'bins', 'ofElements'),
    ...rangeParams,
    ...i32Params('x', 'out'),
  };
  module.define({ export: 'edges', result: 'i32' }, params, (f, p) => {
    const { i, half } = f.locals('i32', 'i', 'half');
    const step = f.local('f64');
    f.get(p.ofElements).if();
    f.get(p.n).op('i32.eqz').if();
    f.f64Const(0).set(p.from).f64Const(1).set(p.to).else();
    setRange(f, dtype, p, p.first, p.step);
    f.end().end();
    widen(f, p, 0.5);
    for (const bound of [p.from, p.to]) round(f.get(bound), dtype).set(bound);
    f.get(p.to).get(p.from).op('f64.sub').get(p.bins).op('f64.convert_i32_s').op('f64.div');
    round(f, dtype).set(step);
    f.put(half, ['i32.shr_u', plus(p.bins, is(1)), is(1)]);
    // From the nearer end, so that both are met exactly.
    const store = (end: number, ahead: readonly number[]): void => {
      f.pushPlace(p.out, i, dtype).get(end).get(step).get(i);
      for (const less of ahead) f.get(less).op('i32.sub');
      f.op('f64.convert_i32_s').op('f64.mul').op('f64.add').storeNumber(dtype);
    };
    f.upTo(i, plus(p.bins, is(1)), is(1), () => {
      f.get(i).get(half).op('i32.lt_s').if();
      store(p.from, []);
      f.else();
      store(p.to, [p.bins]);
      f.end();
    });
    f.i32Const(0);
  });
}

export const histogramKernels = memoized((dtype: DType): HistogramKernels => {
  const module = new ModuleBuilder();
  defineCount(module, dtype);
  defineEdges(module, dtype);
  return module.instantiate<HistogramKernels>();
});

/** Leaves in `low` the interval in which a value lies, the last one with its end; -1 beyond all. */
function findInterval(
  f: FunctionBuilder,
  dtype: DType,
  { value, low, edges, last }: Readonly<Record<'value' | 'low' | 'edges' | 'last', number>>,
): void {
  const { high, middle } = f.locals('i32', 'high', 'middle');
  const edgeAt = (place: number): FunctionBuilder => f.pushPlace(edges, place, dtype).loadNumber(dtype);
  f.i32Const(-1).set(low).get(value).get(edges).loadNumber(dtype).op('f64.ge').get(value);
  edgeAt(last).op('f64.le').op('i32.and').if();
  f.get(value);
  edgeAt(last).op('f64.eq').if();
  f.put(low, minus(last, is(1))).else();
  f.i32Const(0).set(low).get(last).set(high);
  const found = f.block();
  const next = f.loop();
  f.get(low).get(high).op('i32.ge_s').brIf(found);
  f.put(middle, ['i32.shr_u', plus(low, high, is(1)), is(1)]);
  edgeAt(middle).get(value).op('f64.gt').if();
  f.put(high, minus(middle, is(1)))
    .else()
    .get(middle)
    .set(low)
    .end();
  f.i32Const(1).brIf(next).end().end().end().end();
}

/**
 * Of points of so many dimensions, with weights or without: (points, cells, x, weights, sums, out, the number of
 * intervals and the bounds of each).
 */
export const pointKernel = memoized((key: `${DType} ${number} ${0 | 1}`): ((...args: number[]) => void) => {
  const [dtype, count, weighted] = key.split(' ') as [DType, string, string];
  const dimensions = range(Number(count));
  const module = new ModuleBuilder();
  const bounds = dimensions.flatMap((d) => [`last${d}` as const, `edges${d}` as const]);
  const params = i32Params('points', 'cells', 'x', 'weights', 'sums', 'out', ...bounds);
  module.define({ export: 'points' }, params, (f, p) => {
    const { i, at, place, low } = f.locals('i32', 'i', 'at', 'place', 'low');
    const value = f.local('f64');
    f.get(p.sums)
      .i32Const(0)
      .push(times(p.cells, is(8)))
      .memoryFill();
    f.upTo(i, p.points, is(1), () => {
      f.i32Const(0).set(place);
      for (const d of dimensions) {
        f.pushPlace(p.x, at, dtype).loadNumber(dtype).set(value);
        const [last = 0, edges = 0] = [p[`last${d}`], p[`edges${d}`]];
        findInterval(f, dtype, { value, low, edges, last });
        f.get(low).get(place).op('i32.or').i32Const(0).op('i32.lt_s').if();
        f.i32Const(-1).set(place).else();
        f.put(place, plus(times(place, last), low)).end();
        f.bump(at, { bytes: 1 });
      }
      f.get(place).i32Const(0).op('i32.ge_s').if();
      f.pushPlace(p.sums, place, 8).pushPlace(p.sums, place, 8).load('f64.load');
      if (weighted === '1') f.pushPlace(p.weights, i, dtype).loadNumber(dtype);
      else f.f64Const(1);
      f.op('f64.add').store('f64.store').end();
    });
    f.upTo(i, p.cells, is(1), () =>
      f.pushPlace(p.out, i, dtype).pushPlace(p.sums, i, 8).load('f64.load').storeNumber(dtype),
    );
  });
  return module.instantiate<{ points: (...args: number[]) => void }>().points;
});
