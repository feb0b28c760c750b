import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { elementsOf } from '../elementwise/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import { type FloatLane, type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';
import { as } from './moves.ts';

/**
 * The losses of rows of scores whose target classes are listed, a negative number ending the list: the sum over the listed classes j
 * and all other classes i of max(0, 1 - x[j] + x[i]) / n; or, where those of the losses are given, the gradients by the scores. Gives
 * the number of the first element of `target` that is neither a class nor -1, and -1 where there is none.
 */
export function multilabelMargins(
  x: Strided,
  target: Strided,
  gradients: Strided | null,
  out: Strided,
): number {
  const n = x.shape.at(-1) ?? 1;
  const rows = x.count / n;
  const [scores, results] = [elementsOf(x), elementsOf(out)];
  const upstream = gradients === null ? null : elementsOf(gradients);
  if (recorder !== null) {
    const classes = as(elementsOf(target), 'int32');
    const [isListed, slopes] = [allocateArray('uint8', n), allocateArray('float64', n)];
    const kernel = marginKernel(x.dtype === 'float64' ? 'f64' : 'f32');
    const args = [rows, n, scores, classes, upstream ?? 0, isListed, slopes, results];
    recordCall('multilabel_margin', kernel, args, { writes: [isListed, slopes, results], checks: true });
    return -1;
  }
  const classes = elementsOf(target);
  // What the losses are made of has been looked at when their gradients come.
  const bad = upstream === null ? classes.findIndex((t) => t < -1 || t >= n) : -1;
  if (bad >= 0) return bad;
  const sums = new Float64Array(out.count);
  eachViolation(scores, classes, n, (row, j, i, z) => {
    if (upstream === null) {
      sums[row]! += z / n;
      return;
    }
    sums[j]! -= 1 / n;
    sums[i]! += 1 / n;
  });
  if (upstream !== null) for (let i = 0; i < sums.length; i++) sums[i]! *= upstream[Math.floor(i / n)]!;
  results.set(sums);
  return -1;
}

/** Calls `visit` for each listed class j and other class i of a row whose margin 1 - (x[j] - x[i]) is positive. */
function eachViolation(
  scores: TypedArray,
  classes: TypedArray,
  n: number,
  visit: (row: number, j: number, i: number, z: number) => void,
): void {
  for (let start = 0; start < scores.length; start += n) {
    const listed = classes.subarray(start, start + n);
    const end = listed.findIndex((t) => t < 0);
    const own = end < 0 ? listed : listed.subarray(0, end);
    const isListed = new Set<number>(own);
    for (const j of own) {
      for (let i = 0; i < n; i++) {
        if (isListed.has(i)) continue;
        const z = 1 - scores[start + j]! + scores[start + i]!;
        if (z > 0) visit(start / n, start + j, start + i, z);
      }
    }
  }
}

/**
 * What {@link multilabelMargins} does, at addresses, where `g` is 0 for the losses; `isListed` is room for n bytes, `slopes` for n
 * float64 numbers. Gives 1, with nothing written, where an element of `classes` is neither a class nor -1.
 */
const marginKernel = memoized((lane: FloatLane): ((...args: number[]) => number) => {
  const bytes = lane === 'f64' ? 8 : 4;
  const module = new ModuleBuilder();
  const params = i32Params('rows', 'n', 'x', 'classes', 'g', 'isListed', 'slopes', 'out');
  const load = (f: FunctionBuilder): FunctionBuilder => {
    f.load(`${lane}.load`);
    return lane === 'f64' ? f : f.op('f64.promote_f32');
  };
  const store = (f: FunctionBuilder): void => {
    if (lane === 'f32') f.op('f32.demote_f64');
    f.store(`${lane}.store`);
  };
  const place = (f: FunctionBuilder, base: number, at: number, size: number): FunctionBuilder =>
    f.get(base).get(at).i32Const(size).op('i32.mul').op('i32.add');
  module.define({ export: 'margins', result: 'i32' }, params, (f, p) => {
    const { left, at, listed, j, i, k } = f.locals('i32', 'left', 'at', 'listed', 'j', 'i', 'k');
    const { loss, gradient, share, z, size } = f.locals(
      'f64',
      ...(['loss', 'gradient', 'share', 'z', 'size'] as const),
    );
    f.get(p.rows).get(p.n).op('i32.mul').set(left).get(p.classes).set(at);
    f.countdown(left, 1, () => {
      f.get(at).load('i32.load').i32Const(1).op('i32.add').get(p.n).op('i32.gt_u').if();
      f.i32Const(1).return().end();
      f.bump(at, { bytes: 4 });
    });
    f.get(p.n).op('f64.convert_i32_s').set(size);
    /** Adds the share to, or takes it from, the slope of a class. */
    const move = (c: number, how: 'f64.add' | 'f64.sub'): void => {
      place(f, p.slopes, c, 8);
      place(f, p.slopes, c, 8).load('f64.load').get(share).op(how).store('f64.store');
    };
    f.countdown(p.rows, 1, () => {
      f.get(p.isListed).i32Const(0).get(p.n).memoryFill();
      f.get(p.slopes).i32Const(0).get(p.n).i32Const(8).op('i32.mul').memoryFill();
      f.f64Const(0).set(loss).f64Const(1).get(size).op('f64.div').set(share);
      f.get(p.g).if();
      load(f.get(p.g)).set(gradient);
      f.bump(p.g, { bytes });
      f.end();
      f.i32Const(0).set(listed);
      const end = f.block();
      const next = f.loop();
      f.get(listed).get(p.n).op('i32.ge_s').brIf(end);
      place(f, p.classes, listed, 4).load('i32.load').tee(j).i32Const(0).op('i32.lt_s').brIf(end);
      f.get(p.isListed).get(j).op('i32.add').i32Const(1).store('i32.store8');
      f.bump(listed, { bytes: 1 });
      f.i32Const(1).brIf(next).end().end();
      f.i32Const(0).set(k).get(listed).set(left);
      f.countdown(left, 1, () => {
        place(f, p.classes, k, 4).load('i32.load').set(j);
        f.i32Const(0).set(i).get(p.n).set(at);
        f.countdown(at, 1, () => {
          f.get(p.isListed).get(i).op('i32.add').load('i32.load8_u').op('i32.eqz').if();
          f.f64Const(1);
          load(place(f, p.x, j, bytes)).op('f64.sub');
          load(place(f, p.x, i, bytes))
            .op('f64.add')
            .tee(z)
            .f64Const(0)
            .op('f64.gt')
            .if();
          f.get(loss).get(z).get(size).op('f64.div').op('f64.add').set(loss);
          move(j, 'f64.sub');
          move(i, 'f64.add');
          f.end().end();
          f.bump(i, { bytes: 1 });
        });
        f.bump(k, { bytes: 1 });
      });
      f.get(p.g).if();
      f.i32Const(0).set(i).get(p.n).set(at);
      f.countdown(at, 1, () => {
        f.get(p.out);
        place(f, p.slopes, i, 8).load('f64.load').get(gradient).op('f64.mul');
        store(f);
        f.bump(p.out, { bytes });
        f.bump(i, { bytes: 1 });
      });
      f.else().get(p.out).get(loss);
      store(f);
      f.bump(p.out, { bytes });
      f.end();
      f.get(p.n).i32Const(4).op('i32.mul').get(p.classes).op('i32.add').set(p.classes);
      f.get(p.n).i32Const(bytes).op('i32.mul').get(p.x).op('i32.add').set(p.x);
    });
    f.i32Const(0);
  });
  return module.instantiate<{ margins: (...args: number[]) => number }>().margins;
});
