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

/** Multiply-adds of about the time that an element takes: three passes, by vectors. */
const workOfElement = 12;

/** So many chains of additions run side by side; the elements of a part that fill no such row go into one more. */
const chains = 8;

/** Adds the elements of a part to the chains, or the squares of their distances from a mean. */
function addPart(
  sums: Float64Array,
  source: TypedArray,
  start: number,
  inner: number,
  mean: number | null,
): void {
  let a = sums[0] ?? 0;
  let b = sums[1] ?? 0;
  let c = sums[2] ?? 0;
  let d = sums[3] ?? 0;
  let e = sums[4] ?? 0;
  let f = sums[5] ?? 0;
  let g = sums[6] ?? 0;
  let h = sums[7] ?? 0;
  let rest = sums[8] ?? 0;
  const end = start + inner;
  let i = start;
  if (mean === null) {
    for (; i + chains <= end; i += chains) {
      a += source[i] ?? 0;
      b += source[i + 1] ?? 0;
      c += source[i + 2] ?? 0;
      d += source[i + 3] ?? 0;
      e += source[i + 4] ?? 0;
      f += source[i + 5] ?? 0;
      g += source[i + 6] ?? 0;
      h += source[i + 7] ?? 0;
    }
    for (; i < end; i++) rest += source[i] ?? 0;
  } else {
    for (; i + chains <= end; i += chains) {
      a += square((source[i] ?? 0) - mean);
      b += square((source[i + 1] ?? 0) - mean);
      c += square((source[i + 2] ?? 0) - mean);
      d += square((source[i + 3] ?? 0) - mean);
      e += square((source[i + 4] ?? 0) - mean);
      f += square((source[i + 5] ?? 0) - mean);
      g += square((source[i + 6] ?? 0) - mean);
      h += square((source[i + 7] ?? 0) - mean);
    }
    for (; i < end; i++) rest += square((source[i] ?? 0) - mean);
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
  sums[4] = e;
  sums[5] = f;
  sums[6] = g;
  sums[7] = h;
  sums[8] = rest;
}

const square = (x: number): number => x * x;

/** The sum of all chains, in the order of vectors of two. */
function sumOfChains([
  a = 0,
  b = 0,
  c = 0,
  d = 0,
  e = 0,
  f = 0,
  g = 0,
  h = 0,
  rest = 0,
]: Float64Array): number {
  return a + c + (e + g) + (b + d + (f + h)) + rest;
}

function runStandardize(
  { outer, groups, inner, eps }: Grouping,
  source: TypedArray,
  normalized: TypedArray,
  means: TypedArray,
  variances: TypedArray,
): void {
  const stride = groups * inner;
  const count = outer * inner;
  const sums = new Float64Array(chains + 1);
  for (let g = 0; g < groups; g++) {
    const first = g * inner;
    sums.fill(0);
    for (let o = 0; o < outer; o++) addPart(sums, source, o * stride + first, inner, null);
    const mean = sumOfChains(sums) / count;
    sums.fill(0);
    for (let o = 0; o < outer; o++) addPart(sums, source, o * stride + first, inner, mean);
    const variance = sumOfChains(sums) / count;
    const rstd = 1 / Math.sqrt(variance + eps);
    for (let o = 0; o < outer; o++) {
      const start = o * stride + first;
      for (let i = start; i < start + inner; i++) normalized[i] = ((source[i] ?? 0) - mean) * rstd;
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
  const isWide = dtype === 'float64';
  defineFunction(module, { export: 'standardize' }, params, (f, p) => {
    const { g, left, rest, at, todo } = locals(f, 'i32', 'g', 'left', 'rest', 'at', 'todo');
    const { count, sum, mean, rstd, d } = locals(f, 'f64', 'count', 'sum', 'mean', 'rstd', 'd');
    const { v0, v1, v2, v3, means, rstds, x } = locals(
      f,
      'v128',
      'v0',
      'v1',
      'v2',
      'v3',
      'means',
      'rstds',
      'x',
    );
    const pairs = [v0, v1, v2, v3];
    /** Runs `byRow` for each row of chains of the group's parts, whose first element is number `at`, and `byOne` for what fills none. */
    const eachElement = (byRow: () => void, byOne: () => void): void => {
      f.get(g).get(p.inner).op('i32.mul').set(at).get(p.outer).set(left);
      countdown(f, left, 1, () => {
        f.get(p.inner).set(rest);
        countdown(f, rest, chains, () => {
          byRow();
          f.get(at).i32Const(chains).op('i32.add').set(at);
        });
        countdown(f, rest, 1, () => {
          byOne();
          f.get(at).i32Const(1).op('i32.add').set(at);
        });
        f.get(p.groups).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(at).op('i32.add').set(at);
      });
    };
    const load = (): FunctionBuilder => loadNumber(pushPlace(f, p.x, at, dtype), dtype);
    /** Pushes elements 2 k and 2 k + 1 of a row. */
    const loadPair = (k: number): FunctionBuilder => {
      pushPlace(f, p.x, at, dtype);
      return isWide
        ? f.load('v128.load', 16 * k)
        : f.load('v128.load64_zero', 8 * k).op('f64x2.promote_low_f32x4');
    };
    const clear = (): void => {
      for (const pair of pairs) f.f64Const(0).op('f64x2.splat').set(pair);
      f.f64Const(0).set(sum);
    };
    /** Adds the chains to what is in `sum`, and divides by the count. */
    const toMean = (into: number): void => {
      f.get(v0).get(v1).op('f64x2.add').get(v2).get(v3).op('f64x2.add').op('f64x2.add').tee(x);
      f.lane('f64x2.extract_lane', 0)
        .get(x)
        .lane('f64x2.extract_lane', 1)
        .op('f64.add')
        .get(sum)
        .op('f64.add');
      f.get(count).op('f64.div').set(into);
    };
    const normalizedPair = (k: number): void => {
      loadPair(k).get(means).op('f64x2.sub').get(rstds).op('f64x2.mul');
    };
    f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(count);
    f.get(p.groups).set(todo);
    countdown(f, todo, 1, () => {
      clear();
      eachElement(
        () => pairs.forEach((pair, k) => void loadPair(k).get(pair).op('f64x2.add').set(pair)),
        () => load().get(sum).op('f64.add').set(sum),
      );
      toMean(mean);
      f.get(mean).op('f64x2.splat').set(means);
      clear();
      eachElement(
        () => {
          pairs.forEach((pair, k) => {
            loadPair(k)
              .get(means)
              .op('f64x2.sub')
              .tee(x)
              .get(x)
              .op('f64x2.mul')
              .get(pair)
              .op('f64x2.add')
              .set(pair);
          });
        },
        () => load().get(mean).op('f64.sub').tee(d).get(d).op('f64.mul').get(sum).op('f64.add').set(sum),
      );
      toMean(sum);
      f.f64Const(1).get(sum).get(p.eps).op('f64.add').op('f64.sqrt').op('f64.div').set(rstd);
      f.get(rstd).op('f64x2.splat').set(rstds);
      eachElement(
        () => {
          for (const k of isWide ? [0, 1, 2, 3] : [0, 2]) {
            pushPlace(f, p.y, at, dtype);
            normalizedPair(k);
            if (!isWide) {
              f.op('f32x4.demote_f64x2_zero');
              normalizedPair(k + 1);
              f.op('f32x4.demote_f64x2_zero').shuffle64(0, 2);
            }
            f.store('v128.store', (isWide ? 16 : 8) * k);
          }
        },
        () => {
          pushPlace(f, p.y, at, dtype);
          storeNumber(load().get(mean).op('f64.sub').get(rstd).op('f64.mul'), dtype);
        },
      );
      storeNumber(pushPlace(f, p.means, g, dtype).get(mean), dtype);
      storeNumber(pushPlace(f, p.variances, g, dtype).get(sum), dtype);
      f.get(g).i32Const(1).op('i32.add').set(g);
    });
  });
  return instantiate<{ standardize: StandardizeKernel }>(module.build()).standardize;
});
