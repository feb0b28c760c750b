/** The first of many elements, which are kept in order while all the others pass by, at addresses. */
import { bytesOf, type DType } from '../../../dtype.ts';
import { is, minus, plus } from '../../wasm/formulas.ts';
import { i32Params, type ModuleBuilder } from '../../wasm/index.ts';
import { each, step } from './keys.ts';
import { Moves } from './moves.ts';

/** How many are kept at most. */
export const mostKept = 32;

/**
 * Adds what stores, in `order`, where the first `count` of n elements stand, in order, and gives 1; 0 where one of them
 * occurs twice, so that algorithms have a say, where there is NaN, where they need not be `sorted`, or are too many.
 * With a `mask` of ones the greatest come first.
 */
export const defineFirstOfDistinct = (module: ModuleBuilder, dtype: DType): number =>
  module.define(
    { name: 'firstOfDistinct', result: 'i32' },
    i32Params('x', 'order', 'kept', 'n', 'count', 'sorted', 'mask'),
    (f, p) => {
      const { i, left, found, at, previous } = f.locals('i32', 'i', 'left', 'found', 'at', 'previous');
      const { places, met, j } = f.locals('i32', 'places', 'met', 'j');
      const { key, last, twice, other, sign } = f.locals(
        'f64',
        ...(['key', 'last', 'twice', 'other', 'sign'] as const),
      );
      f.get(p.count).op('i32.eqz').if();
      f.i32Const(1).return().end();
      f.get(p.sorted).op('i32.eqz').get(p.count).i32Const(mostKept).op('i32.gt_s').op('i32.or').if();
      f.i32Const(0).return().end();
      f.put(places, plus(p.kept, is(8 * mostKept)));
      f.get(p.mask).i32Const(1).op('i32.or').op('f64.convert_i32_s').set(sign);
      f.f64Const(Number.POSITIVE_INFINITY).set(last);
      const kept = new Moves(f, 'f64', { keys: p.kept, order: places });
      each(f, p.n, left, () => {
        const passes = f.block();
        // Most are behind all that are kept.
        f.get(p.x).loadNumber(dtype).get(sign).op('f64.mul').tee(key).get(last).op('f64.gt').brIf(passes);
        f.get(key).get(key).op('f64.ne').if();
        f.i32Const(0).return().end();
        f.get(found).set(at);
        const there = f.block();
        const next = f.loop();
        f.get(at).op('i32.eqz').brIf(there);
        f.put(previous, minus(at, is(1)));
        kept.pushKey(previous).tee(other).get(key).op('f64.le').brIf(there);
        f.get(previous).set(at).i32Const(1).brIf(next).end().end();
        f.get(at).i32Const(0).op('i32.gt_s').get(other).get(key).op('f64.eq').op('i32.and').if();
        f.get(met).op('i32.eqz').get(key).get(twice).op('f64.lt').op('i32.or').if();
        f.get(key).set(twice).i32Const(1).set(met).end().end();
        f.get(at).get(p.count).op('i32.eq').brIf(passes);
        f.get(found).get(p.count).op('i32.lt_s').get(found).op('i32.add').set(found);
        f.put(j, minus(found, is(1)));
        kept.moveOn(at, j);
        kept.put(at, key, i);
        f.get(found).get(p.count).op('i32.eq').if();
        kept.pushKey(j).set(last);
        f.end();
        f.end();
        step(f, i);
        f.bump(p.x, { bytes: bytesOf(dtype) });
      });
      f.get(met).get(twice).get(last).op('f64.le').op('i32.and').if();
      f.i32Const(0).return().end();
      f.get(p.order)
        .get(places)
        .push(['i32.shl', p.count, is(2)])
        .memoryCopy();
      f.i32Const(1);
    },
  );
