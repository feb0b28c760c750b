import type { TypedArray } from '../../dtype.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { i32Params, ModuleBuilder, once } from '../wasm/index.ts';

/** Matrices of a size, one after the other. */
interface Matrices {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Stores 0 in matrices: from column `edge` of the first row on, and one further on in each row after it; or, of the
 * other side, up to there.
 */
export function clearTriangles(
  array: TypedArray,
  { rows, columns }: Matrices,
  edge: number,
  above: boolean,
): void {
  const count = array.length / Math.max(columns, 1);
  if (recorder !== null) {
    const bytes = array.BYTES_PER_ELEMENT;
    const first = Math.min(Math.max(edge, -rows), columns);
    recordCall('triangle', triangles(), [count, rows, columns, first, Number(above), bytes, array], {
      keeps: [array],
    });
    return;
  }
  for (let row = 0; row < count; row++) {
    const start = row * columns;
    const cut = start + Math.min(Math.max((row % rows) + edge, 0), columns);
    if (above) array.fill(0, cut, start + columns);
    else array.fill(0, start, cut);
  }
}

/** The kernel, made when first needed. */
const triangles = once(() => {
  const module = new ModuleBuilder();
  const params = i32Params('count', 'rows', 'columns', 'edge', 'above', 'bytes', 'at');
  module.define({ export: 'triangle' }, params, (f, p) => {
    const { row, cut, width } = f.locals('i32', 'row', 'cut', 'width');
    f.get(p.columns).get(p.bytes).op('i32.mul').set(width);
    f.countdown(p.count, 1, () => {
      f.get(row).get(p.edge).op('i32.add').tee(cut).i32Const(0).get(cut).i32Const(0).op('i32.gt_s');
      f.op('select').tee(cut).get(p.columns).get(cut).get(p.columns).op('i32.lt_s').op('select');
      f.get(p.bytes).op('i32.mul').set(cut);
      f.get(p.above).if();
      f.get(p.at).get(cut).op('i32.add').i32Const(0).get(width).get(cut).op('i32.sub').memoryFill();
      f.else();
      f.get(p.at).i32Const(0).get(cut).memoryFill();
      f.end();
      f.bump(p.at, { local: width });
      f.get(row).i32Const(1).op('i32.add').tee(row).get(p.rows).op('i32.eq').if();
      f.i32Const(0).set(row).end();
    });
  });
  return module.instantiate<{ triangle: (...args: number[]) => void }>().triangle;
});
