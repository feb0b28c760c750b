/**
 * The WebAssembly kernels of convolutions: products over panels that are copied from the images as they are needed. For
 * each block of channels an image is brought into scratch, with its padding; from there columns are copied into panels,
 * of which the parts of matrix products take all rows past; or, on the way to x, columns of products are added up
 * there.
 */

import {
  type GemmLane,
  packPanels,
  packPanelsTransposed,
  panelProduct,
  type TileSize,
  transposeLines,
} from '../gemm/index.ts';
import { type Formula, is, minus, over, plus, times } from '../wasm/formulas.ts';
import type { FunctionBuilder, ModuleBuilder } from '../wasm/index.ts';
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
import { anyInfinite, type Opposite, oppositeIfInfinite } from './opposite.ts';
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
  const infinite = anyInfinite(module, t);
  depthwiseKernels(module, { t, table, pad, add, turn, infinite });
  const toRow = STEPS * bytes + ROW_GAP;
  const opposite = toX(module, {
    ...parts,
    add,
    columns: addColumns(module, t),
    transpose: transposeLines(module, t, toRow),
    pack: packPanels(module, t, size.vectors),
  });
  toY(module, { ...parts, pad, turn, infinite, opposite });
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
    for (const arg of [...args, to, toRow]) f.push(arg);
    if (this.#parts.t.lane === 'f32') f.f32Const(1);
    else f.f64Const(1);
    f.push(accumulate).push(this.part(TILE_AT)).call(this.#parts.product);
  }
}

/** How many of so many bytes each go into some memory, in whole panels. */
const inPanels = (memory: number, bytesEach: Formula, lanes: number): Formula => [
  'i32.and',
  over(is(memory), bytesEach),
  is(-lanes),
];

type PartsOfY = Parts & Opposite & Readonly<Record<'pad' | 'turn', number>>;

