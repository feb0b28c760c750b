/**
 * The WebAssembly kernels of convolutions: products over panels that are copied from the images as they are needed. For each block of
 * channels an image is brought into scratch, with its padding; from there columns are copied into panels, of which the parts of matrix
 * products take all rows past; or, on the way to x, columns of products are added up there.
 */

import {
  type GemmLane,
  packPanels,
  packPanelsTransposed,
  panelProduct,
  type TileSize,
  transposeLines,
} from '../gemm/index.ts';
import {
  call,
  type Formula,
  is,
  minus,
  over,
  plus,
  push,
  put,
  putLeast,
  times,
  upTo,
} from '../wasm/formulas.ts';
import { defineFunction, type FunctionBuilder, locals, type ModuleBuilder } from '../wasm/index.ts';
import {
  COLUMN_BYTES,
  COLUMNS_AT,
  convolutionParams,
  Driver,
  PANEL_BYTES,
  PANELS_AT,
  PLANES_AT,
  ROW_GAP,
  ROWS_AT,
  STEPS,
  TILE_AT,
} from './convolution-driver.ts';
import { depthwiseKernels } from './depthwise-kernels.ts';
import { addPlanes, padPlanes } from './planes.ts';
import { addColumns, copyStrips, placesTable, turnWeights } from './strips.ts';

/** Adds the kernels of a lane, exported as `y`, `x` and `weight`, and those for groups of one channel. */
export function convolutionKernels(module: ModuleBuilder, t: GemmLane, size: TileSize): void {
  const { bytes } = t;
  const product = panelProduct(module, t, size);
  const table = placesTable(module);
  const strips = copyStrips(module, t, size.vectors);
  const parts = { product, table, strips, size, t };
  const pad = padPlanes(module, t);
  const add = addPlanes(module, t);
  const turn = turnWeights(module, t);
  depthwiseKernels(module, { t, table, pad, add, turn });
  toY(module, { ...parts, pad, turn });
  const toRow = STEPS * bytes + ROW_GAP;
  toX(module, {
    ...parts,
    add,
    columns: addColumns(module, t),
    transpose: transposeLines(module, t, toRow),
    pack: packPanels(module, t, size.vectors),
  });
  toWeight(module, { ...parts, pad, pack: packPanelsTransposed(module, t, size.vectors) });
}

interface Parts {
  readonly product: number;
  readonly table: number;
  readonly strips: number;
  readonly size: TileSize;
  readonly t: GemmLane;
}

/** A driver that multiplies. */
class ProductDriver extends Driver {
  readonly panelWidth: number;
  readonly #parts: Parts;

  constructor(f: FunctionBuilder, p: Driver['p'], parts: Parts) {
    super(f, p, parts);
    this.#parts = parts;
    this.panelWidth = 16 * parts.size.vectors;
  }

