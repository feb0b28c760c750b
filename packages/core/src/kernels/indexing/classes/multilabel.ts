import type { TypedArray } from '../../../dtype.ts';
import { allocateArray } from '../../../storage.ts';
import { elementsOf } from '../../elementwise/index.ts';
import { recordCall, recorder } from '../../recording/index.ts';
import type { Strided } from '../../strided/index.ts';
import {
  type FloatLane,
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
  type ParametersOf,
} from '../../wasm/index.ts';
import { bytesOfLane } from '../../wasm/lanes.ts';
import { as } from '../moves.ts';

/**
 * The losses of rows of scores whose target classes are listed, a negative number ending the list: the sum over the
 * listed classes j and all other classes i of max(0, 1 - x[j] + x[i]) / n; or, where those of the losses are given, the
 * gradients by the scores. Gives the number of the first element of `target` that is neither a class nor -1, and -1
 * where there is none.
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

const params = i32Params('rows', 'n', 'x', 'classes', 'g', 'isListed', 'slopes', 'out');

/** Writes the kernel of a lane: its function, parameters and locals. */
class MarginEmitter {
  private readonly f: FunctionBuilder;
  private readonly lane: FloatLane;
  private readonly bytes: number;
  private readonly p: ParametersOf<typeof params>;
  private readonly v: Readonly<Record<'left' | 'at' | 'listed' | 'j' | 'i' | 'k', number>>;
  private readonly r: Readonly<Record<'loss' | 'gradient' | 'share' | 'z' | 'size', number>>;

  constructor(f: FunctionBuilder, lane: FloatLane, p: ParametersOf<typeof params>) {
    this.f = f;
    this.lane = lane;
    this.bytes = bytesOfLane(lane);
    this.p = p;
    this.v = f.locals('i32', 'left', 'at', 'listed', 'j', 'i', 'k');
    this.r = f.locals('f64', ...(['loss', 'gradient', 'share', 'z', 'size'] as const));
  }

  /** Pushes the number at the address on the stack, as float64. */
  private load(): FunctionBuilder {
    return this.f.loadNumber(this.lane);
  }

  /** Stores the float64 on the stack at the address below it, which was that of `out`, and goes on there. */
  private storeNext(): void {
    const { f, lane, p, bytes } = this;
    f.storeNumber(lane);
    f.bump(p.out, { bytes });
  }

  private place(base: number, at: number, size: number): FunctionBuilder {
    return this.f.get(base).get(at).i32Const(size).op('i32.mul').op('i32.add');
  }

  /** Returns 1 where an element of `classes` is neither a class nor -1. */
  private refuse(): void {
    const { f, p, v } = this;
    f.get(p.rows).get(p.n).op('i32.mul').set(v.left).get(p.classes).set(v.at);
    f.countdown(v.left, 1, () => {
      f.get(v.at).load('i32.load').i32Const(1).op('i32.add').get(p.n).op('i32.gt_u').if();
      f.i32Const(1).return().end();
      f.bump(v.at, { bytes: 4 });
    });
  }

  /** Begins a row: nothing is listed, and there is no loss and no slope. */
  private begin(): void {
    const { f, p, r, bytes } = this;
    f.get(p.isListed).i32Const(0).get(p.n).memoryFill();
    f.get(p.slopes).i32Const(0).get(p.n).i32Const(8).op('i32.mul').memoryFill();
    f.f64Const(0).set(r.loss).f64Const(1).get(r.size).op('f64.div').set(r.share);
    f.get(p.g).if();
    f.get(p.g);
    this.load().set(r.gradient);
    f.bump(p.g, { bytes });
    f.end();
  }

  /** Notes which classes of the row are listed, and how many. */
  private list(): void {
    const { f, p, v } = this;
    f.i32Const(0).set(v.listed);
    const end = f.block();
    const next = f.loop();
    f.get(v.listed).get(p.n).op('i32.ge_s').brIf(end);
    this.place(p.classes, v.listed, 4).load('i32.load').tee(v.j).i32Const(0).op('i32.lt_s').brIf(end);
    f.get(p.isListed).get(v.j).op('i32.add').i32Const(1).store('i32.store8');
    f.bump(v.listed, { bytes: 1 });
    f.i32Const(1).brIf(next).end().end();
  }

  /** Adds the share to, or takes it from, the slope of a class. */
  private move(c: number, how: 'f64.add' | 'f64.sub'): void {
    this.place(this.p.slopes, c, 8);
    this.place(this.p.slopes, c, 8).load('f64.load').get(this.r.share).op(how).store('f64.store');
  }

  /** Adds up loss and slopes of the row: each listed class against each other one. */
  private addUp(): void {
    const { f, p, v, r, bytes } = this;
    f.i32Const(0).set(v.k).get(v.listed).set(v.left);
    f.countdown(v.left, 1, () => {
      this.place(p.classes, v.k, 4).load('i32.load').set(v.j);
      f.i32Const(0).set(v.i).get(p.n).set(v.at);
      f.countdown(v.at, 1, () => {
        f.get(p.isListed).get(v.i).op('i32.add').load('i32.load8_u').op('i32.eqz').if();
        f.f64Const(1);
        this.place(p.x, v.j, bytes);
        this.load().op('f64.sub');
        this.place(p.x, v.i, bytes);
        this.load().op('f64.add').tee(r.z).f64Const(0).op('f64.gt').if();
        f.get(r.loss).get(r.z).get(r.size).op('f64.div').op('f64.add').set(r.loss);
        this.move(v.j, 'f64.sub');
        this.move(v.i, 'f64.add');
        f.end().end();
        f.bump(v.i, { bytes: 1 });
      });
      f.bump(v.k, { bytes: 1 });
    });
  }

  /** Stores the gradients by the row's scores, or its loss. */
  private finish(): void {
    const { f, p, v, r } = this;
    f.get(p.g).if();
    f.i32Const(0).set(v.i).get(p.n).set(v.at);
    f.countdown(v.at, 1, () => {
      f.get(p.out);
      this.place(p.slopes, v.i, 8).load('f64.load').get(r.gradient).op('f64.mul');
      this.storeNext();
      f.bump(v.i, { bytes: 1 });
    });
    f.else().get(p.out).get(r.loss);
    this.storeNext();
    f.end();
  }

  emit(): void {
    const { f, p, r, bytes } = this;
    this.refuse();
    f.get(p.n).op('f64.convert_i32_s').set(r.size);
    f.countdown(p.rows, 1, () => {
      this.begin();
      this.list();
      this.addUp();
      this.finish();
      f.get(p.n).i32Const(4).op('i32.mul').get(p.classes).op('i32.add').set(p.classes);
      f.get(p.n).i32Const(bytes).op('i32.mul').get(p.x).op('i32.add').set(p.x);
    });
    f.i32Const(0);
  }
}

/**
 * What {@link multilabelMargins} does, at addresses, where `g` is 0 for the losses; `isListed` is room for n bytes,
 * `slopes` for n float64 numbers. Gives 1, with nothing written, where an element of `classes` is neither a class nor
 * -1.
 */
const marginKernel = memoized((lane: FloatLane): ((...args: number[]) => number) => {
  const module = new ModuleBuilder();
  module.define({ export: 'margins', result: 'i32' }, params, (f, p) => new MarginEmitter(f, lane, p).emit());
  return module.instantiate<{ margins: (...args: number[]) => number }>().margins;
});
