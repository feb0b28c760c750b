import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { recorder, type Split } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import {
  countdown,
  defineFunction,
  type FunctionBuilder,
  instantiate,
  loadNumber,
  locals,
  ModuleBuilder,
  memoized,
  pushPlace,
  storeNumber,
} from '../wasm/index.ts';

/** How elements are grouped: element (o, g, i) of a tensor seen as (outer, groups, inner) belongs to group g. */
export interface Grouping {
  /** How many blocks there are, each with a part of every group. */
  readonly outer: number;
  /** How many groups there are. */
  readonly groups: number;
  /** How many elements a part has. */
  readonly inner: number;
  /** Added to the variance. */
  readonly eps: number;
}

/** (x - mean) / sqrt(var + eps) by group, and the groups' means and biased variances. Sums are in float64. */
export function standardizeGroups(
  x: Strided,
  grouping: Grouping,
  [y, means, variances]: readonly [Strided, Strided, Strided],
): void {
  const arrays = [x, y, means, variances].map(elementsOf) as [TypedArray, TypedArray, TypedArray, TypedArray];
  if (recorder === null) {
    runStandardize(grouping, ...arrays);
    return;
  }
  const into = recorder;
  const { outer, groups, inner, eps } = grouping;
  const [source, ...results] = arrays;
  into.call(
    'standardize',
    standardizeKernel(x.dtype) as (...args: number[]) => void,
    ['i32', 'i32', 'i32', 'f64', 'i32', 'i32', 'i32', 'i32'],
    [outer, groups, inner, eps, ...arrays.map((array) => into.address(array))],
    { reads: [source], writes: results, ...(outer === 1 ? { rows: groupsOf(inner, x.dtype) } : {}) },
  );
}

/** How the call is cut where each group is one row. */
const groupsOf = (inner: number, dtype: DType): Split => ({
  count: 1,
  steps: [4, 5, 6, 7].map((argument, i) => [argument, (i < 2 ? inner : 1) * bytesOf(dtype)]),
  scratch: null,
  together: 1,
  work: inner * workOfElement,
});

/** Multiply-adds of about the time that an element takes: three passes, one by one. */
const workOfElement = 60;

function runStandardize(
  { outer, groups, inner, eps }: Grouping,
  source: TypedArray,
  normalized: TypedArray,
  means: TypedArray,
  variances: TypedArray,
): void {
  const stride = groups * inner;
  const count = outer * inner;
  for (let g = 0; g < groups; g++) {
    let sum = 0;
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (const x of source.subarray(start, start + inner)) sum += x;
    }
    const mean = sum / count;
    let squares = 0;
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (const x of source.subarray(start, start + inner)) {
        const d = x - mean;
        squares += d * d;
      }
    }
    const variance = squares / count;
    const rstd = 1 / Math.sqrt(variance + eps);
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) normalized[i] = (source[i]! - mean) * rstd;
    }
    means[g] = mean;
    variances[g] = variance;
  }
}

/** What {@link runStandardize} does, at addresses, for tensors that are dense. */
type StandardizeKernel = (
  outer: number,
  groups: number,
  inner: number,
  eps: number,
  x: number,
  y: number,
  means: number,
  variances: number,
) => void;

const standardizeKernel = memoized((dtype: DType): StandardizeKernel => {
  const module = new ModuleBuilder();
  const params = {
    outer: 'i32',
    groups: 'i32',
    inner: 'i32',
    eps: 'f64',
    x: 'i32',
    y: 'i32',
    means: 'i32',
    variances: 'i32',
  } as const;
  defineFunction(module, { export: 'standardize' }, params, (f, p) => {
    const { g, left, rest, at, todo } = locals(f, 'i32', 'g', 'left', 'rest', 'at', 'todo');
    const { count, sum, mean, rstd, d } = locals(f, 'f64', 'count', 'sum', 'mean', 'rstd', 'd');
    /** Runs `body` for each element of the group, whose number is in `at`. */
    const eachElement = (body: () => void): void => {
      f.get(g).get(p.inner).op('i32.mul').set(at).get(p.outer).set(left);
      countdown(f, left, 1, () => {
        f.get(p.inner).set(rest);
        countdown(f, rest, 1, () => {
          body();
          f.get(at).i32Const(1).op('i32.add').set(at);
        });
        f.get(p.groups).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(at).op('i32.add').set(at);
      });
    };
    const load = (): FunctionBuilder => loadNumber(pushPlace(f, p.x, at, dtype), dtype);
    f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(count);
    f.get(p.groups).set(todo);
    countdown(f, todo, 1, () => {
      f.f64Const(0).set(sum);
      eachElement(() => load().get(sum).op('f64.add').set(sum));
      f.get(sum).get(count).op('f64.div').set(mean).f64Const(0).set(sum);
      eachElement(() => {
        load().get(mean).op('f64.sub').tee(d).get(d).op('f64.mul').get(sum).op('f64.add').set(sum);
      });
      f.get(sum).get(count).op('f64.div').set(sum);
      f.f64Const(1).get(sum).get(p.eps).op('f64.add').op('f64.sqrt').op('f64.div').set(rstd);
      eachElement(() => {
        pushPlace(f, p.y, at, dtype);
        storeNumber(load().get(mean).op('f64.sub').get(rstd).op('f64.mul'), dtype);
      });
      storeNumber(pushPlace(f, p.means, g, dtype).get(mean), dtype);
      storeNumber(pushPlace(f, p.variances, g, dtype).get(sum), dtype);
      f.get(g).i32Const(1).op('i32.add').set(g);
    });
  });
  return instantiate<{ standardize: StandardizeKernel }>(module.build()).standardize;
});
