import type { DType } from '../../dtype.ts';
import {
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
  type ParametersOf,
  zip,
} from '../wasm/index.ts';

/** What is carried along rows, in float64 numbers. */
export type ScanName = 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'logcumsumexp' | 'linear_recurrence';

/** Which scan, from which end, of elements of which dtypes into which. */
interface ScanConfig {
  readonly name: ScanName;
  readonly reverse: boolean;
  readonly inputs: readonly DType[];
  readonly outputs: readonly DType[];
}

/**
 * Scans along the second of three dimensions, outer by n by inner; `first` is how many rows of inner elements came
 * before. Then it goes on from the states at `carry`, and leaves them there; where `carry` is 0 nothing came before,
 * and nothing is left. Then come the addresses of operands and results, one element for another.
 */
export type ScanKernel = (
  outer: number,
  n: number,
  inner: number,
  first: number,
  carry: number,
  ...addresses: number[]
) => void;

/** Where a scan stands, in locals. */
interface Step {
  readonly f: FunctionBuilder;
  /** The states: float64 numbers, which are stored after each step, result by result. */
  readonly state: number;
  readonly other: number;
  /** The elements of the operands: float64 numbers. */
  readonly x: number;
  readonly y: number;
  readonly spare: number;
  /** How many elements of the row came before: an i32. */
  readonly place: number;
  readonly reverse: boolean;
  /** Functions of JavaScript. */
  readonly log1p: number;
  readonly exp: number;
}

interface Scan {
  /** The states in the beginning. */
  readonly start: readonly [number, number];
  readonly step: (at: Step) => void;
}

const extreme = (sign: 1 | -1): Scan => ({
  start: [sign * Number.NEGATIVE_INFINITY, 0],
  // The last one of equals; from a NaN on, NaN.
  step({ f, state, other, x, place }) {
    f.get(x).get(x).op('f64.ne').get(x).get(state);
    f.op(sign === 1 ? 'f64.ge' : 'f64.le')
      .op('i32.or')
      .if();
    f.get(x).set(state).get(place).op('f64.convert_i32_s').set(other).end();
  },
});

const scans: Readonly<Record<ScanName, Scan>> = {
  cumsum: {
    start: [0, 0],
    step: ({ f, state, x }) => f.get(state).get(x).op('f64.add').set(state),
  },
  cumprod: {
    start: [1, 0],
    step: ({ f, state, x }) => f.get(state).get(x).op('f64.mul').set(state),
  },
  cummax: extreme(1),
  cummin: extreme(-1),
  logcumsumexp: {
    start: [Number.NEGATIVE_INFINITY, 0],
    // log(e^a + e^b) = max(a, b) + log1p(e^-|a - b|); infinities and NaN are the maximum itself.
    step({ f, state, x, spare, log1p, exp }) {
      f.get(state).get(x).op('f64.max').tee(spare);
      f.op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.lt').if();
      f.get(spare).get(state).get(x).op('f64.sub').op('f64.abs').op('f64.neg').call(exp).call(log1p);
      f.op('f64.add').set(spare).end();
      f.get(spare).set(state);
    },
  },
  linear_recurrence: {
    start: [0, 0],
    // From the end with the factor y that stands beside, else with the one before. The first has none, be its factor
    // infinite. Past a factor of 0 nothing comes, but from the end what is not finite, as it would past a small one.
    step({ f, state, other, x, y, place, reverse }) {
      const factor = reverse ? y : other;
      f.get(place).i32Const(0).op('i32.ne').get(factor).f64Const(0).op('f64.ne').op('i32.and').if();
      f.get(x).get(factor).get(state).op('f64.mul').op('f64.add').set(state).else();
      if (reverse) {
        f.get(place).i32Const(0).op('i32.ne').get(state).get(state).op('f64.sub').f64Const(0).op('f64.ne');
        f.op('i32.and').if();
        f.get(x).get(state).op('f64.add').set(state).else();
      }
      f.get(x).set(state).end();
      if (reverse) f.end();
      f.get(y).set(other);
    },
  },
};

