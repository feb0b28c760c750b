/** What alignments.ts does, at addresses. */

import { bytesOf, type DType } from '../../dtype.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/**
 * Of N samples with up to T steps of C classes. Targets, lengths of inputs and of targets are integers, each with the bytes of one before
 * it; `width` is that of the rows of targets, or -1 where they stand in one row.
 */
interface AlignmentKernels {
  /** Gives 1 where a length or a label does not fit; there are `total` labels. */
  fit(...args: number[]): number;
  /**
   * The losses, or, where `g` is no 0, gradients. There is room for the states of a sample in `labels` (int32), for their ways at each step,
   * twice for gradients, and for a number for each class in `occupied`.
   */
  losses(...args: number[]): void;
}

const integers = i32Params('targetBytes', 'targets', 'inputBytes', 'inputs', 'lengthBytes', 'lengths');

/** The kernels for log-probabilities of a dtype. */
export const alignmentKernels = memoized((dtype: DType): AlignmentKernels => {
  const module = new ModuleBuilder();
  const exp = module.importFunction('exp', ['f64'], ['f64']);
  const log1p = module.importFunction('log1p', ['f64'], ['f64']);
  const never = Number.NEGATIVE_INFINITY;
  const step = (f: FunctionBuilder, local: number): FunctionBuilder => f.bump(local, { bytes: 1 });
  /** Pushes integer number `at` of those that take 1 or 4 bytes each. */
  const integer = (f: FunctionBuilder, base: number, bytes: number, at: number): FunctionBuilder => {
    const place = (): FunctionBuilder => f.get(base).get(at).get(bytes).op('i32.mul').op('i32.add');
    place().load('i32.load8_u');
    place().load('i32.load');
    return f.get(bytes).i32Const(1).op('i32.eq').op('select');
  };

  const fitting = i32Params('batch', 'steps', 'classes', 'width', 'total');
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

  const logAdd = module.define(
    { name: 'logAdd', result: 'f64' },
    { a: 'f64', b: 'f64' } as const,
    (f, { a, b }) => {
      const below = (high: number, low: number): FunctionBuilder =>
        f.get(high).get(low).get(high).op('f64.sub').call(exp).call(log1p).op('f64.add');
      f.get(a).f64Const(never).op('f64.eq').if();
      f.get(b).return().end();
      f.get(b).f64Const(never).op('f64.eq').if();
      f.get(a).return().end();
      f.get(a).get(b).op('f64.gt').if();
      below(a, b).return().end();
      below(b, a);
    },
  );

  // Forwards or backwards: from the addresses of the first step, label and state on, with the bytes from each to the next.
  const walking = i32Params(
    'steps',
    'x',
    'xStep',
    'states',
    'labels',
    'labelStep',
    'ways',
    'stateStep',
    'rowStep',
  );
  const walk = module.define({ name: 'ways' }, walking, (f, p) => {
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

  const rules = i32Params('batch', 'steps', 'classes', 'blank', 'zeroInfinity', 'width', 'x');
  const room = i32Params('g', 'labels', 'ways', 'occupied', 'out');
  module.define({ export: 'losses' }, { ...rules, ...integers, ...room }, (f, p) => {
    const { n, start, length, states, s, c, t } = f.locals(
      'i32',
      'n',
      'start',
      'length',
      'states',
      's',
      'c',
      't',
    );
    const { left, inner, pitch, row, from, at } = f.locals(
      'i32',
      'left',
      'inner',
      'pitch',
      'row',
      'from',
      'at',
    );
    const { steps, x, out, to } = f.locals('i32', 'steps', 'x', 'out', 'to');
    const { loss, log, g } = f.locals('f64', 'loss', 'log', 'g');
    const bytes = bytesOf(dtype);
    /** Pushes a local times a constant. */
    const times = (local: number, by: number): FunctionBuilder => f.get(local).i32Const(by).op('i32.mul');
    const each = (count: number, counter: number, body: () => void): void => {
      f.get(count).set(counter);
      f.countdown(counter, 1, body);
    };
    f.get(p.g).if();
    f.get(p.out).i32Const(0);
    times(p.steps, bytes).get(p.batch).op('i32.mul').get(p.classes).op('i32.mul').memoryFill().end();
    // From a step to the next, and from a row of states to the next.
    times(p.batch, bytes).get(p.classes).op('i32.mul').set(pitch);
    each(p.batch, left, () => {
      f.get(p.width).i32Const(0).op('i32.ge_s').if();
      f.get(n).get(p.width).op('i32.mul').set(start).end();
      integer(f, p.lengths, p.lengthBytes, n).set(length);
      integer(f, p.inputs, p.inputBytes, n).set(steps);
      times(length, 2).i32Const(1).op('i32.add').tee(states).i32Const(8).op('i32.mul').set(row);
      f.i32Const(0).set(s);
      each(states, inner, () => {
        f.pushPlace(p.labels, s, 'int32').get(s).i32Const(1).op('i32.and').if();
        f.get(s).i32Const(1).op('i32.shr_u').get(start).op('i32.add').set(c);
        f.end();
        integer(f, p.targets, p.targetBytes, c);
        f.get(p.blank).get(s).i32Const(1).op('i32.and').op('select').store('i32.store');
        step(f, s);
      });
      times(n, bytes).get(p.classes).op('i32.mul').tee(at).get(p.x).op('i32.add').set(x);
      f.get(p.out).get(at).op('i32.add').set(out);
      f.get(steps)
        .get(x)
        .get(pitch)
        .get(states)
        .get(p.labels)
        .i32Const(4)
        .get(p.ways)
        .i32Const(8)
        .get(row)
        .call(walk);

      f.f64Const(0)
        .f64Const(Number.POSITIVE_INFINITY)
        .get(states)
        .i32Const(1)
        .op('i32.eq')
        .op('select')
        .set(loss);
      f.get(steps).if();
      f.get(p.ways).get(steps).get(row).op('i32.mul').op('i32.add').tee(from);
      f.i32Const(8).op('i32.sub').load('f64.load').set(loss);
      f.get(length).if();
      f.get(loss).get(from).i32Const(16).op('i32.sub').load('f64.load').call(logAdd).set(loss).end();
      f.get(loss).op('f64.neg').set(loss).end();
      const isDropped = (): FunctionBuilder =>
        f.get(p.zeroInfinity).get(loss).f64Const(Number.POSITIVE_INFINITY).op('f64.eq').op('i32.and');

      f.get(p.g).op('i32.eqz').if();
      isDropped().if();
      f.f64Const(0).set(loss).end();
      f.pushPlace(p.out, n, dtype).get(loss);
      f.storeNumber(dtype);
      f.else();
      isDropped().op('i32.eqz').if();
      // The ways from the end lie behind those to there.
      f.get(from).get(steps).i32Const(1).op('i32.sub').get(row).op('i32.mul').op('i32.add').set(at);
      f.get(steps).get(x).get(steps).i32Const(1).op('i32.sub').get(pitch).op('i32.mul').op('i32.add');
      f.i32Const(0).get(pitch).op('i32.sub').get(states);
      f.pushPlace(p.labels, states, 'int32').i32Const(4).op('i32.sub').i32Const(-4);
      f.get(at)
        .get(row)
        .op('i32.add')
        .i32Const(8)
        .op('i32.sub')
        .i32Const(-8)
        .i32Const(0)
        .get(row)
        .op('i32.sub');
      f.call(walk);
      f.pushPlace(p.g, n, dtype).loadNumber(dtype).set(g);
      f.get(p.ways).set(to);
      each(steps, t, () => {
        f.i32Const(0).set(c);
        each(p.classes, inner, () => {
          f.pushPlace(p.occupied, c, 'float64').f64Const(never).store('f64.store');
          step(f, c);
        });
        f.i32Const(0).set(s);
        each(states, inner, () => {
          f.pushPlace(p.labels, s, 'int32').load('i32.load').set(c);
          f.pushPlace(p.occupied, c, 'float64').tee(at).get(at).load('f64.load');
          f.get(to).load('f64.load').get(from).load('f64.load').op('f64.add').call(logAdd).store('f64.store');
          f.bump(to, { bytes: 8 });
          f.bump(from, { bytes: 8 });
          step(f, s);
        });
        f.i32Const(0).set(c);
        each(p.classes, inner, () => {
          f.pushPlace(x, c, dtype).loadNumber(dtype).set(log);
          f.pushPlace(out, c, dtype).get(log).call(exp);
          f.pushPlace(p.occupied, c, 'float64')
            .load('f64.load')
            .get(loss)
            .op('f64.add')
            .get(log)
            .op('f64.sub');
          f.call(exp).op('f64.sub').get(g).op('f64.mul');
          f.storeNumber(dtype);
          step(f, c);
        });
        f.bump(x, { local: pitch });
        f.bump(out, { local: pitch });
      });
      f.end().end();
      f.bump(start, { local: length });
      step(f, n);
    });
  });
  return module.instantiate<AlignmentKernels>({ log1p: Math.log1p, exp: Math.exp });
});
