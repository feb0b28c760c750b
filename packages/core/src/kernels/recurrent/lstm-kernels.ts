/** The WebAssembly kernels of an LSTM along a sequence, and its derivative: the weights of the state are packed once. */

import * as E from '../expression/index.ts';
import { packPanels, packPanelsTransposed, panelProduct, type TileSize } from '../gemm/index.ts';
import { sigmoidOfGate } from '../math/index.ts';
import { call, type Formula, is, minus, plus, put, times } from '../wasm/formulas.ts';
import {
  defineFunction,
  type FunctionBuilder,
  i32Params,
  locals,
  type ModuleBuilder,
} from '../wasm/index.ts';
import { eachVectorOfRows, multiply, type RecurrentLane, rowsOfGates } from './gates.ts';

const way = ['steps', 'rows', 'size', 'reversed'] as const;
/** Room: for a tile, and for the packed weights behind it. */
const room = ['tile', 'panels'] as const;

/** What `forward` takes: its results hold, of each step, h, c, and the gates after their functions. */
export const forwardParams = i32Params(
  ...way,
  ...(['gates', 'weight', 'h0', 'c0', 'states', 'cells', 'active'] as const),
  ...room,
);
/**
 * What `backward` takes: the gradients of h and, if the address is not 0, of c; `goesOn` says that `toState` and `toCell` hold what came
 * from steps after these.
 */
export const backwardParams = i32Params(
  ...way,
  ...(['gh', 'gc', 'active', 'cells', 'c0', 'weight', 'goesOn'] as const),
  ...(['toGates', 'toState', 'toCell'] as const),
  ...room,
);

const GATES = 4;

/** Numbers that are worked out once a call: bytes of rows, and from one step to the next in the order in which they are taken. */
function derived(
  f: FunctionBuilder,
  p: Readonly<Record<(typeof way)[number], number>>,
  bytes: number,
  backwards: boolean,
) {
  const v = locals(f, 'i32', ...(['row', 'gateRow', 'step', 'gateStep', 'first', 'left'] as const));
  put(f, v.row, times(p.size, is(bytes)));
  put(f, v.gateRow, times(v.row, is(GATES)));
  put(f, v.step, times(p.rows, v.row));
  // The number of the step that is taken first.
  f.get(p.reversed);
  if (!backwards) f.op('i32.eqz');
  f.if();
  f.i32Const(0).set(v.first).else();
  put(f, v.first, minus(p.steps, is(1)));
  put(f, v.step, minus(is(0), v.step)).end();
  put(f, v.gateStep, times(v.step, is(GATES)));
  f.get(p.steps).set(v.left);
  return v;
}

/** Where the step that is taken first lies. */
const firstOf = (at: number, v: ReturnType<typeof derived>, rows: number, pitch: number): Formula =>
  plus(at, times(v.first, rows, pitch));

