/**
 * Functions of all pairs of rows of whole batches, at addresses: what programs call, and pairs.ts does in scratch,
 * block by block.
 */

import { is, minus, over, plus, times } from '../wasm/formulas.ts';
import { type FloatLane, type FunctionBuilder, i32Params, type ModuleBuilder, range } from '../wasm/index.ts';
import { bytesOfLane } from '../wasm/lanes.ts';

/** Rows and columns of the operands that are worked on at a time. */
export const blockRows = 128;
export const blockColumns = 64;

const unroll = 4;
/** Rows of the second operand that a kernel works on at once. */
export const pairGroup = (lane: FloatLane): number => unroll * (lane === 'f32' ? 4 : 2);

/** The bytes for each part of a block's work. */
export const areaOf = (lane: FloatLane): number => blockRows * blockRows * bytesOfLane(lane) + 64;
/** How many parts there are at most. */
export const areas = 6;

/** Functions of the module, by their indices, and what they take beside the two operands that are subtracted. */
interface Blocks {
  readonly lane: FloatLane;
  readonly dots: number;
  readonly sums: number;
  readonly power: number;
  readonly scaledA: boolean;
  readonly scaledB: boolean;
  readonly leveled: boolean;
}

/** Replaces `count` numbers at an address by their square roots; `count` is a multiple of {@link pairGroup}. */
function defineRoots(module: ModuleBuilder, lane: FloatLane): number {
  return module.define({ export: 'roots' }, i32Params('count', 'address'), (f, p) => {
    const roots = range(unroll).map(() => f.local('v128'));
    f.countdown(p.count, pairGroup(lane), () => {
      for (const [u, root] of roots.entries())
        f.get(p.address)
          .load('v128.load', 16 * u)
          .op(lane === 'f32' ? 'f32x4.sqrt' : 'f64x2.sqrt')
          .set(root);
      f.storeVectors(p.address, roots);
      f.bump(p.address, { bytes: 16 * unroll });
    });
  });
}

/** Replaces `count` numbers at an address by a power of them. */
function definePowers(module: ModuleBuilder, lane: FloatLane, power: number): number {
  const dtype = lane === 'f32' ? 'float32' : 'float64';
  const params = { ...i32Params('count', 'address'), exponent: 'f64' } as const;
  return module.define({ name: 'powers' }, params, (f, p) => {
    f.countdown(p.count, 1, () => {
      f.get(p.address).get(p.address).loadNumber(dtype).get(p.exponent).call(power).storeNumber(dtype);
      f.bump(p.address, { bytes: bytesOfLane(lane) });
    });
  });
}

/** Moves a matrix whose elements lie any bytes apart to one whose rows do, but not their elements. */
function definePack(module: ModuleBuilder, lane: FloatLane): number {
  const bytes = bytesOfLane(lane);
  const params = i32Params('rows', 'columns', 'rowBytes', 'columnBytes', 'from', 'to', 'pitch');
  return module.define({ name: 'pack' }, params, (f, p) => {
    const { left, from, to } = f.locals('i32', 'left', 'from', 'to');
    f.countdown(p.rows, 1, () => {
      f.get(p.columnBytes).i32Const(bytes).op('i32.eq').if();
      f.get(p.to)
        .get(p.from)
        .push(times(p.columns, is(bytes)))
        .memoryCopy();
      f.else().get(p.from).set(from).get(p.to).set(to).get(p.columns).set(left);
      f.countdown(left, 1, () => {
        f.get(to).get(from);
        if (lane === 'f32') f.load('f32.load').store('f32.store');
        else f.load('f64.load').store('f64.store');
        f.bump(from, { local: p.columnBytes }).bump(to, { bytes });
      });
      f.end();
      f.bump(p.from, { local: p.rowBytes }).bump(p.to, { local: p.pitch });
    });
  });
}

/** Writes what goes through a matrix by blocks. */
class Walk {
  readonly f: FunctionBuilder;
  readonly lane: FloatLane;
  readonly bytes: number;
  private readonly pack: number;
  private readonly room: number;

  constructor(f: FunctionBuilder, lane: FloatLane, pack: number, room: number) {
    this.f = f;
    this.lane = lane;
    this.bytes = bytesOfLane(lane);
    this.pack = pack;
    this.room = room;
  }

