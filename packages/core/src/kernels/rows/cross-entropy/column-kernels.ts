/** Cross-entropy where the classes are not the last dimension: as many positions at a time as a vector has lanes. */

import { type FunctionBuilder, i32Params, type ModuleBuilder, type ParametersOf } from '../../wasm/index.ts';
import { ColumnEmitter } from '../column-emitter.ts';
import { IGNORED } from '../cross-entropy-target.ts';
import { type RowConfig, rowKernels } from '../row-emitter.ts';
import { emitWhole, lossParams } from './loss-kernel.ts';

/** Addresses in bytes, counts in elements; reads and writes whole vectors. */
interface ColumnKernels {
  /**
   * `x` holds n rows of m positions, `pitch` bytes from one to the next; so do `grad` and `spread`, where they are not
   * 0. For each position, writes the maximum down its column to `maxima` and log(sum(exp(x - max))) to `logSums`; to
   * `grad` exp(x - max) / sum times the position's number in `masses`. With a `spread` q, writes sum(q (logSum - (x -
   * max))) to `losses`, adds unit * sum(q) to the mass, and subtracts unit * q from `grad`.
   */
  columns(
    m: number,
    n: number,
    pitch: number,
    x: number,
    grad: number,
    spread: number,
    masses: number,
    maxima: number,
    logSums: number,
    losses: number,
    unit: number,
  ): void;
  /**
   * The whole of it, with the parameters of {@link columnLossTypes}, which looks up the targets and checks them. The
   * order of the sums is that of eager calls: block by block.
   */
  columnLoss(...args: number[]): number;
}

const params = {
  ...i32Params('m', 'n', 'pitch', 'x', 'grad', 'spread', 'masses', 'maxima', 'logSums', 'losses'),
  unit: 'f64',
} as const;

/** The loops over one vector of positions. */
function emit(f: FunctionBuilder, t: RowConfig, p: ParametersOf<typeof params>): void {
  const { max, value, unit, mass, logSum } = f.locals('v128', 'max', 'value', 'unit', 'mass', 'logSum');
  const columns = new ColumnEmitter(f, t, p, 1);
  const [sum = 0] = columns.sums;

  const spreadLoss = (): void => {
    columns.total([p.x, p.spread], (_, [from = 0, share = 0]) => {
      f.get(logSum).get(from).load('v128.load').get(max).op(`${t.vector}.sub`).op(`${t.vector}.sub`);
      f.get(share).load('v128.load').op(`${t.vector}.mul`);
    });
    f.get(p.losses).get(sum).store('v128.store');
    columns.total([p.spread], (_, [share = 0]) => f.get(share).load('v128.load'));
    f.get(mass).get(sum).get(unit).op(`${t.vector}.mul`).op(`${t.vector}.add`).set(mass);
  };

  const gradient = (): void => {
    f.get(mass).get(sum).op(`${t.vector}.div`).set(value);
    columns.write(p.grad, [p.grad], (_, [at = 0]) =>
      f.get(at).load('v128.load').get(value).op(`${t.vector}.mul`),
    );
    f.get(p.spread).if();
    columns.write(p.grad, [p.grad, p.spread], (_, [at = 0, share = 0]) => {
      f.get(at).load('v128.load').get(share).load('v128.load').get(unit).op(`${t.vector}.mul`);
      f.op(`${t.vector}.sub`);
    });
    f.end();
  };

  const round = t.lanes - 1;
  f.get(p.m).i32Const(round).op('i32.add').set(p.m);
  f.get(p.unit).splatF64(t.lane).set(unit);
  f.countdown(p.m, t.lanes, () => {
    columns.maximum(p.x, [max]);
    f.get(p.maxima).get(max).store('v128.store');
    f.get(p.grad).if();
    columns.exponentials(p.x, [max], p.grad);
    f.else();
    columns.exponentials(p.x, [max]);
    f.end();
    columns.logarithms([logSum]);
    f.get(p.logSums).get(logSum).store('v128.store');
    f.get(p.masses).load('v128.load').set(mass);
    f.get(p.spread).if();
    // The sum of the exponentials is still needed.
    const kept = f.local('v128');
    f.get(sum).set(kept);
    spreadLoss();
    f.get(kept).set(sum);
    f.end();
    f.get(p.grad).if();
    gradient();
    f.bump(p.grad, { bytes: 16 });
    f.end();
    f.get(p.spread).if();
    f.bump(p.spread, { bytes: 16 });
    f.end();
    for (const pointer of [p.x, p.masses, p.maxima, p.logSums, p.losses]) f.bump(pointer, { bytes: 16 });
  });
}

/**
 * As those of `CrossEntropyLoss`, of logits that lie as `outer` blocks of n classes by `inner` positions, and in the
 * end: how many positions are worked on at a time, the bytes from one class of those to the next, and the address of
 * room for 3n + 4 such rows.
 */
