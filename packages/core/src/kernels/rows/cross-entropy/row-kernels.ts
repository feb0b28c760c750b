/** The WebAssembly kernel of cross-entropy: loss and gradient of logits in one pass, with one exponential each. */

import { type FunctionBuilder, i32Params, type ParametersOf } from '../../wasm/index.ts';
import { IGNORED } from '../cross-entropy-target.ts';
import { type RowConfig, RowEmitter, rowKernels } from '../row-emitter.ts';
import { type CrossEntropyLoss, emitClasses, emitLoss } from './loss-kernel.ts';

/** Addresses in bytes, counts in elements; reads up to 16 bytes past the ends. */
interface CrossEntropyKernels {
  /**
   * The target distribution q of a row is `scales` (float64, one a row) at the class in `targets` (int32, one a row),
   * plus, where `spread` is not 0, the row of numbers there; `spreadStep` bytes lead to the next row's. A target of
   * {@link NO_CLASS} leaves it at `spread`; one of {@link IGNORED} marks a row that counts for nothing: it has a q of
   * 0, which makes NaN of the gradient where softmax(x) is NaN, as in PyTorch.
   *
   * Writes each row's loss, sum(q (log(sum(exp(x - max))) - (x - max))), to `losses` (float64) and returns `total` and
   * their sum. Where `grad` is not 0, writes there the gradient by x: unit * (sum(q) * softmax(x) - q).
   */
  crossEntropy(
    rows: number,
    n: number,
    x: number,
    targets: number,
    scales: number,
    spread: number,
    spreadStep: number,
    losses: number,
    grad: number,
    unit: number,
    total: number,
  ): number;

  /** {@link CrossEntropyLoss}. */
  readonly loss: CrossEntropyLoss;
  /** 0, or 1 more than the number of the first row whose class is none. */
  classes(rows: number, n: number, classes: number, classBytes: number, ignoreIndex: number): number;
}

const params = {
  ...i32Params('rows', 'n', 'x', 'targets', 'scales', 'spread', 'spreadStep', 'losses', 'grad'),
  unit: 'f64',
  total: 'f64',
} as const;

/** What the kernel is written with: rows of logits, and locals. */
function emitting(f: FunctionBuilder, t: RowConfig, p: ParametersOf<typeof params>) {
  const row = new RowEmitter(f, t, p.n);
  return {
    ...{ f, t, p, row },
    ...f.locals('v128', 'max', 'splat'),
    ...f.locals('f64', ...(['logSum', 'exponentials', 'scale', 'mass', 'loss', 'unit'] as const)),
    ...f.locals('i32', 'target', 'counts', 'share'),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Pushes the address of the target's element in the row at `pointer`. */
const atTarget = ({ f, t, target }: Emitting, pointer: number): FunctionBuilder =>
  f.pushPlace(pointer, target, t.bytes);

function lossOfClass(e: Emitting): void {
  const { f, t } = e;
  f.get(e.scale).get(e.logSum);
  atTarget(e, e.p.x).loadNumber(t.lane);
  f.get(e.max).lane(`${t.vector}.extract_lane`, 0).toNumber(t.lane);
  f.op('f64.sub').op('f64.sub').op('f64.mul').set(e.loss);
}

function lossOfSpread({ f, t, p, row, splat, max, logSum, loss, mass }: Emitting): void {
  f.get(logSum).splatF64(t.lane).set(splat);
  row.total([p.x, p.spread], () => {
    f.get(splat).get(p.x).load('v128.load').get(max).op(`${t.vector}.sub`).op(`${t.vector}.sub`);
    f.get(p.spread).load('v128.load').op(`${t.vector}.mul`);
  });
  f.get(loss).get(row.sum).op('f64.add').set(loss);
  row.total([p.spread], () => f.get(p.spread).load('v128.load'));
  f.get(mass).get(row.sum).op('f64.add').set(mass);
}

function emitGradient(e: Emitting): void {
  const { f, t, p, row, splat } = e;
  f.get(e.mass).get(e.unit).op('f64.mul').get(e.exponentials).op('f64.div').splatF64(t.lane).set(splat);
  row.write(
    [p.grad],
    [p.grad],
    ({ offset }) => f.get(p.grad).load('v128.load', offset).get(splat).op(`${t.vector}.mul`),
    { unroll: 4 },
  );
  f.get(e.share).if();
  f.get(p.unit).splatF64(t.lane).set(splat);
  row.write([p.grad], [p.grad, p.spread], ({ offset }) => {
    f.get(p.grad).load('v128.load', offset).get(p.spread).load('v128.load', offset).get(splat);
    f.op(`${t.vector}.mul`).op(`${t.vector}.sub`);
  });
  f.end();
  f.get(e.target).i32Const(0).op('i32.ge_s').if();
  atTarget(e, p.grad);
  atTarget(e, p.grad).load(`${t.lane}.load`);
  f.get(e.scale).get(p.unit).op('f64.mul').fromNumber(t.lane);
  f.op(`${t.lane}.sub`).store(`${t.lane}.store`);
  f.end();
}

/** Loss and gradient of a row that counts, or whose gradient is wanted. */
function emitRow(e: Emitting): void {
  const { f, p, row, max, target, scale, share, unit } = e;
  row.maximum(p.x, max);
  f.get(p.grad).if();
  row.sumOfExponentials(p.x, max, p.grad);
  f.else();
  row.sumOfExponentials(p.x, max);
  f.end();
  f.get(row.sum).set(e.exponentials);
  row.pushLogOfSum();
  f.set(e.logSum);
  f.get(p.scales).load('f64.load').tee(scale).set(e.mass);
  f.get(target).i32Const(0).op('i32.ge_s').if();
  lossOfClass(e);
  f.end();
  f.i32Const(0).set(share).f64Const(0).set(unit);
  f.get(e.counts).if();
  f.get(p.spread).set(share).get(p.unit).set(unit);
  f.end();
  f.get(share).if();
  lossOfSpread(e);
  f.end();
  f.get(p.grad).if();
  emitGradient(e);
  f.end();
}

function emit(f: FunctionBuilder, t: RowConfig, p: ParametersOf<typeof params>): void {
  const e = emitting(f, t, p);
  const { row, target, counts, loss } = e;
  f.countdown(p.rows, 1, () => {
    f.f64Const(0).set(loss);
    f.get(p.targets).load('i32.load').tee(target).i32Const(IGNORED).op('i32.ne').set(counts);
    f.get(counts).get(p.grad).op('i32.or').if();
    emitRow(e);
    f.end();
    f.get(p.losses).get(loss).store('f64.store');
    f.get(p.total).get(loss).op('f64.add').set(p.total);
    row.nextRow([p.x]);
    f.get(p.grad).if();
    row.nextRow([p.grad]);
    f.end();
    f.bump(p.targets, { bytes: 4 });
    f.bump(p.scales, { bytes: 8 });
    f.bump(p.losses, { bytes: 8 });
    f.bump(p.spread, { local: p.spreadStep });
  });
  f.get(p.total);
}

/** The kernel of cross-entropy for a lane. */
export const crossEntropyKernels = rowKernels<CrossEntropyKernels>((module, t) => {
  const ofRows = module.define({ export: 'crossEntropy', result: 'f64' }, params, (f, p) => emit(f, t, p));
  emitLoss(module, t, ofRows);
  emitClasses(module);
});
