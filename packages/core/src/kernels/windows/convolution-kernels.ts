/**
 * The WebAssembly kernels of convolutions: products over panels that are copied from the images as they are needed. For each block of
 * channels an image is brought into scratch, with its padding; from there columns are copied into panels, of which the parts of matrix
 * products take all rows past; or, on the way to x, columns of products are added up there.
 */

import {
  type GemmLane,
  MOST_TILE_ROWS,
  packPanels,
  packPanelsTransposed,
  panelProduct,
  type TileSize,
  transposeLines,
} from '../gemm/index.ts';
import {
  defineFunction,
  type FunctionBuilder,
  i32Params,
  locals,
  type ModuleBuilder,
} from '../wasm/index.ts';
import { call, type Formula, is, minus, over, plus, push, put, putLeast, times, upTo } from './formulas.ts';
import { addPlanes, padPlanes } from './planes.ts';
import { addColumns, copyStrips, placesTable } from './strips.ts';

const sizes = [
  'batch',
  'groups',
  'channels',
  'filters',
  'd',
  'h',
  'w',
  'kd',
  'kh',
  'kw',
  'od',
  'oh',
  'ow',
] as const;
const steps = ['sd', 'sh', 'sw', 'pd', 'ph', 'pw', 'ld', 'lh', 'lw'] as const;

/**
 * What each of the kernels takes: the numbers of a Geometry (kernel k, stride s, padding p, dilation l); `slab`, along how many entries
 * of depth of y it works at a time, and `block`, on how many channels of x; whether x has no padding and is worked on where it lies;
 * addresses of x, weights and y, which are contiguous; whether the result is added to what lies there; and the address of scratch.
 */
export const convolutionParams = i32Params(
  ...sizes,
  ...steps,
  ...(['slab', 'block', 'bare', 'x', 'weight', 'y', 'accumulate', 'scratch'] as const),
);

/** Entries of the table of a kernel's places: that many may a block of channels have. */
export const MOST_PLACES = 3072;
/** Rows of a product's result, or steps of its sums, at a time. */
const STEPS = 256;
const ROW_GAP = 64;
/** Bytes of scratch, in this order. The last are a window on x with its padding. */
const TABLE_BYTES = MOST_PLACES * 4;
const TILE_BYTES = MOST_TILE_ROWS * 64;
const PANEL_BYTES = 3 << 16;
const ROW_BYTES = 180 * (STEPS * 4 + ROW_GAP);
const COLUMN_BYTES = 3 << 15;
const TILE_AT = TABLE_BYTES;
const PANELS_AT = TILE_AT + TILE_BYTES;
const ROWS_AT = PANELS_AT + PANEL_BYTES;
const COLUMNS_AT = ROWS_AT + ROW_BYTES;
const PLANES_AT = COLUMNS_AT + COLUMN_BYTES;
/** Scratch of a kernel: as much as threads have. */
export const CONVOLUTION_SCRATCH: number = 1 << 20;
/** How much of x, with its padding, is there at a time. */
export const PLANES_BYTES: number = CONVOLUTION_SCRATCH - PLANES_AT - 64;

type Locals = Readonly<Record<keyof typeof convolutionParams, number>>;