function toY(module: ModuleBuilder, parts: PartsOfY): void {
  const { t, size } = parts;
  const { bytes } = t;
  module.define({ export: 'y' }, convolutionParams, (f, p) => {
    oppositeIfInfinite(f, p, bytes, parts);
    const d = new ProductDriver(f, p, parts);
    const { v, at } = d;
    const { atOnce, o, rows, from, row } = f.locals('i32', 'atOnce', 'o', 'rows', 'from', 'row');
    const weights = (): void => {
      f.get(p.turned).if();
      f.put(from, d.part(ROWS_AT));
      f.i32Const(STEPS * bytes + ROW_GAP).set(row);
      const place = times(v.places, is(bytes));
      const first = plus(times(plus(times(at.g, p.channels), at.c), p.filters), o);
      const turned = [plus(p.weight, times(first, place)), place, times(p.filters, place), from, row];
      f.call(parts.turn, [rows, at.cc, v.places, ...turned]);
      f.else();
      f.put(from, d.weightAt(o, is(0)));
      f.put(row, times(v.terms, is(bytes)));
      f.end();
    };
    f.upTo(at.g, p.groups, is(1), () =>
      d.blocks(() => {
        f.put(atOnce, inPanels(PANEL_BYTES, times(at.depth, is(bytes)), size.vectors * t.lanes));
        f.upTo(o, p.filters, is(ROW_BLOCK), () => {
          f.putLeast(rows, minus(p.filters, o), { is: ROW_BLOCK });
          weights();
          f.upTo(at.n, p.batch, is(1), () =>
            d.slabs(() => {
              d.bring(() => f.call(parts.pad, d.planes()));
              d.windows(atOnce, () => {
                const panel = times(at.depth, is(d.panelWidth));
                f.call(parts.strips, [
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

type PartsOfX = Parts & Readonly<Record<'add' | 'columns' | 'transpose' | 'pack', number>>;

/** Takes rows of weights, from number `r` on, past the windows at work, filters by filters; the sums lie by columns. */
function multiplyToColumns(
  d: ProductDriver,
  { t, pack, transpose }: PartsOfX,
  { o, r, rows, depth }: Readonly<Record<'o' | 'r' | 'rows' | 'depth', number>>,
): void {
  const { f, p, v, at } = d;
  const { bytes } = t;
  f.upTo(o, p.filters, is(STEPS), () => {
    f.putLeast(depth, minus(p.filters, o), { is: STEPS });
    const [fromRow, row] = [times(v.outputs, is(bytes)), times(v.terms, is(bytes))];
    f.call(pack, [at.count, depth, d.outputAt(o), fromRow, d.part(PANELS_AT)]);
    f.call(transpose, [depth, rows, d.weightAt(o, r), row, d.part(ROWS_AT)]);
    const [turnedRow, toRow] = [is(STEPS * bytes + ROW_GAP), times(at.count, is(bytes))];
    const isLater: Formula = ['i32.gt_s', o, is(0)];
    d.multiply(rows, at.count, depth, d.part(ROWS_AT), turnedRow, d.part(COLUMNS_AT), toRow, isLater);
  });
}

function toX(module: ModuleBuilder, parts: PartsOfX): number {
  const { t, size } = parts;
  const { bytes } = t;
  const mostRows = bytes === 4 ? ROW_BLOCK : ROW_BLOCK / 2;
  const lanes = size.vectors * t.lanes;
  return module.define({ export: 'x' }, convolutionParams, (f, p) => {
    const d = new ProductDriver(f, p, parts);
    const { v, at } = d;
    const locals = f.locals('i32', ...(['atOnce', 'o', 'r', 'rows', 'depth', 'other'] as const));
    const { atOnce, r, rows, depth, other } = locals;
    f.upTo(at.n, p.batch, is(1), () =>
      f.upTo(at.g, p.groups, is(1), () =>
        d.blocks(() => {
          f.putLeast(rows, at.depth, { is: mostRows });
          f.put(atOnce, inPanels(COLUMN_BYTES, times(rows, is(bytes)), lanes));
          f.putLeast(depth, p.filters, { is: STEPS });
          f.put(other, inPanels(PANEL_BYTES, times(depth, is(bytes)), lanes));
          f.putLeast(atOnce, atOnce, other);
          d.slabs(() => {
            d.bring(() => {
              f.push(d.part(PLANES_AT)).i32Const(0);
              f.push(times(at.cc, v.channel)).memoryFill();
            });
            d.windows(atOnce, () =>
              f.upTo(r, at.depth, is(mostRows), () => {
                f.putLeast(rows, minus(at.depth, r), { is: mostRows });
                multiplyToColumns(d, parts, locals);
                const places = plus(p.scratch, times(r, is(4)));
                f.call(parts.columns, [at.count, rows, places, d.part(COLUMNS_AT), ...d.walk()]);
              }),
            );
            f.get(p.bare).op('i32.eqz').if();
            f.call(parts.add, d.planes());
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
  module.define({ export: 'weight' }, convolutionParams, (f, p) => {
    const d = new ProductDriver(f, p, parts);
    const { v, at } = d;
    const { o, r, places, rows, begun } = f.locals('i32', 'o', 'r', 'places', 'rows', 'begun');
    f.upTo(at.g, p.groups, is(1), () =>
      d.blocks(() => {
        f.get(p.accumulate).set(begun);
        f.upTo(at.n, p.batch, is(1), () =>
          d.slabs(() => {
            d.bring(() => f.call(parts.pad, d.planes()));
            d.windows(is(STEPS), () => {
              f.upTo(r, at.depth, is(mostPlaces), () => {
                f.putLeast(places, minus(at.depth, r), { is: mostPlaces });
                f.call(parts.strips, [
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
                f.call(parts.pack, [places, at.count, d.part(ROWS_AT), is(pitch), d.part(PANELS_AT)]);
                f.upTo(o, p.some, is(ROW_BLOCK), () => {
                  f.putLeast(rows, minus(p.some, o), { is: ROW_BLOCK });
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
