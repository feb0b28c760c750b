/** What the loops of convolutions share: their parameters, scratch, and how they go through images. */

import { type GemmLane, MOST_TILE_ROWS } from '../gemm/index.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params } from '../wasm/index.ts';

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
 * What each of the kernels takes: the numbers of a Geometry (kernel k, stride s, padding p, dilation l); `slab`, along
 * how many entries of depth of y it works at a time, and `block`, on how many channels of x; whether x has no padding
 * and is worked on where it lies; on how many filters of a group it works, if on its way to weights; whether x is
 * y of the opposite way and weights are turned round, and then `slab`, `block` and `bare` of that way; addresses of x,
 * weights and y, which are contiguous; whether the result is added to what lies there; and the address of scratch.
 */
export const convolutionParams = i32Params(
  ...sizes,
  ...steps,
  ...(['slab', 'block', 'bare', 'some', 'turned', 'oppositeSlab', 'oppositeBlock', 'oppositeBare'] as const),
  ...(['x', 'weight', 'y', 'accumulate', 'scratch'] as const),
);

/** Entries of the table of a kernel's places: that many may a block of channels have. */
export const MOST_PLACES = 3072;
/** Rows of a product's result, or steps of its sums, at a time. */
export const STEPS = 256;
export const ROW_GAP = 64;
/** Bytes of scratch, in this order. The last are a window on x with its padding. */
const TABLE_BYTES = MOST_PLACES * 4;
const TILE_BYTES = MOST_TILE_ROWS * 64;
export const PANEL_BYTES = 3 << 16;
const ROW_BYTES = 180 * (STEPS * 4 + ROW_GAP);
export const COLUMN_BYTES = 3 << 15;
export const TILE_AT: number = TABLE_BYTES;
export const PANELS_AT: number = TILE_AT + TILE_BYTES;
export const ROWS_AT: number = PANELS_AT + PANEL_BYTES;
export const COLUMNS_AT: number = ROWS_AT + ROW_BYTES;
export const PLANES_AT: number = COLUMNS_AT + COLUMN_BYTES;
/** Scratch of a kernel: as much as threads have. */
export const CONVOLUTION_SCRATCH: number = 1 << 20;
/** How much of x, with its padding, is there at a time. */
export const PLANES_BYTES: number = CONVOLUTION_SCRATCH - PLANES_AT - 64;

/** The parameters, as a kernel has them. */
export type ConvolutionLocals = Readonly<Record<keyof typeof convolutionParams, number>>;

/** Numbers that are worked out once a call. */
function derived(f: FunctionBuilder, p: ConvolutionLocals, bytes: number) {
  const v = f.locals(
    'i32',
    ...(['places', 'terms', 'outputs', 'row', 'slice', 'channel', 'zStep', 'yStep', 'xStep'] as const),
    ...(['slabs', 'rows', 'columns', 'image', 'planes'] as const),
  );
  f.put(v.places, times(p.kd, p.kh, p.kw));
  f.put(v.terms, times(p.channels, v.places));
  f.put(v.outputs, times(p.od, p.oh, p.ow));
  const reach = (count: Formula, stride: number, kernel: number, dilation: number): Formula =>
    plus(times(minus(count, is(1)), stride), times(minus(kernel, is(1)), dilation), is(1));
  // Where x is taken as it lies, that is the window.
  f.get(p.bare).if();
  f.put(v.slabs, p.d);
  f.put(v.rows, p.h);
  f.put(v.columns, p.w);
  f.else();
  f.put(v.slabs, reach(p.slab, p.sd, p.kd, p.ld));
  f.put(v.rows, reach(p.oh, p.sh, p.kh, p.lh));
  f.put(v.columns, reach(p.ow, p.sw, p.kw, p.lw));
  f.end();
  f.put(v.row, times(v.columns, is(bytes)));
  f.put(v.slice, times(v.rows, v.row));
  f.put(v.channel, times(v.slabs, v.slice));
  f.put(v.zStep, times(p.sd, v.slice));
  f.put(v.yStep, times(p.sh, v.row));
  f.put(v.xStep, times(p.sw, is(bytes)));
  f.put(v.image, times(p.d, p.h, p.w, is(bytes)));
  return v;
}