/** Bytes of the states of a row. */
export const stateBytes = 16;

/** Where the parameters of arrays begin. */
const sizes = i32Params('outer', 'n', 'inner', 'first', 'carry');
const sizeCount = Object.keys(sizes).length;

/** Writes one step along a row: brings the operands, goes on from the states, stores these. */
function emitStep(
  at: Step,
  element: number,
  inputs: readonly DType[],
  outputs: readonly DType[],
  scan: Scan,
): void {
  const { f, state, other, x, y } = at;
  for (const [i, [dtype, value]] of zip(inputs, [x, y]).entries())
    f.pushPlace(sizeCount + i, element, dtype)
      .loadNumber(dtype)
      .set(value);
  scan.step(at);
  for (const [i, [dtype, value]] of zip(outputs, [state, other]).entries())
    f.pushPlace(sizeCount + inputs.length + i, element, dtype)
      .get(value)
      .storeNumber(dtype);
}

/** Writes the loops over rows, each from states to states, and along each. */
function emitScan(
  f: FunctionBuilder,
  p: ParametersOf<typeof sizes>,
  { reverse, inputs, outputs }: ScanConfig,
  scan: Scan,
  functions: Readonly<Record<'log1p' | 'exp', number>>,
): void {
  const { block, column, left, at, place } = f.locals('i32', 'block', 'column', 'left', 'at', 'place');
  const numbers = f.locals('f64', 'state', 'other', 'x', 'y', 'spare');
  const states = [numbers.state, numbers.other];
  f.countdown(p.outer, 1, () => {
    f.get(p.inner).set(column);
    f.countdown(column, 1, () => {
      for (const [local, value] of zip(states, scan.start)) f.f64Const(value).set(local);
      f.get(p.first).if();
      for (const [i, local] of states.entries())
        f.get(p.carry)
          .load('f64.load', 8 * i)
          .set(local);
      f.end().get(block).set(at);
      if (reverse)
        f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(at).op('i32.add').set(at);
      f.get(p.n).set(left).get(p.first).set(place);
      f.countdown(left, 1, () => {
        emitStep({ f, ...numbers, place, reverse, ...functions }, at, inputs, outputs, scan);
        f.get(at)
          .get(p.inner)
          .op(reverse ? 'i32.sub' : 'i32.add')
          .set(at);
        f.bump(place, { bytes: 1 });
      });
      f.get(p.carry).if();
      for (const [i, local] of states.entries())
        f.get(p.carry)
          .get(local)
          .store('f64.store', 8 * i);
      f.bump(p.carry, { bytes: stateBytes });
      f.end();
      f.bump(block, { bytes: 1 });
    });
    f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(block).op('i32.add').set(block);
  });
}

const kernelOf = memoized((key: string): ScanKernel => {
  const [which, direction, ...dtypesOf] = key.split(' ');
  const name = which as ScanName;
  const [inputs = [], outputs = []] = dtypesOf.map((list) => list.split(',') as DType[]);
  const config = { name, reverse: direction === 'back', inputs, outputs };
  const module = new ModuleBuilder();
  const functions = {
    log1p: module.importFunction('log1p', ['f64'], ['f64']),
    exp: module.importFunction('exp', ['f64'], ['f64']),
  };
  const params: Record<string, 'i32'> = i32Params(...[...inputs, ...outputs].map((_, i) => `array${i}`));
  module.define({ export: name }, { ...sizes, ...params }, (f, p) =>
    emitScan(f, p, config, scans[name], functions),
  );
  const made = module.instantiate<Record<ScanName, ScanKernel>>({
    log1p: Math.log1p,
    exp: Math.exp,
  });
  return made[name];
});

/** The kernel of a scan. */
export const scanKernel = ({ name, reverse, inputs, outputs }: ScanConfig): ScanKernel =>
  kernelOf(`${name} ${reverse ? 'back' : 'on'} ${inputs.join()} ${outputs.join()}`);