  /** Where the parts of a block's work lie. */
  areas(): readonly [number, number, number, number, number, number] {
    const at = (index: number): number => {
      const area = this.f.local('i32');
      this.f.put(area, plus(this.room, is(index * areaOf(this.lane))));
      return area;
    };
    return [at(0), at(1), at(2), at(3), at(4), at(5)];
  }

  /** Runs `body` for each part of 0 to `n`: with its first in `from`, and how many there are in `count`. */
  parts(n: number, size: number, from: number, count: number, body: () => void): void {
    const { f } = this;
    f.upTo(from, n, is(size), () => {
      f.putLeast(count, minus(n, from), is(size));
      body();
    });
  }

  /** Sets `pitch` to as many elements as a row of `count` takes. */
  pitchOf(count: number, pitch: number): void {
    const group = is(pairGroup(this.lane));
    this.f.put(pitch, times(over(plus(count, is(pairGroup(this.lane) - 1)), group), group));
  }

  /**
   * Brings a block of a matrix, whose rows are `width` long, to an area, rows `pitch` apart; or its columns as rows.
   */
  bring(from: number, b: BlockAt, to: number, pitch: number, turned = false): void {
    const { f, bytes } = this;
    const across = times(b.width, is(bytes));
    const shape = turned ? [b.columns, b.rows, is(bytes), across] : [b.rows, b.columns, across, is(bytes)];
    f.call(this.pack, [...shape, this.placeOf(from, b), to, times(pitch, is(bytes))]);
  }

  /** The way back. */
  store(from: number, pitch: number, b: BlockAt, to: number, turned = false): void {
    const { f, bytes } = this;
    const along = times(pitch, is(bytes));
    const steps = turned ? [is(bytes), along] : [along, is(bytes)];
    f.call(this.pack, [b.rows, b.columns, ...steps, from, this.placeOf(to, b), times(b.width, is(bytes))]);
  }

  clear(at: number, rows: number, pitch: number): void {
    this.f
      .get(at)
      .i32Const(0)
      .push(times(rows, pitch, is(this.bytes)))
      .memoryFill();
  }

  private placeOf(base: number, b: BlockAt) {
    return plus(base, times(plus(times(b.row, b.width), b.column), is(this.bytes)));
  }
}

/**
 * A block of a matrix: locals that hold its first row and column, how many there are, and the length of the matrix's
 * rows.
 */
interface BlockAt {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
  readonly width: number;
}

const locals = ['row', 'rows', 'other', 'others', 'column', 'columns', 'pitch'] as const;

/**
 * Runs `block` for each batch, each part of b's rows, and in it each part of what else the result goes along: how much
 * that is, how much a part holds at most, and the locals of where a part begins and how much it holds. Batches are gone
 * through by the pointers to matrices (n, width), (m, width) and (n, m), in this order.
 */
function eachBlock(
  walk: Walk,
  p: Readonly<Record<'batches' | 'n' | 'm' | 'width', number>>,
  v: Readonly<Record<(typeof locals)[number], number>>,
  [ofA, ofB, ofPairs]: readonly [readonly number[], readonly number[], readonly number[]],
  along: readonly [total: number, most: number, from: number, count: number],
  block: () => void,
): void {
  const { f, bytes } = walk;
  f.countdown(p.batches, 1, () => {
    walk.parts(p.m, blockRows, v.other, v.others, () => {
      walk.pitchOf(v.others, v.pitch);
      walk.parts(...along, block);
    });
    const length = f.local('i32');
    for (const [pointers, rows, columns] of [
      [ofA, p.n, p.width],
      [ofB, p.m, p.width],
      [ofPairs, p.n, p.m],
    ] as const) {
      f.put(length, times(rows, columns, is(bytes)));
      for (const pointer of pointers) f.bump(pointer, { local: length });
    }
  });
}

/** A walk through pairs of rows, with its locals and the blocks of a and b that these stand for. */
function walkOver(f: FunctionBuilder, lane: FloatLane, pack: number, p: { room: number; width: number }) {
  const walk = new Walk(f, lane, pack, p.room);
  const v = f.locals('i32', ...locals);
  const areas = walk.areas();
  const ofA = { row: v.row, rows: v.rows, column: v.column, columns: v.columns, width: p.width };
  return { walk, v, areas, ofA, ofB: { ...ofA, row: v.other, rows: v.others } };
}

