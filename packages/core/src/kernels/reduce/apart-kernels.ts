/** Reductions of rows whose pieces lie apart: each block is brought together before it is reduced. */

import { is, minus, plus, times } from '../wasm/formulas.ts';
import { i32Params, type ModuleBuilder } from '../wasm/index.ts';
import { BLOCK } from './row-kernels.ts';
import { type Spec, untilNoneLeft } from './steps.ts';

/** Elements of scratch that {@link emitRowsApart}'s function takes: copies go by whole vectors. */
export const scratchOfRowsApart = BLOCK + 16;

/**
 * Writes `rowsApart`, which calls `rows`, the function of that name, for whole blocks where they lie, and else for what
 * it copies to scratch.
 */
export function emitRowsApart(module: ModuleBuilder, s: Spec, rows: number): void {
  const names = ['outer', 'pieces', 'length', 'leap', 'pitch', 'x', 'out', 'center', 'scratch'] as const;
  module.define({ export: 'rowsApart' }, i32Params(...names), (f, p) => {
    const { piece, start, from, left, to, room, count, accumulate } = f.locals(
      'i32',
      ...(['piece', 'start', 'from', 'left', 'to', 'room', 'count', 'accumulate'] as const),
    );
    const inBytes = (elements: number) => times(elements, is(s.elementBytes));
    const reduce = (elements: number, at: number): void => {
      f.call(rows, [is(1), elements, at, p.out, p.center, accumulate])
        .i32Const(1)
        .set(accumulate);
    };
    const empty = (): void => void f.put(to, p.scratch).i32Const(BLOCK).set(room);
    const copy = (): void => {
      f.putLeast(count, left, room);
      for (const counter of [left, room]) f.put(counter, minus(counter, count));
      const bytes = f.local('i32');
      f.put(bytes, plus(inBytes(count), is(15)));
      const [source, target] = [f.local('i32'), f.local('i32')];
      f.get(from).set(source).get(to).set(target);
      f.countdown(bytes, 16, () => {
        f.get(target).get(source).load('v128.load').store('v128.store');
        for (const pointer of [source, target]) f.bump(pointer, { bytes: 16 });
      });
      for (const pointer of [from, to]) f.put(pointer, plus(pointer, inBytes(count)));
    };
    f.countdown(p.outer, 1, () => {
      f.i32Const(0).set(accumulate).get(p.x).set(start).get(p.pieces).set(piece);
      empty();
      f.countdown(piece, 1, () => {
        f.get(start).set(from).get(p.length).set(left);
        untilNoneLeft(f, left, 0, () => {
          f.get(room)
            .i32Const(BLOCK)
            .op('i32.eq')
            .get(left)
            .i32Const(BLOCK)
            .op('i32.ge_s')
            .op('i32.and')
            .if();
          f.put(count, ['i32.and', left, is(-BLOCK)]);
          reduce(count, from);
          f.put(from, plus(from, inBytes(count))).put(left, minus(left, count));
          f.else();
          copy();
          f.get(room).op('i32.eqz').if();
          f.i32Const(BLOCK).set(count);
          reduce(count, p.scratch);
          empty();
          f.end();
          f.end();
        });
        f.bump(start, { local: p.pitch });
      });
      f.put(count, minus(is(BLOCK), room))
        .get(count)
        .if();
      reduce(count, p.scratch);
      f.end();
      f.bump(p.x, { local: p.leap });
      for (const pointer of [p.out, p.center]) f.bump(pointer, { bytes: s.bytes });
    });
  });
}
