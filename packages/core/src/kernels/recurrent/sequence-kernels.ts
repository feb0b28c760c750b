/** The WebAssembly kernels of a cell along a sequence, and their derivatives: weights are packed once. */

import * as E from '../expression/index.ts';
import { panelFunctions, type TileSize } from '../gemm/index.ts';
import { sigmoidOfGate, tanhOfGate } from '../math/index.ts';
import { is, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder, type ParametersOf } from '../wasm/index.ts';
import type { Cell } from './cells.ts';
import { Along, multiply, type RecurrentLane, VectorsOfRows } from './rows.ts';

/** Elements of the state, and of what others see of it, which is less where it is projected. */
const way = ['steps', 'rows', 'size', 'out', 'reversed'] as const;
/** Room: for a tile, packed weights, the packed weights of a projection, and rows of the state. */
const room = ['tile', 'panels', 'projecting', 'spare'] as const;

/** The operands of `forward`: its results hold what they do of each step. */
export const forwardOperands = [
  ...(['gates', 'weight', 'bias', 'projection', 'h0', 'c0'] as const),
  ...(['states', 'inner', 'kept', 'hidden'] as const),
] as const;

/** Results that may lie over an operand, of cells that {@link Cell.sums} gates. */
export const mayLieOver = { forward: ['kept', 'gates'], backward: ['toGates', 'kept'] } as const;

/**
 * The operands of `backward`: the gradients of states and, where there are some, of inner states; results begin with
 * `to`.
 */
export const backwardOperands = [
  ...(['gh', 'gc', 'kept', 'states', 'inner', 'h0', 'c0', 'weight', 'projection'] as const),
  ...(['toGates', 'toProduct', 'toStates', 'toState', 'toInner'] as const),
] as const;

export const forwardParams = i32Params(...way, ...forwardOperands, ...room);
/** `goesOn` says that `toState` and `toInner` hold what came from steps after these. */
export const backwardParams = i32Params(...way, ...backwardOperands, ...room, 'goesOn');

/** The bytes of rows. */
function rowsOf(f: FunctionBuilder, p: { size: number; out: number }, bytes: number, cell: Cell) {
  const v = f.locals('i32', 'row', 'out', 'gates', 'kept');
  f.put(v.row, times(p.size, is(bytes)));
  f.put(v.out, times(p.out, is(bytes)));
  f.put(v.gates, times(v.row, is(cell.gates)));
  f.put(v.kept, times(v.row, is(cell.kept)));
  return v;
}

/** The functions of gates: in float32 those that say their own error. */
const functionsOf = ({ lane }: RecurrentLane) =>
  lane === 'f32' ? { sigmoid: sigmoidOfGate, tanh: tanhOfGate } : { sigmoid: E.sigmoid, tanh: E.tanh };

/** Adds both kernels of a cell. */
export function sequenceKernels(
  module: ModuleBuilder,
  t: RecurrentLane,
  size: TileSize,
  cells: readonly Cell[],
): void {
  const { product, pack, packTransposed } = panelFunctions(module, t, size);
  const emitting = { module, t, size, product };
  for (const cell of cells) {
    forward(emitting, cell, packTransposed);
    backward(emitting, cell, pack);
  }
}

/** What both kernels of a cell are emitted with: their module, and the function of it that multiplies. */
interface Emitting {
  readonly module: ModuleBuilder;
  readonly t: RecurrentLane;
  readonly size: TileSize;
  readonly product: number;
}