/** Adds `forward` and `backward`. */
export function lstmKernels(module: ModuleBuilder, t: RecurrentLane, size: TileSize): void {
  const product = panelProduct(module, t, size);
  const pack = packPanels(module, t, size.vectors);
  const packTransposed = packPanelsTransposed(module, t, size.vectors);
  const sigmoid = t.lane === 'f32' ? sigmoidOfGate : E.sigmoid;

  defineFunction(module, { export: 'forward' }, forwardParams, (f, p) => {
    const v = derived(f, p, t.bytes, false);
    const at = locals(f, 'i32', 'h', 'c', 'gates', 'states', 'cells', 'active');
    const [i, g, o, c, x, s] = Object.values(locals(f, 'v128', 'i', 'g', 'o', 'c', 'x', 's')) as Six;
    const width = times(p.size, is(GATES));
    call(f, packTransposed, [width, p.size, p.weight, v.row, p.panels]);
    f.get(p.h0).set(at.h).get(p.c0).set(at.c);
    for (const name of ['states', 'cells'] as const) put(f, at[name], firstOf(p[name], v, p.rows, v.row));
    for (const name of ['gates', 'active'] as const) put(f, at[name], firstOf(p[name], v, p.rows, v.gateRow));
    const next = f.loop();
    multiply(f, t, size, product, {
      ...{ count: p.rows, columns: width, depth: p.size, from: at.h, fromRow: v.row, panels: p.panels },
      ...{ to: at.active, toRow: v.gateRow, tile: p.tile },
    });
    const operands = [
      ...rowsOfGates(at.gates, v.row, GATES, v.gateRow),
      ...rowsOfGates(at.active, v.row, GATES, v.gateRow),
      ...[at.c, at.states, at.cells].map((place) => ({ at: place, pitch: v.row })),
    ];
    eachVectorOfRows(f, t, p.rows, p.size, operands, ({ load, set, store }) => {
      const gate = (k: number, activate: (x: E.Expr) => E.Expr, result: number): void => {
        load(x, k);
        load(s, GATES + k);
        set(result, (a, b) => activate(E.add(a as E.Expr, b as E.Expr)), x, s);
        store(GATES + k, result);
      };
      gate(0, sigmoid, i);
      gate(2, E.tanh, g);
      set(i, E.mul, i, g);
      gate(1, sigmoid, g);
      load(c, 2 * GATES);
      set(c, (forget, before, added) => E.add(E.mul(forget, before), added), g, c, i);
      store(2 * GATES + 2, c);
      gate(3, sigmoid, o);
      set(c, (out, cell) => E.mul(out, E.tanh(cell)), o, c);
      store(2 * GATES + 1, c);
    });
    f.get(at.states).set(at.h).get(at.cells).set(at.c);
    for (const name of ['states', 'cells'] as const) put(f, at[name], plus(at[name], v.step));
    for (const name of ['gates', 'active'] as const) put(f, at[name], plus(at[name], v.gateStep));
    f.get(v.left).i32Const(1).op('i32.sub').tee(v.left).brIf(next).end();
  });

  defineFunction(module, { export: 'backward' }, backwardParams, (f, p) => {
    const v = derived(f, p, t.bytes, true);
    const at = locals(f, 'i32', 'before', 'cells', 'gh', 'gc', 'active', 'toGates');
    const [h, dc, a, b, c, d] = Object.values(locals(f, 'v128', 'h', 'dc', 'a', 'b', 'c', 'd')) as Six;
    const width = times(p.size, is(GATES));
    call(f, pack, [p.size, width, p.weight, v.row, p.panels]);
    f.get(p.goesOn).op('i32.eqz').if();
    for (const sum of [p.toState, p.toCell]) {
      f.get(sum).i32Const(0).get(p.rows).get(v.row).op('i32.mul').memoryFill();
    }
    f.end();
    for (const name of ['cells', 'gh', 'gc'] as const) put(f, at[name], firstOf(p[name], v, p.rows, v.row));
    for (const name of ['active', 'toGates'] as const)
      put(f, at[name], firstOf(p[name], v, p.rows, v.gateRow));
    const next = f.loop();
    f.get(p.c0).get(at.cells).get(v.step).op('i32.add');
    f.get(v.left).i32Const(1).op('i32.eq').op('select').set(at.before);
    const operands = [
      ...rowsOfGates(at.active, v.row, GATES, v.gateRow),
      ...rowsOfGates(at.toGates, v.row, GATES, v.gateRow),
      ...[at.before, at.cells, at.gh, p.toState, p.toCell, at.gc].map((place) => ({
        at: place,
        pitch: v.row,
      })),
    ];
    const [before, cells, gh, toState, toCell, gc] = [8, 9, 10, 11, 12, 13] as const;
    eachVectorOfRows(f, t, p.rows, p.size, operands, ({ load, set, store }) => {
      load(h, gh);
      load(a, toState);
      set(h, E.add, h, a);
      load(b, cells);
      set(b, E.tanh, b);
      // The output gate, and what reaches the cell by it.
      load(a, 3);
      set(d, (g, cell, o) => E.mul(E.mul(g, cell), E.mul(o, E.sub(1, o))), h, b, a);
      store(GATES + 3, d);
      set(dc, (g, o, cell) => E.mul(E.mul(g, o), E.sub(1, E.mul(cell, cell))), h, a, b);
      load(a, toCell);
      set(dc, E.add, dc, a);
      f.get(p.gc).if();
      load(a, gc);
      set(dc, E.add, dc, a);
      f.end();
      load(a, 0);
      load(b, 2);
      set(c, (g, i, n) => E.mul(E.mul(g, n), E.mul(i, E.sub(1, i))), dc, a, b);
      store(GATES, c);
      set(c, (g, i, n) => E.mul(E.mul(g, i), E.sub(1, E.mul(n, n))), dc, a, b);
      store(GATES + 2, c);
      load(a, 1);
      load(b, before);
      set(c, (g, forget, cell) => E.mul(E.mul(g, cell), E.mul(forget, E.sub(1, forget))), dc, a, b);
      store(GATES + 1, c);
      set(dc, E.mul, dc, a);
      store(toCell, dc);
    });
    multiply(f, t, size, product, {
      ...{ count: p.rows, columns: p.size, depth: width, from: at.toGates, fromRow: v.gateRow },
      ...{ panels: p.panels, to: p.toState, toRow: v.row, tile: p.tile },
    });
    for (const name of ['cells', 'gh', 'gc'] as const) put(f, at[name], plus(at[name], v.step));
    for (const name of ['active', 'toGates'] as const) put(f, at[name], plus(at[name], v.gateStep));
    f.get(v.left).i32Const(1).op('i32.sub').tee(v.left).brIf(next).end();
  });
}

type Six = [number, number, number, number, number, number];