const lossesParams = { ...lossParams, ...i32Params('outer', 'inner', 'width', 'pitch', 'room') } as const;

/** The types of the parameters, in order. */
export const columnLossTypes = Object.values(lossesParams);

const ofColumnsParams = {
  ...i32Params('outer', 'n', 'inner', 'width', 'pitch', 'room'),
  ...i32Params('x', 'targets', 'scales', 'spread', 'spreadStep', 'losses', 'grad'),
  unit: 'f64',
} as const;

type Parameters = ParametersOf<typeof ofColumnsParams>;

/** Adds {@link ColumnKernels.columnLoss} to a module that has `columns` as a function. */
function emitColumnLoss(module: ModuleBuilder, t: RowConfig, columns: number): void {
  const signature = { name: 'ofColumns', result: 'f64' } as const;
  const ofColumns = module.define(signature, ofColumnsParams, (f, p) => emitBlocks(f, t, p, columns));
  module.define({ export: 'columnLoss', result: 'i32' }, lossesParams, (f, p) =>
    emitWhole(f, t, p, (divisor) => {
      for (const name of Object.keys(ofColumnsParams))
        if (name === 'unit') f.f64Const(1).get(divisor).op('f64.div');
        else f.get(p[name as Exclude<keyof Parameters, 'unit'>]);
      f.call(ofColumns);
    }),
  );
}

/** What blocks are written with: locals of a block, where rows of it lie in the room, and what is added up. */
const emittingBlocks = (f: FunctionBuilder, t: RowConfig, p: Parameters) => ({
  ...{ f, t, p },
  ...f.locals('i32', 'left', 'm', 'width', 'step', 'block'),
  ...f.locals('i32', ...(['maxima', 'logSums', 'losses', 'xs', 'grads', 'spreads'] as const)),
  ...f.locals('i32', 'row', 'from', 'to'),
  ...f.locals('f64', 'total', 'ofBlock'),
});

type Blocks = ReturnType<typeof emittingBlocks>;

/** Sets the locals to where rows lie in the room, one behind the other. */
function placeRows({ f, p, maxima, logSums, losses, xs, grads, spreads }: Blocks): void {
  for (const [at, before, rows] of [
    [maxima, p.room, 'one'],
    [logSums, maxima, 'one'],
    [losses, logSums, 'one'],
    [xs, losses, 'one'],
    [grads, xs, 'n'],
    [spreads, grads, 'n'],
  ] as const) {
    f.get(p.pitch);
    if (rows === 'n') f.get(p.n).op('i32.mul');
    f.get(before).op('i32.add').set(at);
  }
}

/** Copies the positions of each class, from rows that lie `apart` bytes from each other to others. */
function copyRows(e: Blocks, source: number, apart: number, target: number, targetApart: number): void {
  const { f, p, row, from, to } = e;
  f.get(source).set(from).get(target).set(to).get(p.n).set(row);
  f.countdown(row, 1, () => {
    f.get(to).get(from).get(e.width).memoryCopy();
    f.bump(from, { local: apart });
    f.bump(to, { local: targetApart });
  });
}

/** Makes rows of the number that each class has for all positions. */
function spreadEvenly({ f, t, p, row, from, to, spreads }: Blocks): void {
  const bytes = f.local('i32');
  f.get(p.spread).set(from).get(spreads).set(to).get(p.n).set(row);
  f.countdown(row, 1, () => {
    f.get(p.pitch).set(bytes);
    f.countdown(bytes, 16, () => {
      f.get(to).get(from).load(`${t.lane}.load`).op(`${t.vector}.splat`).store('v128.store');
      f.bump(to, { bytes: 16 });
    });
    f.bump(from, { bytes: t.bytes });
  });
}

/** Brings a block of positions into the room: logits, what is spread over classes, and the masses. */
function bringBlock(e: Blocks): void {
  const { f, t, p, row, from, to, step } = e;
  copyRows(e, p.x, step, e.xs, p.pitch);
  f.get(p.spread).if();
  f.get(p.spreadStep).if();
  copyRows(e, p.spread, step, e.spreads, p.pitch);
  f.else();
  spreadEvenly(e);
  f.end().end();
  f.get(e.m).set(row).get(p.scales).set(from).get(p.room).set(to);
  f.countdown(row, 1, () => {
    f.get(to).get(p.unit).get(from).load('f64.load').op('f64.mul');
    f.storeNumber(t.lane);
    f.bump(from, { bytes: 8 });
    f.bump(to, { bytes: t.bytes });
  });
}