/** The functions that a driver calls, and for what elements. */
export interface DriverParts {
  readonly t: GemmLane;
  readonly table: number;
}

/** Emits how a loop goes through its images. */
export class Driver {
  readonly f: FunctionBuilder;
  readonly p: ConvolutionLocals;
  readonly v: ReturnType<typeof derived>;
  readonly at: Readonly<
    Record<'n' | 'g' | 'c' | 'z' | 'cc' | 'zc' | 'first' | 'count' | 'total' | 'base' | 'depth', number>
  >;
  readonly #bytes: number;
  readonly #table: number;

  constructor(f: FunctionBuilder, p: ConvolutionLocals, { t, table }: DriverParts) {
    this.f = f;
    this.p = p;
    this.#bytes = t.bytes;
    this.#table = table;
    this.v = derived(f, p, t.bytes);
    this.at = f.locals(
      'i32',
      ...(['n', 'g', 'c', 'z', 'cc', 'zc', 'first', 'count', 'total', 'base', 'depth'] as const),
    );
  }

  /** A part of scratch. */
  readonly part = (at: number): Formula => plus(this.p.scratch, is(at));

  /** Blocks of channels of x, with the table for them. */
  blocks(body: () => void): void {
    const { f, p, v, at } = this;
    f.upTo(at.c, p.channels, p.block, () => {
      f.putLeast(at.cc, minus(p.channels, at.c), p.block);
      f.put(at.depth, times(at.cc, v.places));
      const pitches = [v.channel, times(p.ld, v.slice), times(p.lh, v.row), times(p.lw, is(this.#bytes))];
      f.call(this.#table, [p.scratch, at.cc, p.kd, p.kh, p.kw, ...pitches]);
      body();
    });
  }

  /** Slabs of y's depth. */
  slabs(body: () => void): void {
    const { f, p, at } = this;
    f.upTo(at.z, p.od, p.slab, () => {
      f.putLeast(at.zc, minus(p.od, at.z), p.slab);
      f.put(at.total, times(at.zc, p.oh, p.ow));
      body();
    });
  }

  /** So many windows of a slab at a time. */
  windows(atOnce: Formula, body: () => void): void {
    const { f, at } = this;
    f.upTo(at.first, at.total, atOnce, () => {
      f.put(at.count, minus(at.total, at.first));
      f.get(at.count);
      f.push(atOnce).get(at.count);
      f.push(atOnce).op('i32.lt_s').op('select').set(at.count);
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
    return plus(p.y, times(plus(times(channel, v.outputs), window), is(this.#bytes)));
  }

  /** Where the weights of filter number `o` of the group lie, from place number `r` of the block on. */
  weightAt(o: Formula, r: Formula): Formula {
    const { p, v, at } = this;
    const filter = plus(times(at.g, p.filters), o);
    return plus(p.weight, times(plus(times(filter, v.terms), times(at.c, v.places), r), is(this.#bytes)));
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

  /**
   * Sets `base` to where the slab's first window lies, once it is there: `bring` has it brought where x has padding.
   */
  bring(bring: () => void): void {
    const { f, p, v, at } = this;
    f.get(p.bare).if();
    f.put(at.base, plus(this.image, times(at.z, v.zStep)));
    f.else();
    bring();
    f.put(at.base, this.part(PLANES_AT));
    f.end();
  }

  /** Windows as functions of strips take them. */
  walk(): readonly Formula[] {
    const { p, v, at } = this;
    return [at.first, p.oh, p.ow, v.zStep, v.yStep, v.xStep, at.base];
  }
}
