/** What alignments.ts does, at addresses. */

import { bytesOf, type DType } from '../../dtype.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/**
 * Of N samples with up to T steps of C classes. Targets, lengths of inputs and of targets are integers, each with the
 * bytes of one before it; `width` is that of the rows of targets, or -1 where they stand in one row.
 */
interface AlignmentKernels {
  /** Gives 1 where a length or a label does not fit; there are `total` labels. */
  fit(...args: number[]): number;
  /**
   * The losses, or, where `g` is no 0, gradients. There is room for the states of a sample in `labels` (int32), for
   * their ways at each step, twice for gradients, and for a number for each class in `occupied`.
   */
  losses(...args: number[]): void;
}

const integers = i32Params('targetBytes', 'targets', 'inputBytes', 'inputs', 'lengthBytes', 'lengths');

const never = Number.NEGATIVE_INFINITY;
const step = (f: FunctionBuilder, local: number): FunctionBuilder => f.bump(local, { bytes: 1 });

/** Pushes integer number `at` of those that take 1 or 4 bytes each. */
function integer(f: FunctionBuilder, base: number, bytes: number, at: number): FunctionBuilder {
  const place = (): FunctionBuilder => f.get(base).get(at).get(bytes).op('i32.mul').op('i32.add');
  place().load('i32.load8_u');
  place().load('i32.load');
  return f.get(bytes).i32Const(1).op('i32.eq').op('select');
}

const fitting = i32Params('batch', 'steps', 'classes', 'width', 'total');

/** Refuses lengths and labels that do not fit. */
function defineFit(module: ModuleBuilder): void {
  module.define({ export: 'fit', result: 'i32' }, { ...fitting, ...integers }, (f, p) => {
    const { n, left, start, length, i, most } = f.locals('i32', 'n', 'left', 'start', 'length', 'i', 'most');
    const listed = f.local('i32');
    f.get(p.width).get(p.total).get(p.width).i32Const(0).op('i32.ge_s').op('select').set(most);
    const refuseBeyond = (limit: () => void): void => {
      limit();
      f.op('i32.gt_u').if();
      f.i32Const(1).return().end();
    };
    f.get(p.batch).set(left);
    f.countdown(left, 1, () => {
      integer(f, p.inputs, p.inputBytes, n);
      refuseBeyond(() => f.get(p.steps));
      integer(f, p.lengths, p.lengthBytes, n).tee(length);
      refuseBeyond(() => f.get(most));
      f.get(p.width).i32Const(0).op('i32.ge_s').if();
      f.get(n).get(p.width).op('i32.mul').set(start).end();
      // In one row, all of them together may be too long.
      f.get(start).get(length).op('i32.add');
      refuseBeyond(() => f.get(p.total));
      f.get(start).set(i).get(length).set(listed);
      f.countdown(listed, 1, () => {
        integer(f, p.targets, p.targetBytes, i);
        refuseBeyond(() => f.get(p.classes).i32Const(1).op('i32.sub'));
        step(f, i);
      });
      f.bump(start, { local: length });
      step(f, n);
    });
    f.get(p.width).i32Const(0).op('i32.lt_s').get(start).get(p.total).op('i32.ne').op('i32.and');
  });
}

/** log(e^a + e^b). */
function defineLogAdd(module: ModuleBuilder, exp: number, log1p: number): number {
  return module.define({ name: 'logAdd', result: 'f64' }, { a: 'f64', b: 'f64' } as const, (f, { a, b }) => {
    const below = (high: number, low: number): FunctionBuilder =>
      f.get(high).get(low).get(high).op('f64.sub').call(exp).call(log1p).op('f64.add');
    f.get(a).f64Const(never).op('f64.eq').if();
    f.get(b).return().end();
    f.get(b).f64Const(never).op('f64.eq').if();
    f.get(a).return().end();
    f.get(a).get(b).op('f64.gt').if();
    below(a, b).return().end();
    below(b, a);
  });
}

