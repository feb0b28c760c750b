/**
 * The matrix of a convolution, a row for each place of a kernel, a column for each window, as far as it is needed at a
 * time: columns are copied from images whose rows lie `at` plus a table's bytes away, and added up there.
 */

import { copyVectors } from '../gemm/index.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import {
  type FunctionBuilder,
  i32Params,
  type ModuleBuilder,
  type ParametersOf,
  range,
} from '../wasm/index.ts';
import { addApart, addSideBySide, type Element } from './planes.ts';

/** Adds what writes the table: for each channel and place of the kernel its distance in bytes. */
export function placesTable(module: ModuleBuilder): number {
  const params = i32Params(
    ...(['table', 'channels', 'kd', 'kh', 'kw', 'channel', 'slab', 'row', 'column'] as const),
  );
  return module.define({ name: 'windows_table' }, params, (f, p) => {
    const v = f.locals('i32', 'c', 'z', 'y', 'x');
    f.upTo(v.c, p.channels, is(1), () =>
      f.upTo(v.z, p.kd, is(1), () =>
        f.upTo(v.y, p.kh, is(1), () =>
          f.upTo(v.x, p.kw, is(1), () => {
            f.get(p.table);
            f.push(
              plus(times(v.c, p.channel), times(v.z, p.slab), times(v.y, p.row), times(v.x, p.column)),
            ).store('i32.store');
            f.put(p.table, plus(p.table, is(4)));
          }),
        ),
      ),
    );
  });
}

/**
 * Adds what copies weights for the opposite way: rows of `channels` times `places`, `pitch` bytes apart, with the
 * places in reverse, from where rows and channels have steps of their own.
 */
