/** What rows.ts does to pick elements of rows, at addresses. */
import type { DType } from '../../../dtype.ts';
import { is, minus, plus, times } from '../../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../../wasm/index.ts';
import { defineFirstOfDistinct } from './first-of-distinct.ts';
import { copyElement, defineKey, each, keepKeyBits, type Locals, step } from './keys.ts';
import { type KeyType, Moves } from './moves.ts';
import { defineSelecting } from './selecting.ts';

const params = i32Params(
  ...(['rows', 'n', 'inner', 'count', 'rank', 'mask', 'sorted'] as const),
  ...(['x', 'keys', 'order', 'kept', 'values', 'indices'] as const),
);
type Parameters = Locals<keyof typeof params>;

/**
 * Stores what is picked of rows of n elements that lie one after the other, `count` of each, and where they stood;
 * results of neighbouring rows lie side by side, `inner` of them. There is room for a row of 64-bit integers in `keys`,
 * for one of 32-bit ones in `order`, and for as many as firstOfDistinct keeps of both in `kept`.
 */
type Pick = (...args: number[]) => void;

interface OrderedPicks {
  /** The first in order, as PyTorch's topk has them; `mask` flips the order. */
  readonly topk: Pick;
  /** The one at place `rank`, as PyTorch's kthvalue has it. */
  readonly kthvalue: Pick;
}

/**
 * Defines what goes through rows: `read` replaces the address of an element by its key, `pick` brings the picked ones
 * to the first places.
 */
function definePick(
  module: ModuleBuilder,
  name: string,
  dtype: DType,
  type: KeyType,
  read: (f: FunctionBuilder, p: Parameters) => void,
  pick: (m: Moves, p: Parameters) => void,
  firstOfDistinct?: number,
): void {
  module.define({ export: name }, params, (f, p) => {
    const m = new Moves(f, type, p);
    const { row, column, left, i } = f.locals('i32', 'row', 'column', 'left', 'i');
    const { start, from, at } = f.locals('i32', 'start', 'from', 'at');
    const key = f.local(type);
    f.countdown(p.rows, 1, () => {
      if (firstOfDistinct !== undefined) {
        f.pushPlace(p.x, start, dtype);
        f.call(firstOfDistinct, [p.order, p.kept, p.n, p.count, p.sorted, p.mask]).op('i32.eqz').if();
      }
      f.i32Const(0).set(i);
      each(f, p.n, left, () => {
        f.put(at, plus(start, i)).pushPlace(p.x, at, dtype);
        read(f, p);
        f.set(key);
        m.put(i, key, i);
        step(f, i);
      });
      pick(m, p);
      if (firstOfDistinct !== undefined) f.end();
      f.put(at, plus(times(minus(row, column), p.count), column))
        .i32Const(0)
        .set(i);
      each(f, p.count, left, () => {
        m.pushFrom(i).set(from);
        f.pushPlace(p.indices, at, 'int32').get(from).store('i32.store');
        f.put(from, plus(start, from)).pushPlace(p.values, at, dtype);
        copyElement(f.pushPlace(p.x, from, dtype), dtype);
        step(f, i);
        f.bump(at, { local: p.inner });
      });
      f.bump(start, { local: p.n });
      step(f, row);
      step(f, column);
      f.get(column).get(p.inner).op('i32.eq').if();
      f.i32Const(0).set(column).end();
    });
  });
}

/** Those that compare elements as rows are sorted, NaN being the greatest. */
export const orderedPicks = memoized((dtype: DType): OrderedPicks => {
  const module = new ModuleBuilder();
  const keyOf = defineKey(module, dtype);
  const { nthElement, partialSort, sort, quickSelect } = defineSelecting(module, 'i64');
  const firstOfDistinct = defineFirstOfDistinct(module, dtype);
  const read = (f: FunctionBuilder, p: Parameters): void => {
    const flip = f.local('i64');
    f.call(keyOf).get(p.mask).op('i64.extend_i32_s');
    keepKeyBits(f, dtype, flip);
    f.get(flip).op('i64.xor');
  };
  const topk = ({ f }: Moves, p: Parameters): void => {
    f.get(p.count)
      .push(['i32.shr_u', p.n, is(6)])
      .op('i32.le_s')
      .if();
    f.call(partialSort, [p.keys, p.order, p.n, p.count]).else();
    f.call(nthElement, [p.keys, p.order, p.n, minus(p.count, is(1))])
      .get(p.sorted)
      .if();
    f.call(sort, [p.keys, p.order, minus(p.count, is(1))])
      .end()
      .end();
  };
  definePick(module, 'topk', dtype, 'i64', read, topk, firstOfDistinct);
  definePick(module, 'kthvalue', dtype, 'i64', read, (m, p) => {
    const first = m.f.local('i32');
    m.f.call(quickSelect, [p.keys, p.order, p.n, p.rank]);
    m.copy(p.rank, first);
  });
  return module.instantiate<OrderedPicks>();
});

/**
 * The element that occurs most often, the least of several, as PyTorch's mode has it; where there is NaN, by what is no
 * order.
 */
export const modePick = memoized((dtype: DType): Pick => {
  const module = new ModuleBuilder();
  const { sort } = defineSelecting(module, 'f64');
  const read = (f: FunctionBuilder): void => {
    f.loadNumber(dtype);
  };
  definePick(module, 'mode', dtype, 'f64', read, (m, p) => {
    const { f } = m;
    const { i, next, run, most, best, first } = f.locals(
      'i32',
      'i',
      'next',
      'run',
      ...(['most', 'best', 'first'] as const),
    );
    f.call(sort, [p.keys, p.order, p.n]);
    f.i32Const(0).set(i).i32Const(0).set(run).i32Const(0).set(most);
    const count = f.local('i32');
    each(f, p.n, count, () => {
      step(f, run);
      f.put(next, plus(i, is(1)))
        .get(count)
        .i32Const(1)
        .op('i32.gt_s');
      m.pushKey(i);
      m.pushKey(next);
      f.op('f64.eq').op('i32.and').op('i32.eqz').if();
      f.get(run).get(most).op('i32.gt_s').if();
      f.get(run).set(most).get(i).set(best).end();
      f.i32Const(0).set(run).end();
      f.get(next).set(i);
    });
    m.copy(best, first);
  });
  return module.instantiate<{ mode: Pick }>().mode;
});