const walking = i32Params(
  ...(['steps', 'x', 'xStep', 'states', 'labels', 'labelStep', 'ways', 'stateStep', 'rowStep'] as const),
);

/**
 * The ways to each state, forwards or backwards: from the addresses of the first step, label and state on, with the
 * bytes from each to the next.
 */
function defineWalk(module: ModuleBuilder, dtype: DType, logAdd: number): number {
  return module.define({ name: 'ways' }, walking, (f, p) => {
    const { t, s, left, label, at } = f.locals('i32', 't', 's', 'left', 'label', 'at');
    const { here, sum } = f.locals('f64', 'here', 'sum');
    /** Pushes the ways to the state so many before, a step ago. */
    const before = (count: number): FunctionBuilder => {
      f.get(at).get(p.rowStep).op('i32.sub').get(p.stateStep).i32Const(count).op('i32.mul').op('i32.sub');
      return f.load('f64.load');
    };
    f.countdown(p.steps, 1, () => {
      f.i32Const(0).set(s).get(p.states).set(left).get(p.labels).set(label).get(p.ways).set(at);
      f.countdown(left, 1, () => {
        f.get(p.x)
          .get(label)
          .load('i32.load')
          .i32Const(bytesOf(dtype))
          .op('i32.mul')
          .op('i32.add')
          .loadNumber(dtype);
        f.set(here);
        f.get(t).if();
        before(0).set(sum);
        f.get(s).if();
        f.get(sum);
        before(1).call(logAdd).set(sum).end();
        // The blank between may be left out, unless it parts two labels that are the same.
        f.get(s).i32Const(1).op('i32.gt_s').if();
        f.get(label).load('i32.load').get(label).get(p.labelStep).i32Const(2).op('i32.mul').op('i32.sub');
        f.load('i32.load').op('i32.ne').if();
        f.get(sum);
        before(2).call(logAdd).set(sum).end().end();
        f.get(at).get(sum).get(here).op('f64.add').store('f64.store');
        f.else();
        f.get(at).get(here).f64Const(never).get(s).i32Const(2).op('i32.lt_s').op('select').store('f64.store');
        f.end();
        step(f, s);
        f.bump(label, { local: p.labelStep });
        f.bump(at, { local: p.stateStep });
      });
      step(f, t);
      f.bump(p.x, { local: p.xStep });
      f.bump(p.ways, { local: p.rowStep });
    });
  });
}

const rules = i32Params('batch', 'steps', 'classes', 'blank', 'zeroInfinity', 'width', 'x');
const room = i32Params('g', 'labels', 'ways', 'occupied', 'out');
const lossParams = { ...rules, ...integers, ...room } as const;

const lossLocals = (f: FunctionBuilder) => ({
  ...f.locals('i32', 'n', 'start', 'length', 'states', 's', 'c', 't'),
  ...f.locals('i32', 'left', 'inner', 'pitch', 'row', 'from', 'at', 'steps', 'x', 'out', 'to'),
  ...f.locals('f64', 'loss', 'log', 'g'),
});

/** The functions that the losses call. */
interface Callees {
  readonly exp: number;
  readonly logAdd: number;
  readonly walk: number;
}

function defineLosses(module: ModuleBuilder, dtype: DType, callees: Callees): void {
  module.define({ export: 'losses' }, lossParams, (f, p) => {
    const v = lossLocals(f);
    const sample = new SampleLoss(f, p, v, dtype, callees);
    const bytes = bytesOf(dtype);
    f.get(p.g).if();
    f.get(p.out).i32Const(0);
    times(f, p.steps, bytes).get(p.batch).op('i32.mul').get(p.classes).op('i32.mul').memoryFill().end();
    // From a step to the next, and from a row of states to the next.
    times(f, p.batch, bytes).get(p.classes).op('i32.mul').set(v.pitch);
    each(f, p.batch, v.left, () => {
      sample.readLabels();
      sample.walkForwards();
      sample.lossOfWays();
      f.get(p.g).op('i32.eqz').if();
      sample.storeLoss();
      f.else();
      sample.isDropped().op('i32.eqz').if();
      sample.walkBackwards();
      sample.storeGradients();
      f.end().end();
      f.bump(v.start, { local: v.length });
      step(f, v.n);
    });
  });
}