/** Numbers that are worked out once a call. */
function derived(f: FunctionBuilder, p: Locals, bytes: number) {
  const v = locals(
    f,
    'i32',
    ...(['places', 'terms', 'outputs', 'row', 'slice', 'channel', 'zStep', 'yStep', 'xStep'] as const),
    ...(['slabs', 'rows', 'columns', 'image', 'planes'] as const),
  );
  put(f, v.places, times(p.kd, p.kh, p.kw));
  put(f, v.terms, times(p.channels, v.places));
  put(f, v.outputs, times(p.od, p.oh, p.ow));
  const reach = (count: Formula, stride: number, kernel: number, dilation: number): Formula =>
    plus(times(minus(count, is(1)), stride), times(minus(kernel, is(1)), dilation), is(1));
  // Where x is taken as it lies, that is the window.
  f.get(p.bare).if();
  put(f, v.slabs, p.d);
  put(f, v.rows, p.h);
  put(f, v.columns, p.w);
  f.else();
  put(f, v.slabs, reach(p.slab, p.sd, p.kd, p.ld));
  put(f, v.rows, reach(p.oh, p.sh, p.kh, p.lh));
  put(f, v.columns, reach(p.ow, p.sw, p.kw, p.lw));
  f.end();
  put(f, v.row, times(v.columns, is(bytes)));
  put(f, v.slice, times(v.rows, v.row));
  put(f, v.channel, times(v.slabs, v.slice));
  put(f, v.zStep, times(p.sd, v.slice));
  put(f, v.yStep, times(p.sh, v.row));
  put(f, v.xStep, times(p.sw, is(bytes)));
  put(f, v.image, times(p.d, p.h, p.w, is(bytes)));
  return v;
}