  /** Takes `rows` rows of `from` past the packed panels. */
  multiply(
    rows: Formula,
    columns: Formula,
    depth: number,
    from: Formula,
    row: Formula,
    to: Formula,
    toRow: Formula,
    accumulate: Formula,
  ): void {
    const { f } = this;
    const args = [
      rows,
      columns,
      depth,
      from,
      row,
      this.part(PANELS_AT),
      is(this.panelWidth),
      times(depth, is(this.panelWidth)),
    ];
    for (const arg of [...args, to, toRow]) push(f, arg);
    if (this.#parts.t.lane === 'f32') f.f32Const(1);
    else f.f64Const(1);
    push(f, accumulate);
    push(f, this.part(TILE_AT)).call(this.#parts.product);
  }
}

/** How many of so many bytes each go into some memory, in whole panels. */
const inPanels = (memory: number, bytesEach: Formula, lanes: number): Formula => [
  'i32.and',
  over(is(memory), bytesEach),
  is(-lanes),
];

function toY(module: ModuleBuilder, parts: Parts & Readonly<Record<'pad' | 'turn', number>>): void {
  const { t, size } = parts;
  const { bytes } = t;
  defineFunction(module, { export: 'y' }, convolutionParams, (f, p) => {
    const d = new ProductDriver(f, p, parts);
    const { v, at } = d;
    const { atOnce, o, rows, from, row } = locals(f, 'i32', 'atOnce', 'o', 'rows', 'from', 'row');
    const weights = (): void => {
      f.get(p.turned).if();
      put(f, from, d.part(ROWS_AT));
      f.i32Const(STEPS * bytes + ROW_GAP).set(row);
      const place = times(v.places, is(bytes));
      const first = plus(times(plus(times(at.g, p.channels), at.c), p.filters), o);
      const turned = [plus(p.weight, times(first, place)), place, times(p.filters, place), from, row];
      call(f, parts.turn, [rows, at.cc, v.places, ...turned]);
      f.else();
      put(f, from, d.weightAt(o, is(0)));
      put(f, row, times(v.terms, is(bytes)));
      f.end();
    };
    upTo(f, at.g, p.groups, is(1), () =>
      d.blocks(() => {
        put(f, atOnce, inPanels(PANEL_BYTES, times(at.depth, is(bytes)), size.vectors * t.lanes));
        upTo(f, o, p.filters, is(ROW_BLOCK), () => {
          putLeast(f, rows, minus(p.filters, o), { is: ROW_BLOCK });
          weights();
          upTo(f, at.n, p.batch, is(1), () =>
            d.slabs(() => {
              d.bring(() => call(f, parts.pad, d.planes()));
              d.windows(atOnce, () => {
                const panel = times(at.depth, is(d.panelWidth));
                call(f, parts.strips, [
                  ...[at.count, at.depth, p.scratch, d.part(PANELS_AT), is(d.panelWidth), panel],
                  ...d.walk(),
                ]);
                const accumulate: Formula = ['i32.or', p.accumulate, ['i32.gt_s', at.c, is(0)]];
                const toRow = times(v.outputs, is(bytes));
                d.multiply(rows, at.count, at.depth, from, row, d.outputAt(o), toRow, accumulate);
              });
            }),
          );
        });
      }),
    );
  });
}

/** Rows of a product that stay in cache. */
const ROW_BLOCK = 120;

function toX(
  module: ModuleBuilder,
  parts: Parts & Readonly<Record<'add' | 'columns' | 'transpose' | 'pack', number>>,
): void {
  const { t, size } = parts;
  const { bytes } = t;
  const mostRows = bytes === 4 ? ROW_BLOCK : ROW_BLOCK / 2;
  const lanes = size.vectors * t.lanes;
  defineFunction(module, { export: 'x' }, convolutionParams, (f, p) => {
    const d = new ProductDriver(f, p, parts);
    const { v, at } = d;
    const { atOnce, o, r, rows, depth, other } = locals(
      f,
      'i32',
      'atOnce',
      'o',
      'r',
      'rows',
      'depth',
      'other',
    );
    upTo(f, at.n, p.batch, is(1), () =>
      upTo(f, at.g, p.groups, is(1), () =>
        d.blocks(() => {
          putLeast(f, rows, at.depth, { is: mostRows });
          put(f, atOnce, inPanels(COLUMN_BYTES, times(rows, is(bytes)), lanes));
          putLeast(f, depth, p.filters, { is: STEPS });
          put(f, other, inPanels(PANEL_BYTES, times(depth, is(bytes)), lanes));
          putLeast(f, atOnce, atOnce, other);
          d.slabs(() => {
            d.bring(() => {
              push(f, d.part(PLANES_AT)).i32Const(0);
              push(f, times(at.cc, v.channel)).memoryFill();
            });
            d.windows(atOnce, () =>
              upTo(f, r, at.depth, is(mostRows), () => {
                putLeast(f, rows, minus(at.depth, r), { is: mostRows });
                upTo(f, o, p.filters, is(STEPS), () => {
                  putLeast(f, depth, minus(p.filters, o), { is: STEPS });
                  const [fromRow, row] = [times(v.outputs, is(bytes)), times(v.terms, is(bytes))];
                  call(f, parts.pack, [at.count, depth, d.outputAt(o), fromRow, d.part(PANELS_AT)]);
                  call(f, parts.transpose, [depth, rows, d.weightAt(o, r), row, d.part(ROWS_AT)]);
                  const toRow = times(at.count, is(bytes));
                  d.multiply(
                    rows,
                    at.count,
                    depth,
                    d.part(ROWS_AT),
                    is(STEPS * bytes + ROW_GAP),
                    d.part(COLUMNS_AT),
                    toRow,
                    ['i32.gt_s', o, is(0)],
                  );
                });
                const places = plus(p.scratch, times(r, is(4)));
                call(f, parts.columns, [at.count, rows, places, d.part(COLUMNS_AT), ...d.walk()]);
              }),
            );
            f.get(p.bare).op('i32.eqz').if();
            call(f, parts.add, d.planes());
            f.end();
          });
        }),
      ),
    );
  });
}

function toWeight(
  module: ModuleBuilder,
  parts: Parts & { readonly pad: number; readonly pack: number },
): void {
  const { t } = parts;
  const { bytes } = t;
  const pitch = STEPS * bytes + ROW_GAP;
  const mostPlaces = bytes === 4 ? 176 : 88;
  defineFunction(module, { export: 'weight' }, convolutionParams, (f, p) => {
    const d = new ProductDriver(f, p, parts);
    const { v, at } = d;
    const { o, r, places, rows, begun } = locals(f, 'i32', 'o', 'r', 'places', 'rows', 'begun');
    upTo(f, at.g, p.groups, is(1), () =>
      d.blocks(() => {
        f.get(p.accumulate).set(begun);
        upTo(f, at.n, p.batch, is(1), () =>
          d.slabs(() => {
            d.bring(() => call(f, parts.pad, d.planes()));
            d.windows(is(STEPS), () => {
              upTo(f, r, at.depth, is(mostPlaces), () => {
                putLeast(f, places, minus(at.depth, r), { is: mostPlaces });
                call(f, parts.strips, [
                  ...[
                    at.count,
                    places,
                    plus(p.scratch, times(r, is(4))),
                    d.part(ROWS_AT),
                    is(pitch),
                    is(d.panelWidth),
                  ],
                  ...d.walk(),
                ]);
                call(f, parts.pack, [places, at.count, d.part(ROWS_AT), is(pitch), d.part(PANELS_AT)]);
                upTo(f, o, p.some, is(ROW_BLOCK), () => {
                  putLeast(f, rows, minus(p.some, o), { is: ROW_BLOCK });
                  const [row, toRow] = [times(v.outputs, is(bytes)), times(v.terms, is(bytes))];
                  d.multiply(rows, places, at.count, d.outputAt(o), row, d.weightAt(o, r), toRow, begun);
                });
              });
              f.i32Const(1).set(begun);
            });
          }),
        );
      }),
    );
  });
}