function emitBlocks(f: FunctionBuilder, t: RowConfig, p: Parameters, columns: number): void {
  const e = emittingBlocks(f, t, p);
  const { left, m, width, step, block, total, ofBlock, grads } = e;
  placeRows(e);
  f.get(p.inner).i32Const(t.bytes).op('i32.mul').set(step);
  f.countdown(p.outer, 1, () => {
    f.get(p.inner).set(left);
    f.countdown(left, 1, () => {
      f.get(left).get(p.width).get(left).get(p.width).op('i32.lt_s').op('select').tee(m);
      f.i32Const(t.bytes).op('i32.mul').set(width);
      bringBlock(e);
      f.get(m).get(p.n).get(p.pitch).get(e.xs);
      for (const [own, given] of [
        [grads, p.grad],
        [e.spreads, p.spread],
      ] as const)
        f.get(own).i32Const(0).get(given).op('select');
      f.get(p.room).get(e.maxima).get(e.logSums).get(e.losses).get(p.unit).call(columns);
      f.f64Const(0).set(ofBlock);
      emitPositions(f, t, p, { ...e, total: ofBlock });
      f.get(total).get(ofBlock).op('f64.add').set(total);
      f.get(p.grad).if();
      copyRows(e, grads, p.pitch, p.grad, step);
      f.bump(p.grad, { local: width });
      f.end();
      f.bump(p.x, { local: width });
      f.get(p.spreadStep).if();
      f.bump(p.spread, { local: width });
      f.end();
      // The loop itself takes one away.
      f.get(left).get(m).op('i32.sub').i32Const(1).op('i32.add').set(left);
    });
    // From behind the first class to behind the last.
    f.get(p.n).i32Const(1).op('i32.sub').get(step).op('i32.mul').set(block);
    f.bump(p.x, { local: block });
    f.get(p.grad).if();
    f.bump(p.grad, { local: block });
    f.end().get(p.spreadStep).if();
    f.bump(p.spread, { local: block });
    f.end();
  });
  f.get(total);
}

/** Where things of a block of positions lie. */
interface Block {
  readonly m: number;
  readonly maxima: number;
  readonly logSums: number;
  readonly losses: number;
  readonly xs: number;
  readonly grads: number;
  readonly total: number;
}

/** What each position's own class adds to its loss and gradient. */
function emitPositions(f: FunctionBuilder, t: RowConfig, p: Parameters, at: Block): void {
  const { position, target, own, row } = f.locals('i32', 'position', 'target', 'own', 'row');
  const { loss, scale, logSum } = f.locals('f64', 'loss', 'scale', 'logSum');
  /** Pushes the address of the position's element of a row. */
  const here = (base: number): FunctionBuilder => f.get(base).get(position).op('i32.add');
  const left = f.local('i32');
  f.get(at.m).set(left).i32Const(0).set(position);
  f.countdown(left, 1, () => {
    f.f64Const(0).set(loss);
    here(at.logSums).loadNumber(t.lane).set(logSum);
    f.get(p.targets).load('i32.load').tee(target).i32Const(IGNORED).op('i32.ne').if();
    f.get(p.spread).if();
    here(at.losses).loadNumber(t.lane).set(loss);
    f.end();
    f.get(target).i32Const(0).op('i32.ge_s').if();
    f.get(p.scales).load('f64.load').set(scale);
    f.get(target).get(p.pitch).op('i32.mul').get(position).op('i32.add').set(own);
    f.get(loss).get(scale).get(logSum);
    f.get(at.xs).get(own).op('i32.add').loadNumber(t.lane);
    here(at.maxima).loadNumber(t.lane).op('f64.sub').op('f64.sub').op('f64.mul').op('f64.add').set(loss);
    f.get(p.grad).if();
    f.get(at.grads).get(own).op('i32.add').tee(own).get(own);
    f.loadNumber(t.lane).get(p.unit).get(scale).op('f64.mul').op('f64.sub');
    f.storeNumber(t.lane);
    f.end().end();
    f.else().get(p.grad).if();
    // Without a sum of exponentials the gradient is NaN, as in PyTorch.
    f.get(p.n).set(row);
    here(at.grads).set(own);
    f.countdown(row, 1, () => {
      f.get(own).f64Const(Number.NaN).f64Const(0).get(logSum).get(logSum).op('f64.ne').op('select');
      f.storeNumber(t.lane);
      f.bump(own, { local: p.pitch });
    });
    f.end().end();
    f.get(p.losses).get(loss).store('f64.store');
    f.get(at.total).get(loss).op('f64.add').set(at.total);
    f.bump(p.targets, { bytes: 4 });
    f.bump(p.scales, { bytes: 8 });
    f.bump(p.losses, { bytes: 8 });
    f.bump(position, { bytes: t.bytes });
  });
}

/** The kernels of cross-entropy down columns for a lane. */
export const columnKernels = rowKernels<ColumnKernels>((module, t) => {
  const columns = module.define({ export: 'columns' }, params, (f, p) => emit(f, t, p));
  emitColumnLoss(module, t, columns);
});