function defineAllDots(
  module: ModuleBuilder,
  blocks: Blocks,
  pack: number,
  roots: number,
  powers: number,
): void {
  const sizes = i32Params(
    'batches',
    'n',
    'm',
    'width',
    'a',
    'b',
    'scaleA',
    'scaleB',
    'levels',
    'room',
    'out',
  );
  const params = { ...sizes, exponent: 'f64', root: 'f64' } as const;
  module.define({ export: 'allDots' }, params, (f, p) => {
    const { walk, v, areas, ofA, ofB } = walkOver(f, blocks.lane, pack, p);
    const [a, b, scaleA, scaleB, levels, out] = areas;
    const pairs = { row: v.row, rows: v.rows, column: v.other, columns: v.others, width: p.m };
    const block = (): void => {
      walk.clear(out, v.rows, v.pitch);
      if (blocks.leveled) walk.bring(p.levels, pairs, levels, v.pitch);
      walk.parts(p.width, blockColumns, v.column, v.columns, () => {
        walk.bring(p.a, ofA, a, v.columns);
        walk.bring(p.b, ofB, b, v.pitch, true);
        if (blocks.scaledA) walk.bring(p.scaleA, ofA, scaleA, v.columns);
        if (blocks.scaledB) walk.bring(p.scaleB, ofB, scaleB, v.pitch, true);
        f.call(blocks.dots, [v.rows, v.pitch, v.columns, a, b, scaleA, scaleB, levels, out, p.exponent]);
      });
      f.get(p.root).f64Const(0.5).op('f64.eq').if();
      f.call(roots, [times(v.rows, v.pitch), out]).else();
      f.get(p.root).f64Const(1).op('f64.ne').if();
      f.call(powers, [times(v.rows, v.pitch), out, p.root])
        .end()
        .end();
      walk.store(out, v.pitch, pairs, p.out);
    };
    const pointers = [
      [p.a, p.scaleA],
      [p.b, p.scaleB],
      [p.levels, p.out],
    ] as const;
    eachBlock(walk, p, v, pointers, [p.n, blockRows, v.row, v.rows], block);
  });
}

function defineAllSums(module: ModuleBuilder, blocks: Blocks, pack: number): void {
  const sizes = i32Params(
    'batches',
    'n',
    'm',
    'width',
    'weights',
    'b',
    'a',
    'scaleA',
    'levels',
    'room',
    'out',
  );
  module.define({ export: 'allSums' }, { ...sizes, exponent: 'f64' } as const, (f, p) => {
    const { walk, v, areas, ofA, ofB } = walkOver(f, blocks.lane, pack, p);
    const [a, b, scaleA, weights, levels, out] = areas;
    const pairs = { row: v.other, rows: v.others, column: v.row, columns: v.rows, width: p.n };
    const block = (): void => {
      walk.clear(out, v.columns, v.pitch);
      walk.bring(p.b, ofB, b, v.pitch, true);
      walk.parts(p.n, blockRows, v.row, v.rows, () => {
        walk.bring(p.a, ofA, a, v.columns);
        walk.bring(p.weights, pairs, weights, v.pitch, true);
        if (blocks.scaledA) walk.bring(p.scaleA, ofA, scaleA, v.columns);
        if (blocks.leveled) walk.bring(p.levels, pairs, levels, v.pitch, true);
        f.call(blocks.sums, [v.rows, v.pitch, v.columns, a, b, weights, scaleA, levels, out, p.exponent]);
      });
      walk.store(out, v.pitch, ofB, p.out, true);
    };
    const pointers = [
      [p.a, p.scaleA],
      [p.b, p.out],
      [p.weights, p.levels],
    ] as const;
    eachBlock(walk, p, v, pointers, [p.width, blockColumns, v.column, v.columns], block);
  });
}

/**
 * Adds `roots`; `allDots`, which makes of (batches, n, width) and (batches, m, width) numbers (batches, n, m); and
 * `allSums`, which makes of weights (batches, m, n), b (batches, m, width) and a (batches, n, width) numbers of the
 * shape of b.
 */
export function definePairDrivers(module: ModuleBuilder, blocks: Blocks): void {
  const roots = defineRoots(module, blocks.lane);
  const powers = definePowers(module, blocks.lane, blocks.power);
  const pack = definePack(module, blocks.lane);
  defineAllDots(module, blocks, pack, roots, powers);
  defineAllSums(module, blocks, pack);
}
