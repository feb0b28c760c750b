import { accessOf, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';
import { copyRow } from './move-kernels.ts';

/**
 * Bytes that describe a piece of a row: how far from the row's beginning it comes from, how far each element is from
 * the one before, its length.
 */
export const pieceBytes = 12;

interface PieceKernel {
  /**
   * Writes rows side by side, of each of the blocks of x, `pitch` apart, those that begin where `starts` say. Each row
   * is made of as many pieces, that are `described`. All in bytes, but for counts.
   */
  arrange(
    blocks: number,
    pitch: number,
    rows: number,
    pieces: number,
    starts: number,
    described: number,
    x: number,
    out: number,
  ): void;
}

const splats = { 1: 'v128.load8_splat', 4: 'v128.load32_splat', 8: 'v128.load64_splat' } as const;

/** Of elements of 1, 4 or 8 bytes. */
export const pieceKernel = memoized((bytes: number): PieceKernel => {
  const module = new ModuleBuilder();
  const access = accessOf(bytes);
  const { load, store } = access;
  const params = i32Params('blocks', 'pitch', 'rows', 'pieces', 'starts', 'described', 'x', 'out');
  module.define({ export: 'arrange' }, params, (f, p) => {
    const { rows, start, begin, at, left } = f.locals('i32', 'rows', 'start', 'begin', 'at', 'left');
    const { count, piece, length, step } = f.locals('i32', 'count', 'piece', 'length', 'step');
    const value = f.local('v128');
    const one = (by: number): void => {
      f.get(p.out).get(at).load(load).store(store);
      f.bump(p.out, { bytes });
      if (by !== 0) f.bump(at, { bytes: by });
    };
    const repeat = (): void => {
      f.get(at)
        .load(splats[bytes as keyof typeof splats])
        .set(value);
      f.countdown(left, 16, () => {
        f.get(p.out).get(value).store('v128.store');
        f.bump(p.out, { bytes: 16 });
      });
      f.countdown(left, bytes, () => one(0));
    };
    const backwards = (): void => {
      if (bytes === 4) {
        f.countdown(left, 16, () => {
          f.bump(at, { bytes: -12 }).get(p.out).get(at).load('v128.load').get(at).load('v128.load');
          f.shuffle32(3, 2, 1, 0).store('v128.store');
          f.bump(at, { bytes: -4 }).bump(p.out, { bytes: 16 });
        });
      }
      f.countdown(left, bytes, () => one(-bytes));
    };
    f.countdown(p.blocks, 1, () => {
      f.get(p.rows).set(rows).get(p.starts).set(start);
      f.countdown(rows, 1, () => {
        f.get(start).load('i32.load').get(p.x).op('i32.add').set(begin);
        f.get(p.described).set(piece).get(p.pieces).set(count);
        f.countdown(count, 1, () => {
          f.get(piece).load('i32.load').get(begin).op('i32.add').set(at);
          f.get(piece).load('i32.load', 4).set(step);
          f.get(piece).load('i32.load', 8).tee(length).set(left);
          f.get(length).i32Const(bytes).op('i32.eq').if();
          one(0);
          f.else().get(step).i32Const(bytes).op('i32.eq').if();
          copyRow(f, access, at, p.out, length, left);
          f.else().get(step).if();
          backwards();
          f.else();
          repeat();
          f.end().end().end();
          f.bump(piece, { bytes: pieceBytes });
        });
        f.bump(start, { bytes: 4 });
      });
      f.bump(p.x, { local: p.pitch });
    });
  });
  return module.instantiate<PieceKernel>();
});