/** Adds the kernels of a lane, exported as `y`, `x` and `weight`. */
export function convolutionKernels(module: ModuleBuilder, t: GemmLane, size: TileSize): void {
  const { bytes } = t;
  const product = panelProduct(module, t, size);
  const table = placesTable(module);
  const strips = copyStrips(module, t, size.vectors);
  const parts = { product, table, strips, size, t };
  const pad = padPlanes(module, t);
  toY(module, { ...parts, pad });
  const toRow = STEPS * bytes + ROW_GAP;
  toX(module, {
    ...parts,
    add: addPlanes(module, t),
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

/** What the three loops share: an emitter of what each of them does. */
class Driver {
  readonly f: FunctionBuilder;
  readonly p: Locals;
  readonly v: ReturnType<typeof derived>;
  readonly at: Readonly<
    Record<'n' | 'g' | 'c' | 'z' | 'cc' | 'zc' | 'first' | 'count' | 'total' | 'base' | 'depth', number>
  >;
  readonly panelWidth: number;
  readonly #parts: Parts;

  constructor(f: FunctionBuilder, p: Locals, parts: Parts) {
    this.f = f;
    this.p = p;
    this.#parts = parts;
    this.v = derived(f, p, parts.t.bytes);
    this.at = locals(
      f,
      'i32',
      ...(['n', 'g', 'c', 'z', 'cc', 'zc', 'first', 'count', 'total', 'base', 'depth'] as const),
    );
    this.panelWidth = 16 * parts.size.vectors;
  }

  /** A part of scratch. */
  readonly part = (at: number): Formula => plus(this.p.scratch, is(at));

  /** Blocks of channels of x, with the table for them. */
  blocks(body: () => void): void {
    const { f, p, v, at } = this;
    upTo(f, at.c, p.channels, p.block, () => {
      putLeast(f, at.cc, minus(p.channels, at.c), p.block);
      put(f, at.depth, times(at.cc, v.places));
      const pitches = [
        v.channel,
        times(p.ld, v.slice),
        times(p.lh, v.row),
        times(p.lw, is(this.#parts.t.bytes)),
      ];
      call(f, this.#parts.table, [p.scratch, at.cc, p.kd, p.kh, p.kw, ...pitches]);
      body();
    });
  }

  /** Slabs of y's depth. */
  slabs(body: () => void): void {
    const { f, p, at } = this;
    upTo(f, at.z, p.od, p.slab, () => {
      putLeast(f, at.zc, minus(p.od, at.z), p.slab);
      put(f, at.total, times(at.zc, p.oh, p.ow));
      body();
    });
  }

  /** So many windows of a slab at a time. */
  windows(atOnce: Formula, body: () => void): void {
    const { f, at } = this;
    upTo(f, at.first, at.total, atOnce, () => {
      put(f, at.count, minus(at.total, at.first));
      f.get(at.count);
      push(f, atOnce).get(at.count);
      push(f, atOnce).op('i32.lt_s').op('select').set(at.count);
      body();
    });
  }

  /** Where the block's channels of x begin. */
  get image(): Formula {
    const { p, v, at } = this;
    return plus(p.x, times(plus(times(plus(times(at.n, p.groups), at.g), p.channels), at.c), v.image));
  }

  /** Where y's element of the first of the windows lies, in filter number `o` of the group. */
  outputAt(o: Formula): Formula {
    const { p, v, at } = this;
    const channel = plus(times(plus(times(at.n, p.groups), at.g), p.filters), o);
    const window = plus(times(at.z, p.oh, p.ow), at.first);
    return plus(p.y, times(plus(times(channel, v.outputs), window), is(this.#parts.t.bytes)));
  }

  /** Where the weights of filter number `o` of the group lie, from place number `r` of the block on. */
  weightAt(o: Formula, r: Formula): Formula {
    const { p, v, at } = this;
    const filter = plus(times(at.g, p.filters), o);
    return plus(
      p.weight,
      times(plus(times(filter, v.terms), times(at.c, v.places), r), is(this.#parts.t.bytes)),
    );
  }

  /** The image and the window on it, as functions of planes take them. */
  planes(): readonly Formula[] {
    const { p, v, at } = this;
    const z = minus(p.pd, times(at.z, p.sd));
    return [
      at.cc,
      p.d,
      p.h,
      p.w,
      this.image,
      v.slabs,
      v.rows,
      v.columns,
      this.part(PLANES_AT),
      z,
      p.ph,
      p.pw,
    ];
  }

  /** Sets `base` to where the slab's first window lies, once it is there: `bring` has it brought where x has padding. */
  bring(bring: () => void): void {
    const { f, p, v, at } = this;
    f.get(p.bare).if();
    put(f, at.base, plus(this.image, times(at.z, v.zStep)));
    f.else();
    bring();
    put(f, at.base, this.part(PLANES_AT));
    f.end();
  }

  /** Windows as functions of strips take them. */
  walk(): readonly Formula[] {
    const { p, v, at } = this;
    return [at.first, p.oh, p.ow, v.zStep, v.yStep, v.xStep, at.base];
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

function toY(module: ModuleBuilder, parts: Parts & { readonly pad: number }): void {
  const { t, size } = parts;
  const { bytes } = t;
  defineFunction(module, { export: 'y' }, convolutionParams, (f, p) => {
    const d = new Driver(f, p, parts);
    const { v, at } = d;
    const { atOnce, o, rows } = locals(f, 'i32', 'atOnce', 'o', 'rows');
    upTo(f, at.n, p.batch, is(1), () =>
      upTo(f, at.g, p.groups, is(1), () =>
        d.blocks(() => {
          put(f, atOnce, inPanels(PANEL_BYTES, times(at.depth, is(bytes)), size.vectors * t.lanes));
          d.slabs(() => {
            d.bring(() => call(f, parts.pad, d.planes()));
            d.windows(atOnce, () => {
              const panel = times(at.depth, is(d.panelWidth));
              call(f, parts.strips, [
                ...[at.count, at.depth, p.scratch, d.part(PANELS_AT), is(d.panelWidth), panel],
                ...d.walk(),
              ]);
              upTo(f, o, p.filters, is(ROW_BLOCK), () => {
                putLeast(f, rows, minus(p.filters, o), { is: ROW_BLOCK });
                const accumulate: Formula = ['i32.or', p.accumulate, ['i32.gt_s', at.c, is(0)]];
                const [row, toRow] = [times(v.terms, is(bytes)), times(v.outputs, is(bytes))];
                d.multiply(
                  rows,
                  at.count,
                  at.depth,
                  d.weightAt(o, is(0)),
                  row,
                  d.outputAt(o),
                  toRow,
                  accumulate,
                );
              });
            });
          });
        }),
      ),
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
    const d = new Driver(f, p, parts);
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
    const d = new Driver(f, p, parts);
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
                upTo(f, o, p.filters, is(ROW_BLOCK), () => {
                  putLeast(f, rows, minus(p.filters, o), { is: ROW_BLOCK });
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