/** Pushes a local times a constant. */
const times = (f: FunctionBuilder, local: number, by: number): FunctionBuilder =>
  f.get(local).i32Const(by).op('i32.mul');

const each = (f: FunctionBuilder, count: number, counter: number, body: () => void): void => {
  f.get(count).set(counter);
  f.countdown(counter, 1, body);
};

/** Writes the loss of a sample, and its gradients. */
class SampleLoss {
  private readonly f: FunctionBuilder;
  private readonly p: Readonly<Record<keyof typeof lossParams, number>>;
  private readonly v: ReturnType<typeof lossLocals>;
  private readonly dtype: DType;
  private readonly callees: Callees;

  constructor(
    f: FunctionBuilder,
    p: Readonly<Record<keyof typeof lossParams, number>>,
    v: ReturnType<typeof lossLocals>,
    dtype: DType,
    callees: Callees,
  ) {
    this.f = f;
    this.p = p;
    this.v = v;
    this.dtype = dtype;
    this.callees = callees;
  }

  /** The label of each state, of which every other is the blank, and where the sample's scores and results are. */
  readLabels(): void {
    const { f, p, v } = this;
    f.get(p.width).i32Const(0).op('i32.ge_s').if();
    f.get(v.n).get(p.width).op('i32.mul').set(v.start).end();
    integer(f, p.lengths, p.lengthBytes, v.n).set(v.length);
    integer(f, p.inputs, p.inputBytes, v.n).set(v.steps);
    times(f, v.length, 2).i32Const(1).op('i32.add').tee(v.states).i32Const(8).op('i32.mul').set(v.row);
    this.eachState(() => {
      f.pushPlace(p.labels, v.s, 'int32').get(v.s).i32Const(1).op('i32.and').if();
      f.get(v.s).i32Const(1).op('i32.shr_u').get(v.start).op('i32.add').set(v.c);
      f.end();
      integer(f, p.targets, p.targetBytes, v.c);
      f.get(p.blank).get(v.s).i32Const(1).op('i32.and').op('select').store('i32.store');
    });
    times(f, v.n, bytesOf(this.dtype)).get(p.classes).op('i32.mul').tee(v.at).get(p.x).op('i32.add').set(v.x);
    f.get(p.out).get(v.at).op('i32.add').set(v.out);
  }

  walkForwards(): void {
    const { f, p, v } = this;
    f.get(v.steps).get(v.x).get(v.pitch).get(v.states).get(p.labels).i32Const(4);
    f.get(p.ways).i32Const(8).get(v.row).call(this.callees.walk);
  }

  /** The loss, of the ways to the last two states. */
  lossOfWays(): void {
    const { f, p, v } = this;
    f.f64Const(0).f64Const(Number.POSITIVE_INFINITY).get(v.states).i32Const(1).op('i32.eq').op('select');
    f.set(v.loss);
    f.get(v.steps).if();
    f.get(p.ways).get(v.steps).get(v.row).op('i32.mul').op('i32.add').tee(v.from);
    f.i32Const(8).op('i32.sub').load('f64.load').set(v.loss);
    f.get(v.length).if();
    f.get(v.loss).get(v.from).i32Const(16).op('i32.sub').load('f64.load').call(this.callees.logAdd);
    f.set(v.loss).end();
    f.get(v.loss).op('f64.neg').set(v.loss).end();
  }

  /** Pushes whether the loss is infinite and counts as 0. */
  isDropped(): FunctionBuilder {
    const { f, p, v } = this;
    return f.get(p.zeroInfinity).get(v.loss).f64Const(Number.POSITIVE_INFINITY).op('f64.eq').op('i32.and');
  }