function forward({ module, t, size, product }: Emitting, cell: Cell, pack: number): void {
  const { gates, kept, projected } = cell;
  module.define({ export: `${cell.name}_forward` }, forwardParams, (f, p) => {
    const bytes = rowsOf(f, p, t.bytes, cell);
    const width = times(p.size, is(gates));
    f.call(pack, [width, p.out, p.weight, bytes.out, p.panels]);
    if (projected) f.call(pack, [p.out, p.size, p.projection, bytes.row, p.projecting]);
    const along = new Along(f, p, false);
    const at = {
      gates: along.place(p.gates, bytes.gates),
      states: along.place(p.states, bytes.out),
      inner: along.place(p.inner, bytes.row),
      kept: along.place(p.kept, bytes.kept),
      hidden: along.place(p.hidden, bytes.row),
    };
    const before = f.locals('i32', 'h', 'inner');
    f.get(p.h0).set(before.h).get(p.c0).set(before.inner);
    // The product lies where its rows are kept; that of one gate, where the state will.
    const [products, pitch] = kept > 0 ? [at.kept, bytes.kept] : [at.states, bytes.out];
    along.each(() => {
      if (cell.sums) {
        // Where it does not lie over them.
        f.get(at.gates).get(at.kept).op('i32.ne').if();
        f.get(at.kept).get(at.gates).get(p.rows).get(bytes.gates).op('i32.mul').memoryCopy().end();
      }
      multiply(f, t, size, product, {
        ...{ count: p.rows, columns: width, depth: p.out, from: before.h, fromRow: bytes.out },
        ...{ panels: p.panels, to: products, toRow: pitch, tile: p.tile, accumulate: cell.sums },
      });
      const rows = new VectorsOfRows(f, t, bytes.row);
      const byInput = rows.at(at.gates, { pitch: bytes.gates });
      const byState = rows.at(products, { pitch });
      const bias = rows.at(p.bias, { pitch: null, unless: p.bias });
      const one = (place: number) => rows.at(place, { pitch: bytes.row })(0);
      const [h, c] = [one(before.h), one(before.inner)];
      const found = cell.forward({
        byInput: (k) => byInput(k).read(),
        byState: (k) => (cell.bias ? E.add(byState(k).read(), bias(k).read()) : byState(k).read()),
        h: () => h.read(),
        c: () => c.read(),
        ...functionsOf(t),
      });
      for (const [k, x] of (found.kept ?? []).entries()) byState(k).write(x);
      if (found.c !== undefined) one(at.inner).write(found.c);
      if (projected) one(at.hidden).write(found.h);
      else if (kept > 0) one(at.states).write(found.h);
      else byState(0).write(found.h);
      rows.run(p.rows, p.size);
      if (projected)
        multiply(f, t, size, product, {
          ...{ count: p.rows, columns: p.out, depth: p.size, from: at.hidden, fromRow: bytes.row },
          ...{ panels: p.projecting, to: at.states, toRow: bytes.out, tile: p.tile },
        });
      f.get(at.states).set(before.h).get(at.inner).set(before.inner);
    });
  });
}

/** What `backward` is written with: the way along the steps, where things of a step lie, and the states before it. */
function emittingBackward(
  f: FunctionBuilder,
  p: ParametersOf<typeof backwardParams>,
  emitting: Emitting,
  cell: Cell,
  bytes: ReturnType<typeof rowsOf>,
) {
  const along = new Along(f, p, true);
  const at = {
    gh: along.place(p.gh, bytes.out),
    gc: along.place(p.gc, bytes.row),
    kept: along.place(p.kept, bytes.kept),
    states: along.place(p.states, bytes.out),
    inner: along.place(p.inner, bytes.row),
    toGates: along.place(p.toGates, bytes.gates),
    toProduct: along.place(p.toProduct, bytes.gates),
    toStates: along.place(p.toStates, bytes.out),
  };
  return { ...emitting, f, p, cell, bytes, along, at, before: f.locals('i32', 'h', 'inner') };
}

type Backward = ReturnType<typeof emittingBackward>;

/** Sets the sums to 0 that go from step to step, unless steps came before. */
function clearSums({ f, p, cell, bytes }: Pick<Backward, 'f' | 'p' | 'cell' | 'bytes'>): void {
  f.get(p.goesOn).op('i32.eqz').if();
  for (const [sum, row] of [
    [p.toState, bytes.out],
    [p.toInner, bytes.row],
  ] as const)
    if (sum === p.toState || cell.inner)
      f.get(sum).i32Const(0).get(p.rows).get(row).op('i32.mul').memoryFill();
  f.end();
}

