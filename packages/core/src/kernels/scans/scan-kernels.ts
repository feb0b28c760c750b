import type { DType } from '../../dtype.ts';
import {
  countdown,
  type FunctionBuilder,
  instantiate,
  ModuleBuilder,
  memoized,
  range,
  type ValueType,
  zip,
} from '../wasm/index.ts';
import { loadNumber, pushPlace, storeNumber } from './numbers.ts';

/** What is carried along rows, in float64 numbers. */
export type ScanName = 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'logcumsumexp' | 'linear_recurrence';

/** Which scan, from which end, of elements of which dtypes into which. */
export interface ScanConfig {
  readonly name: ScanName;
  readonly reverse: boolean;
  readonly inputs: readonly DType[];
  readonly outputs: readonly DType[];
}

/**
 * Scans along the second of three dimensions, outer by n by inner; `first` is how many rows of inner elements came before. Then it
 * goes on from the states at `carry`, and leaves them there; where `carry` is 0 nothing came before, and nothing is left. Then come
 * the addresses of operands and results, one element for another.
 */
export type ScanKernel = (
  outer: number,
  n: number,
  inner: number,
  first: number,
  carry: number,
  ...addresses: number[]
) => void;

/** Where a scan stands: locals of float64 numbers, and how many elements of the row came before. */
interface Step {
  readonly f: FunctionBuilder;
  readonly states: readonly number[];
  readonly inputs: readonly number[];
  /** An i32. */
  readonly place: number;
  readonly spare: number;
  readonly reverse: boolean;
  /** Functions of JavaScript. */
  readonly log1p: number;
  readonly exp: number;
}

interface Scan {
  /** The states in the beginning; the first of them are what is stored after each step. */
  readonly start: readonly number[];
  readonly step: (at: Step) => void;
}

const extreme = (sign: 1 | -1): Scan => ({
  start: [sign * Number.NEGATIVE_INFINITY, 0],
  // The last one of equals; from a NaN on, NaN.
  step({ f, states: [best, place], inputs: [x], place: now }) {
    f.get(x!).get(x!).op('f64.ne').get(x!).get(best!);
    f.op(sign === 1 ? 'f64.ge' : 'f64.le')
      .op('i32.or')
      .if();
    f.get(x!).set(best!).get(now).op('f64.convert_i32_s').set(place!).end();
  },
});

const scans: Readonly<Record<ScanName, Scan>> = {
  cumsum: {
    start: [0],
    step: ({ f, states: [total], inputs: [x] }) => f.get(total!).get(x!).op('f64.add').set(total!),
  },
  cumprod: {
    start: [1],
    step: ({ f, states: [product], inputs: [x] }) => f.get(product!).get(x!).op('f64.mul').set(product!),
  },
  cummax: extreme(1),
  cummin: extreme(-1),
  logcumsumexp: {
    start: [Number.NEGATIVE_INFINITY],
    // log(e^a + e^b) = max(a, b) + log1p(e^-|a - b|); infinities and NaN are the maximum itself.
    step({ f, states: [total], inputs: [x], spare, log1p, exp }) {
      f.get(total!).get(x!).op('f64.max').tee(spare);
      f.op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.lt').if();
      f.get(spare).get(total!).get(x!).op('f64.sub').op('f64.abs').op('f64.neg').call(exp).call(log1p);
      f.op('f64.add').set(spare).end();
      f.get(spare).set(total!);
    },
  },
  linear_recurrence: {
    start: [0, 0],
    // From the end with the factor that stands beside, else with the one before. The first has none, be its factor infinite.
    step({ f, states: [t, before], inputs: [g, a], place, reverse }) {
      f.get(place).if();
      f.get(g!)
        .get(reverse ? a! : before!)
        .get(t!)
        .op('f64.mul')
        .op('f64.add')
        .set(t!);
      f.else().get(g!).set(t!).end();
      f.get(a!).set(before!);
    },
  },
};

/** How many states a scan has. */
export const statesOf = (name: ScanName): number => scans[name].start.length;

const kernelOf = memoized((key: string): ScanKernel => {
  const { name, reverse, inputs, outputs } = JSON.parse(key) as ScanConfig;
  const { start, step } = scans[name];
  const module = new ModuleBuilder();
  const log1p = module.importFunction('log1p', ['f64'], ['f64']);
  const exp = module.importFunction('exp', ['f64'], ['f64']);
  const dtypes = [...inputs, ...outputs];
  const params = Array<ValueType>(5 + dtypes.length).fill('i32');
  module.addFunction({ params, results: [], export: name }, (f) => {
    const [outer, n, inner, first, carry] = range(5) as [number, number, number, number, number];
    const addresses = dtypes.map((_, i) => 5 + i);
    const states = start.map(() => f.local('f64'));
    const values = inputs.map(() => f.local('f64'));
    const spare = f.local('f64');
    const [block, column, left, at, place] = range(5).map(() => f.local('i32')) as [
      number,
      number,
      number,
      number,
      number,
    ];
    countdown(f, outer, 1, () => {
      f.get(inner).set(column);
      countdown(f, column, 1, () => {
        for (const [state, value] of zip(states, start)) f.f64Const(value).set(state);
        f.get(first).if();
        for (const [i, state] of states.entries())
          f.get(carry)
            .load('f64.load', 8 * i)
            .set(state);
        f.end();
        f.get(block).set(at);
        if (reverse)
          f.get(n).i32Const(1).op('i32.sub').get(inner).op('i32.mul').get(at).op('i32.add').set(at);
        f.get(n).set(left).get(first).set(place);
        countdown(f, left, 1, () => {
          for (const [i, value] of values.entries())
            loadNumber(pushPlace(f, addresses[i]!, at, inputs[i]!), inputs[i]!).set(value);
          step({ f, states, inputs: values, place, spare, reverse, log1p, exp });
          for (const [i, dtype] of outputs.entries()) {
            pushPlace(f, addresses[inputs.length + i]!, at, dtype).get(states[i]!);
            storeNumber(f, dtype);
          }
          f.get(at)
            .get(inner)
            .op(reverse ? 'i32.sub' : 'i32.add')
            .set(at);
          f.get(place).i32Const(1).op('i32.add').set(place);
        });
        f.get(carry).if();
        for (const [i, state] of states.entries())
          f.get(carry)
            .get(state)
            .store('f64.store', 8 * i);
        f.get(carry)
          .i32Const(8 * states.length)
          .op('i32.add')
          .set(carry);
        f.end();
        f.get(block).i32Const(1).op('i32.add').set(block);
      });
      f.get(n).i32Const(1).op('i32.sub').get(inner).op('i32.mul').get(block).op('i32.add').set(block);
    });
  });
  const made = instantiate<Record<ScanName, ScanKernel>>(module.build(), {
    log1p: Math.log1p,
    exp: Math.exp,
  });
  return made[name];
});

/** The kernel of a scan. */
export const scanKernel = ({ name, reverse, inputs, outputs }: ScanConfig): ScanKernel =>
  kernelOf(JSON.stringify({ name, reverse, inputs, outputs }));