  storeLoss(): void {
    const { f, p, v, dtype } = this;
    this.isDropped().if();
    f.f64Const(0).set(v.loss).end();
    f.pushPlace(p.out, v.n, dtype).get(v.loss);
    f.storeNumber(dtype);
  }

  /** The ways from the end lie behind those to there. */
  walkBackwards(): void {
    const { f, p, v } = this;
    f.get(v.from).get(v.steps).i32Const(1).op('i32.sub').get(v.row).op('i32.mul').op('i32.add').set(v.at);
    f.get(v.steps);
    f.get(v.x).get(v.steps).i32Const(1).op('i32.sub').get(v.pitch).op('i32.mul').op('i32.add');
    f.i32Const(0).get(v.pitch).op('i32.sub').get(v.states);
    f.pushPlace(p.labels, v.states, 'int32').i32Const(4).op('i32.sub').i32Const(-4);
    f.get(v.at).get(v.row).op('i32.add').i32Const(8).op('i32.sub').i32Const(-8);
    f.i32Const(0).get(v.row).op('i32.sub').call(this.callees.walk);
  }

  storeGradients(): void {
    const { f, p, v, dtype } = this;
    f.pushPlace(p.g, v.n, dtype).loadNumber(dtype).set(v.g);
    f.get(p.ways).set(v.to);
    each(f, v.steps, v.t, () => {
      this.occupyClasses();
      this.eachClass(() => {
        f.pushPlace(v.x, v.c, dtype).loadNumber(dtype).set(v.log);
        f.pushPlace(v.out, v.c, dtype).get(v.log).call(this.callees.exp);
        f.pushPlace(p.occupied, v.c, 'float64').load('f64.load').get(v.loss).op('f64.add');
        f.get(v.log).op('f64.sub').call(this.callees.exp).op('f64.sub').get(v.g).op('f64.mul');
        f.storeNumber(dtype);
      });
      f.bump(v.x, { local: v.pitch });
      f.bump(v.out, { local: v.pitch });
    });
  }

  /** Adds up, for each class, the ways that are in one of its states at a step. */
  private occupyClasses(): void {
    const { f, p, v } = this;
    this.eachClass(() => {
      f.pushPlace(p.occupied, v.c, 'float64').f64Const(never).store('f64.store');
    });
    this.eachState(() => {
      f.pushPlace(p.labels, v.s, 'int32').load('i32.load').set(v.c);
      f.pushPlace(p.occupied, v.c, 'float64').tee(v.at).get(v.at).load('f64.load');
      f.get(v.to).load('f64.load').get(v.from).load('f64.load').op('f64.add');
      f.call(this.callees.logAdd).store('f64.store');
      f.bump(v.to, { bytes: 8 });
      f.bump(v.from, { bytes: 8 });
    });
  }

  private eachState(body: () => void): void {
    this.eachOf('s', this.v.states, body);
  }

  private eachClass(body: () => void): void {
    this.eachOf('c', this.p.classes, body);
  }

  private eachOf(name: 's' | 'c', count: number, body: () => void): void {
    const { f, v } = this;
    f.i32Const(0).set(v[name]);
    each(f, count, v.inner, () => {
      body();
      step(f, v[name]);
    });
  }
}

/** The kernels for log-probabilities of a dtype. */
export const alignmentKernels = memoized((dtype: DType): AlignmentKernels => {
  const module = new ModuleBuilder();
  const exp = module.importFunction('exp', ['f64'], ['f64']);
  const log1p = module.importFunction('log1p', ['f64'], ['f64']);
  defineFit(module);
  const logAdd = defineLogAdd(module, exp, log1p);
  defineLosses(module, dtype, { exp, logAdd, walk: defineWalk(module, dtype, logAdd) });
  return module.instantiate<AlignmentKernels>({ log1p: Math.log1p, exp: Math.exp });
});
