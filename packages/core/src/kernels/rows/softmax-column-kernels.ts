/**
 * The kernels of softmax and its kin where a row's elements lie apart: as many rows at a time as vectors have lanes.
 */

import { inlineExpression } from '../compile/index.ts';
import { exp, input } from '../expression/index.ts';
import { is, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder } from '../wasm/index.ts';
import { ColumnEmitter } from './column-emitter.ts';
import { type RowConfig, rowKernels } from './row-emitter.ts';

/** So many samples of n rows of `inner` columns, at least as many as a vector has lanes; addresses in bytes. */
type ColumnKernel = (samples: number, n: number, inner: number, ...addresses: number[]) => void;

/** Functions down columns, as those of {@link SoftmaxKernels} are of rows. Sums are carried in float64. */
interface SoftmaxColumnKernels {
  softmax: ColumnKernel;
  logSoftmax: ColumnKernel;
  /** One result for each column. */
  logsumexp: ColumnKernel;
  softmaxBackward: ColumnKernel;
  logSoftmaxBackward: ColumnKernel;
}

/** The result comes last; it holds as many rows as the operands, or one. */
interface Places {
  readonly operands: readonly string[];
  readonly height: 'n' | 1;
}

/** Vectors at a time: what more of them hold does not fit the registers. */
const sideBySide = 2;

function define(
  module: ModuleBuilder,
  t: RowConfig,
  name: keyof SoftmaxColumnKernels,
  { operands, height }: Places,
  body: (f: FunctionBuilder, columns: ColumnEmitter, at: readonly number[]) => void,
): void {
  const params: Readonly<Record<string, 'i32'>> = i32Params('samples', 'n', 'inner', ...operands, 'out');
  module.define({ export: name }, params, (f, { samples = 0, n = 0, inner = 0, ...p }) => {
    const { left, pitch, behind, over } = f.locals('i32', 'left', 'pitch', 'behind', 'over');
    const at = [...operands, 'out'].map((operand) => p[operand] ?? 0);
    const advance = (bytes: number): void => {
      for (const pointer of at) f.bump(pointer, { bytes });
    };
    f.put(pitch, times(inner, is(t.bytes)));
    // From behind the first row of a sample to behind its last.
    f.put(behind, times(plus(n, is(-1)), pitch));
    const pairs = new ColumnEmitter(f, t, { n, pitch }, sideBySide);
    const single = new ColumnEmitter(f, t, { n, pitch }, 1);
    f.countdown(samples, 1, () => {
      f.get(inner).set(left);
      f.countdown(left, sideBySide * t.lanes, () => {
        body(f, pairs, at);
        advance(16 * sideBySide);
      });
      f.get(left).if();
      const again = f.loop();
      // The last columns are worked on with some of those before them, whose results come out the same.
      f.get(left).i32Const(t.lanes).op('i32.lt_s').if();
      f.put(over, times(plus(left, is(-t.lanes)), is(t.bytes)));
      for (const pointer of at) f.bump(pointer, { local: over });
      f.i32Const(t.lanes).set(left).end();
      body(f, single, at);
      advance(16);
      f.bump(left, { bytes: -t.lanes });
      f.get(left).brIf(again).end().end();
      for (const pointer of height === 'n' ? at : at.slice(0, -1)) f.bump(pointer, { local: behind });
    });
  });
}

const localsFor = (f: FunctionBuilder, { vectors }: ColumnEmitter): number[] =>
  Array.from({ length: vectors }, () => f.local('v128'));

function emitForward(module: ModuleBuilder, t: RowConfig): void {
  const forward = { operands: ['x'], height: 'n' } as const;
  const op = (name: 'sub' | 'mul' | 'div' | 'add' | 'abs' | 'lt') => `${t.vector}.${name}` as const;
  define(module, t, 'softmax', forward, (f, columns, [x = 0, out = 0]) => {
    const max = localsFor(f, columns);
    columns.maximum(x, max);
    columns.exponentials(x, max, out);
    columns.write(out, [out], (u, [at = 0]) =>
      f
        .get(at)
        .load('v128.load', 16 * u)
        .get(columns.sums[u] ?? 0)
        .op(op('div')),
    );
  });

  define(module, t, 'logSoftmax', forward, (f, columns, [x = 0, out = 0]) => {
    const max = localsFor(f, columns);
    columns.maximum(x, max);
    columns.exponentials(x, max);
    columns.logarithms(columns.sums);
    columns.write(out, [x], (u, [at = 0]) => {
      f.get(at)
        .load('v128.load', 16 * u)
        .get(max[u] ?? 0)
        .op(op('sub'));
      f.get(columns.sums[u] ?? 0).op(op('sub'));
    });
  });

  define(module, t, 'logsumexp', { operands: ['x'], height: 1 }, (f, columns, [x = 0, out = 0]) => {
    const [max, greatest] = [localsFor(f, columns), localsFor(f, columns)];
    columns.maximum(x, max);
    columns.maximum(x, greatest, 'max');
    columns.exponentials(x, max);
    columns.logarithms(columns.sums);
    for (const [u, sum] of columns.sums.entries()) {
      // An infinite maximum is the logarithm itself, unless there is a NaN.
      f.get(out);
      f.get(max[u] ?? 0)
        .get(sum)
        .op(op('add'))
        .get(greatest[u] ?? 0);
      f.get(max[u] ?? 0)
        .op(op('abs'))
        .splat(t.lane, Number.POSITIVE_INFINITY)
        .op(op('lt'))
        .op('v128.bitselect');
      f.store('v128.store', 16 * u);
    }
  });
}

function emitBackward(module: ModuleBuilder, t: RowConfig): void {
  const backward = { operands: ['y', 'g'], height: 'n' } as const;
  const op = (name: 'sub' | 'mul') => `${t.vector}.${name}` as const;

  define(module, t, 'softmaxBackward', backward, (f, columns, [y = 0, g = 0, out = 0]) => {
    columns.total([y, g], (u, [a = 0, b = 0]) =>
      f
        .get(a)
        .load('v128.load', 16 * u)
        .get(b)
        .load('v128.load', 16 * u)
        .op(op('mul')),
    );
    columns.write(out, [y, g], (u, [a = 0, b = 0]) => {
      f.get(a).load('v128.load', 16 * u);
      f.get(b)
        .load('v128.load', 16 * u)
        .get(columns.sums[u] ?? 0)
        .op(op('sub'))
        .op(op('mul'));
    });
  });

  define(module, t, 'logSoftmaxBackward', backward, (f, columns, [y = 0, g = 0, out = 0]) => {
    columns.total([g], (u, [at = 0]) => f.get(at).load('v128.load', 16 * u));
    columns.write(out, [y, g], (u, [a = 0, b = 0]) => {
      const [value, exponential] = [f.local('v128'), f.local('v128')];
      f.get(a)
        .load('v128.load', 16 * u)
        .set(value);
      inlineExpression(f, t.lane, exp(input(0)), [value]);
      f.set(exponential)
        .get(b)
        .load('v128.load', 16 * u);
      f.get(exponential)
        .get(columns.sums[u] ?? 0)
        .op(op('mul'))
        .op(op('sub'));
    });
  });
}

/** The kernels for a lane. */
export const softmaxColumnKernels = rowKernels<SoftmaxColumnKernels>((module, t) => {
  emitForward(module, t);
  emitBackward(module, t);
});
