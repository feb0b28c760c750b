import {
  type FunctionBuilder,
  i32Params,
  type LoadOp,
  ModuleBuilder,
  memoized,
  type ParametersOf,
} from '../../wasm/index.ts';

/**
 * Negative log-likelihood of classes. Values lie as blocks of n classes by `inner` targets; there is a class for each
 * target of each block. `reduction` is 0 for none, 1 for the sum, 2 for the mean; `weights` is 0 where each weighs 1;
 * `total` is the address of the float64 number that `totalWeight` gives. Addresses in bytes; nothing overlaps.
 */
interface NllKernels {
  /** The sum of the weights of the classes that are not `ignored`; gives 1 where one is no class. */
  totalWeight(
    rows: number,
    n: number,
    ignored: number,
    classes: number,
    weights: number,
    out: number,
  ): number;
  /** The losses, or one. */
  losses(...args: NllArguments): void;
  /** Stores the gradients by what was picked, given those of the losses: the rest of `out` stays. */
  gradients(...args: NllArguments): void;
}

type NllArguments = [
  outer: number,
  n: number,
  inner: number,
  ignored: number,
  reduction: number,
  classes: number,
  weights: number,
  total: number,
  values: number,
  out: number,
];

/** What the kernels are for. */
export type NllKey = `${'f32' | 'f64'} ${'int32' | 'uint8'}`;

/** How numbers and classes lie. */
interface Types {
  readonly lane: 'f32' | 'f64';
  readonly bytes: 4 | 8;
  readonly loadClass: LoadOp;
  readonly classBytes: 1 | 4;
}

function typesOf(key: NllKey): Types {
  const isSingle = key.startsWith('f32');
  const areBytes = key.endsWith('uint8');
  return {
    lane: isSingle ? 'f32' : 'f64',
    bytes: isSingle ? 4 : 8,
    loadClass: areBytes ? 'i32.load8_u' : 'i32.load',
    classBytes: areBytes ? 1 : 4,
  };
}

/** Pushes the address of element number `index` of what lies at `base`. */
const element = (f: FunctionBuilder, { bytes }: Types, base: number, index: number): FunctionBuilder =>
  f.pushPlace(base, index, bytes);

/** Puts the weight of class `t` into a local. */
function weigh(f: FunctionBuilder, types: Types, weights: number, t: number, weight: number): void {
  f.f64Const(1).set(weight).get(weights).if();
  element(f, types, weights, t);
  f.loadNumber(types.lane);
  f.set(weight).end();
}

function emitTotalWeight(module: ModuleBuilder, types: Types): void {
  const params = i32Params('rows', 'n', 'ignored', 'classes', 'weights', 'out');
  module.define({ export: 'totalWeight', result: 'i32' }, params, (f, p) => {
    const t = f.local('i32');
    const { weight, total } = f.locals('f64', 'weight', 'total');
    f.countdown(p.rows, 1, () => {
      f.get(p.classes).load(types.loadClass).tee(t).get(p.ignored).op('i32.ne').if();
      f.get(t).get(p.n).op('i32.ge_u').if();
      f.i32Const(1).return().end();
      weigh(f, types, p.weights, t, weight);
      f.get(total).get(weight).op('f64.add').set(total);
      f.end();
      f.bump(p.classes, { bytes: types.classBytes });
    });
    f.get(p.out).get(total).store('f64.store').i32Const(0);
  });
}

const params = i32Params(
  ...(['outer', 'n', 'inner', 'ignored', 'reduction'] as const),
  ...(['classes', 'weights', 'total', 'values', 'out'] as const),
);

/** Calls `pick` with the number of the element that each target picks, and minus its weight over the divisor. */
function eachTarget(
  f: FunctionBuilder,
  types: Types,
  p: ParametersOf<typeof params>,
  divisor: number,
  pick: (place: number, factor: number) => void,
  after: () => void,
): void {
  const { t, block, column, place } = f.locals('i32', 't', 'block', 'column', 'place');
  const factor = f.local('f64');
  f.f64Const(1).set(divisor).get(p.reduction).i32Const(2).op('i32.eq').if();
  f.get(p.total).load('f64.load').set(divisor).end();
  f.countdown(p.outer, 1, () => {
    f.i32Const(0).set(column);
    const end = f.block();
    const top = f.loop();
    f.get(column).get(p.inner).op('i32.ge_s').brIf(end);
    f.get(p.classes).load(types.loadClass).tee(t).get(p.ignored).op('i32.ne').if();
    weigh(f, types, p.weights, t, factor);
    f.get(factor).op('f64.neg').get(divisor).op('f64.div').set(factor);
    f.get(t).get(p.inner).op('i32.mul').get(column).op('i32.add').get(block).op('i32.add').set(place);
    pick(place, factor);
    f.end();
    after();
    f.bump(p.classes, { bytes: types.classBytes });
    f.get(column).i32Const(1).op('i32.add').set(column);
    f.i32Const(1).brIf(top);
    f.end().end();
    f.get(block).get(p.n).get(p.inner).op('i32.mul').op('i32.add').set(block);
  });
}

function emitLosses(module: ModuleBuilder, types: Types): void {
  module.define({ export: 'losses' }, params, (f, p) => {
    const { loss, sum, divisor } = f.locals('f64', 'loss', 'sum', 'divisor');
    const pick = (place: number, factor: number): void => {
      f.get(factor);
      element(f, types, p.values, place);
      f.loadNumber(types.lane);
      f.op('f64.mul').set(loss);
    };
    eachTarget(f, types, p, divisor, pick, () => {
      f.get(p.reduction).op('i32.eqz').if();
      f.get(p.out).get(loss);
      f.storeNumber(types.lane);
      f.bump(p.out, { bytes: types.bytes });
      f.end();
      f.get(sum).get(loss).op('f64.add').set(sum).f64Const(0).set(loss);
    });
    f.get(p.reduction).if();
    f.get(p.out).get(sum).f64Const(Number.NaN).get(divisor).f64Const(0).op('f64.ne').op('select');
    f.storeNumber(types.lane);
    f.end();
  });
}

function emitGradients(module: ModuleBuilder, types: Types): void {
  module.define({ export: 'gradients' }, params, (f, p) => {
    const divisor = f.local('f64');
    const pick = (place: number, factor: number): void => {
      element(f, types, p.out, place);
      f.get(factor).get(p.values);
      f.loadNumber(types.lane);
      f.op('f64.mul');
      f.storeNumber(types.lane);
    };
    eachTarget(f, types, p, divisor, pick, () => {
      f.get(p.reduction).op('i32.eqz').if();
      f.bump(p.values, { bytes: types.bytes });
      f.end();
    });
  });
}

/** The kernels for numbers and classes of some types. */
export const nllKernels = memoized((key: NllKey): NllKernels => {
  const module = new ModuleBuilder();
  const types = typesOf(key);
  emitTotalWeight(module, types);
  emitLosses(module, types);
  emitGradients(module, types);
  return module.instantiate<NllKernels>();
});