/** Sets a local to where the state before lies, which is the first one in the step that is taken last. */
function setBefore({ f, along }: Backward, local: number, place: number, initial: number): void {
  f.get(initial);
  f.push(along.next(place)).get(along.left).i32Const(1).op('i32.eq').op('select').set(local);
}

/** Takes the gradients of what others saw of the state back to the state. */
function emitProjection({ f, p, t, size, product, bytes, at }: Backward): void {
  const sums = new VectorsOfRows(f, t, bytes.out);
  const of = (place: number) => sums.at(place, { pitch: bytes.out })(0);
  of(at.toStates).write(E.add(of(at.gh).read(), of(p.toState).read()));
  sums.run(p.rows, p.out);
  multiply(f, t, size, product, {
    ...{ count: p.rows, columns: p.size, depth: p.out, from: at.toStates, fromRow: bytes.out },
    ...{ panels: p.projecting, to: p.spare, toRow: bytes.row, tile: p.tile },
  });
}

/**
 * The gradients of a step by its gates, and by the states before it, as far as no product goes to these; gives what the
 * cell says.
 */
function emitCellBack({ f, p, t, cell, bytes, at, before }: Backward): ReturnType<Cell['backward']> {
  const rows = new VectorsOfRows(f, t, bytes.row);
  const one = (place: number, unless?: number) =>
    rows.at(place, { pitch: bytes.row, ...(unless === undefined ? {} : { unless }) })(0);
  const [carried, inner, gc] = [one(p.toState), one(p.toInner), one(at.gc, p.gc)];
  const kept = rows.at(at.kept, { pitch: bytes.kept });
  const byInput = rows.at(at.toGates, { pitch: bytes.gates });
  const byState = rows.at(at.toProduct, { pitch: bytes.gates });
  const states = { h: one(before.h), after: one(at.states), c: one(before.inner), cAfter: one(at.inner) };
  const found = cell.backward({
    gh: cell.projected ? one(p.spare).read() : E.add(one(at.gh).read(), carried.read()),
    gc: () => E.add(inner.read(), gc.read()),
    kept: (k) => kept(k).read(),
    before: () => states.h.read(),
    after: () => states.after.read(),
    cBefore: () => states.c.read(),
    cAfter: () => states.cAfter.read(),
    ...functionsOf(t),
  });
  for (const [k, x] of found.byInput.entries()) byInput(k).write(x);
  for (const [k, x] of (found.byState ?? []).entries()) byState(k).write(x);
  if (found.h !== undefined) carried.write(found.h);
  if (found.c !== undefined) inner.write(found.c);
  rows.run(p.rows, p.size);
  return found;
}

function backward(emitting: Emitting, cell: Cell, pack: number): void {
  const { module, t, size, product } = emitting;
  const { gates, projected } = cell;
  module.define({ export: `${cell.name}_backward` }, backwardParams, (f, p) => {
    const bytes = rowsOf(f, p, t.bytes, cell);
    const width = times(p.size, is(gates));
    f.call(pack, [p.out, width, p.weight, bytes.out, p.panels]);
    if (projected) f.call(pack, [p.size, p.out, p.projection, bytes.row, p.projecting]);
    clearSums({ f, p, cell, bytes });
    const e = emittingBackward(f, p, emitting, cell, bytes);
    const { along, at, before } = e;
    along.each(() => {
      setBefore(e, before.h, at.states, p.h0);
      setBefore(e, before.inner, at.inner, p.c0);
      if (projected) emitProjection(e);
      const found = emitCellBack(e);
      multiply(f, t, size, product, {
        ...{ count: p.rows, columns: p.out, depth: width, fromRow: bytes.gates },
        ...{ from: found.byState === undefined ? at.toGates : at.toProduct },
        ...{ panels: p.panels, to: p.toState, toRow: bytes.out, tile: p.tile },
        accumulate: found.h !== undefined,
      });
    });
  });
}
