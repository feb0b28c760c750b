/** The loops of `dot` over columns of b and rows of a. */

import { type ModuleBuilder, range } from '../wasm/index.ts';
import { dotTile, type GemmLane, narrowTile, productParams } from './tiles.ts';

/** Columns of b that stay in cache while all rows of a pass by. */
const COLUMNS = 8;

/**
 * Adds the product by `dot` of an a with contiguous rows and a b with contiguous columns, exported as `dot`; gives its
 * function.
 */
export function dotProduct(module: ModuleBuilder, t: GemmLane): number {
  const tilesOf = (rows: number) => {
    const [one, two] = [dotTile(module, t, rows, 1), dotTile(module, t, rows, 2)];
    return {
      rows,
      byWidth: [
        [2, two],
        [1, one],
      ],
    } as const;
  };
  const smaller = range(narrowTile.rows - 1).map((i) => tilesOf(i + 1));
  const largest = tilesOf(narrowTile.rows);
  return module.define({ export: 'dot' }, productParams(t), (f, p) => {
    const v = f.locals('i32', 'cRow', 'rowsLeft', 'columnsLeft', 'columns', 'a', 'b', 'cRows', 'c');
    f.get(p.n).i32Const(t.bytes).op('i32.mul').set(v.cRow);
    const rowOfTiles = ({ byWidth }: typeof largest): void => {
      f.get(v.columns).set(v.columnsLeft).get(p.b).set(v.b).get(v.cRows).set(v.c);
      for (const [width, tile] of byWidth) {
        f.countdown(v.columnsLeft, width, () => {
          f.get(p.k).get(v.a).get(p.aStride).get(v.b).get(p.bStride).get(v.c).get(v.cRow);
          f.get(p.alpha).get(p.accumulate).call(tile);
          f.get(v.b).get(p.bStride).i32Const(width).op('i32.mul').op('i32.add').set(v.b);
          f.bump(v.c, { bytes: width * t.bytes });
        });
      }
    };
    const nextColumns = f.loop();
    f.atMost(p.n, COLUMNS);
    f.set(v.columns).get(p.m).set(v.rowsLeft).get(p.a).set(v.a).get(p.c).set(v.cRows);
    f.countdown(v.rowsLeft, narrowTile.rows, () => {
      rowOfTiles(largest);
      f.get(v.a).get(p.aStride).i32Const(narrowTile.rows).op('i32.mul').op('i32.add').set(v.a);
      f.get(v.cRows).get(v.cRow).i32Const(narrowTile.rows).op('i32.mul').op('i32.add').set(v.cRows);
    });
    for (const tiles of smaller) {
      f.get(v.rowsLeft).i32Const(tiles.rows).op('i32.eq').if();
      rowOfTiles(tiles);
      f.end();
    }
    f.get(p.b).get(p.bStride).get(v.columns).op('i32.mul').op('i32.add').set(p.b);
    f.get(p.c).get(v.columns).i32Const(t.bytes).op('i32.mul').op('i32.add').set(p.c);
    f.get(p.n).get(v.columns).op('i32.sub').tee(p.n).brIf(nextColumns);
    f.end();
  });
}