export function turnWeights(module: ModuleBuilder, { lane, bytes }: Element): number {
  const params = i32Params(
    ...(['rows', 'channels', 'places', 'from', 'rowStep', 'channelStep', 'to', 'pitch'] as const),
  );
  return module.define({ name: `windows_turn_${lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'r', 'c', 'k', 'from', 'to');
    f.upTo(v.r, p.rows, is(1), () => {
      f.put(v.to, plus(p.to, times(v.r, p.pitch)));
      f.upTo(v.c, p.channels, is(1), () => {
        const first = plus(p.from, times(v.r, p.rowStep), times(v.c, p.channelStep));
        f.put(v.from, plus(first, times(minus(p.places, is(1)), is(bytes))));
        f.upTo(v.k, p.places, is(1), () => {
          f.get(v.to).get(v.from).load(`${lane}.load`).store(`${lane}.store`);
          f.put(v.to, plus(v.to, is(bytes)));
          f.put(v.from, minus(v.from, is(bytes)));
        });
      });
    });
  });
}

/**
 * Windows by their number, from `first` on: rows of `oh` by `ow`, with so many bytes from one to the next along each
 * dimension.
 */
const windowParams = i32Params(...(['first', 'oh', 'ow', 'zStep', 'yStep', 'xStep', 'at'] as const));

/** Where a window's first entry lies, as one goes from window to window. */
interface Walk {
  /** How many windows come in this row, this one included. */
  readonly left: number;
  readonly position: number;
  /** The number of its row within its slab. */
  readonly y: number;
  /** Goes on by windows of one row. */
  readonly advance: (windows: Formula) => void;
  /** Goes on to the next row, where one is at an end. */
  readonly turn: () => void;
}

function walk(f: FunctionBuilder, p: Readonly<Record<keyof typeof windowParams, number>>): Walk {
  const v = f.locals('i32', 'left', 'position', 'y', 'row');
  // Number of the row among all, then within its slab.
  f.put(v.row, ['i32.div_s', p.first, p.ow]);
  f.put(v.y, ['i32.rem_s', v.row, p.oh]);
  f.put(v.left, minus(p.ow, ['i32.rem_s', p.first, p.ow]));
  f.put(
    v.position,
    plus(
      p.at,
      times(['i32.div_s', v.row, p.oh], p.zStep),
      times(v.y, p.yStep),
      times(['i32.rem_s', p.first, p.ow], p.xStep),
    ),
  );
  return {
    left: v.left,
    position: v.position,
    y: v.y,
    advance(windows) {
      f.put(v.position, plus(v.position, times(windows, p.xStep)));
      f.put(v.left, minus(v.left, windows));
    },
    turn() {
      f.get(v.left).op('i32.eqz').if();
      // Back to the row's beginning, then to the next row or slab.
      f.put(v.position, minus(v.position, times(p.ow, p.xStep)));
      f.put(v.left, p.ow);
      f.put(v.y, plus(v.y, is(1)));
      f.get(v.y).get(p.oh).op('i32.eq').if();
      f.put(v.position, plus(minus(v.position, times(minus(p.oh, is(1)), p.yStep)), p.zStep));
      f.i32Const(0).set(v.y);
      f.else();
      f.put(v.position, plus(v.position, p.yStep));
      f.end().end();
    },
  };
}

const stripsParams = {
  ...i32Params('count', 'depth', 'table', 'to', 'row', 'panel'),
  ...windowParams,
};

/** What strips are copied by: function, parameters, locals, and the way from window to window. */
const emittingStrips = (f: FunctionBuilder, p: ParametersOf<typeof stripsParams>, e: Element) => ({
  ...{ f, p, ...e, lanes: 16 / e.bytes },
  v: f.locals('i32', 'done', 'strip', 'r', 'entry', 'target', 'from', 'taken'),
  at: range(16 / e.bytes).map(() => f.local('i32')),
  ...walk(f, p),
});

type Strips = ReturnType<typeof emittingStrips>;

/** For each row of the matrix: `body`, with `from` the distance of its entries and `target` where its columns go. */
function eachRow({ f, p, v }: Strips, body: () => void): void {
  f.put(v.entry, p.table).get(p.depth).set(v.r);
  const top = f.loop();
  f.get(v.entry).load('i32.load').set(v.from);
  body();
  f.put(v.entry, plus(v.entry, is(4)));
  f.put(v.target, plus(v.target, p.row));
  f.put(v.r, minus(v.r, is(1)))
    .get(v.r)
    .brIf(top);
  f.end();
}

/** Copies `n` vectors that lie side by side in the image, if they do; else the caller says how. */
function sideBySideOr(e: Strips, n: number, otherwise: () => void): void {
  const { f, p, v, lanes } = e;
  f.get(e.left)
    .i32Const(n * lanes)
    .op('i32.ge_s');
  f.get(p.xStep).i32Const(e.bytes).op('i32.eq').op('i32.and').if();
  eachRow(e, () => {
    f.put(v.from, plus(v.from, e.position));
    copyVectors(f, n, v.from, v.target);
  });
  e.advance(is(n * lanes));
  e.turn();
  f.else();
  otherwise();
  f.end();
}

/** Copies a strip whose windows lie apart. */
function copyApart(e: Strips): void {
  const { f, p, v, lane, bytes, lanes, at } = e;
  for (const [i, pointer] of at.entries()) {
    f.get(e.position).set(pointer);
    // The last window stands for those that are not there.
    f.put(v.taken, plus(v.done, times(v.strip, is(lanes)), is(i + 1)));
    f.get(v.taken).get(p.count).op('i32.lt_s').if();
    e.advance(is(1));
    e.turn();
    f.end();
  }
  eachRow(e, () => {
    for (const [i, pointer] of at.entries()) {
      f.get(v.target).get(v.from).get(pointer).op('i32.add');
      f.load(`${lane}.load`).store(`${lane}.store`, i * bytes);
    }
  });
}

/**
 * Adds what copies `count` columns of `depth` rows to `to`: row r of the columns of a strip, a vector wide, lies r *
 * `row` bytes from its first one; `vectors` strips lie side by side, and such panels `panel` bytes apart. Where columns
 * are no multiple of that, some that mean nothing come behind them.
 */
export function copyStrips(module: ModuleBuilder, element: Element, vectors: number): number {
  return module.define({ name: `windows_strips_${element.lane}` }, stripsParams, (f, p) => {
    const e = emittingStrips(f, p, element);
    const { v, lanes } = e;
    f.upTo(v.done, p.count, is(vectors * lanes), () => {
      f.get(p.to).set(v.target);
      sideBySideOr(e, vectors, () =>
        f.upTo(v.strip, is(vectors), is(1), () => {
          f.push(['i32.lt_s', plus(v.done, times(v.strip, is(lanes))), p.count]).if();
          f.put(v.target, plus(p.to, times(v.strip, is(16))));
          sideBySideOr(e, 1, () => copyApart(e));
          f.end();
        }),
      );
      f.put(p.to, plus(p.to, p.panel));
    });
  });
}

/**
 * Adds what adds `count` columns of `depth` rows, which lie row by row at `columns`, to where their entries stand in an
 * image.
 */
export function addColumns(module: ModuleBuilder, e: Element): number {
  const params = { ...i32Params('count', 'depth', 'table', 'columns'), ...windowParams };
  return module.define({ name: `windows_add_columns_${e.lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'r', 'rest', 'run', 'to', 'first', 'firstLeft', 'firstY');
    const { left, position, y, advance, turn } = walk(f, p);
    f.put(v.first, position).get(left).set(v.firstLeft).get(y).set(v.firstY);
    f.upTo(v.r, p.depth, is(1), () => {
      f.put(position, v.first).get(v.firstLeft).set(left).get(v.firstY).set(y);
      f.get(p.count).set(v.rest);
      const top = f.loop();
      f.get(left).get(v.rest).get(left).get(v.rest).op('i32.lt_s').op('select').set(v.run);
      f.get(position).get(p.table).load('i32.load').op('i32.add').set(v.to);
      advance(v.run);
      turn();
      f.put(v.rest, minus(v.rest, v.run));
      f.get(p.xStep).i32Const(e.bytes).op('i32.eq').if();
      addSideBySide(f, e, v.run, p.columns, v.to);
      f.end();
      addApart(f, e, v.run, p.columns, v.to, p.xStep);
      f.get(v.rest).brIf(top);
      f.end();
      f.put(p.table, plus(p.table, is(4)));
    });
  });
}
