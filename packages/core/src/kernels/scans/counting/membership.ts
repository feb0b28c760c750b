import type { DType, TypedArray } from '../../../dtype.ts';
import { dtypeOf, mayLook, Room, runCall } from '../../recording/index.ts';
import { is, minus, plus } from '../../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../../wasm/index.ts';

/** Of fewer elements copies into scratch and back cost more than they save. */
const worthCall = 64;

/**
 * Whether each element of `x` is among some (or not, with `invert`): says whether it found out. NaN is equal to
 * nothing.
 */
export function findAmong(x: TypedArray, among: TypedArray, invert: boolean, out: TypedArray): boolean {
  if (mayLook() && x.length + among.length < worthCall) return false;
  // At most half of the table is in use.
  const bits = 33 - Math.clz32(Math.max(1, among.length));
  const table = new Room('float64', 2 ** bits);
  const kernel = membershipKernel(`${dtypeOf(x)} ${dtypeOf(among)}`);
  return runCall('isin', kernel, [x.length, among.length, bits, Number(invert), x, among, table, out]);
}

const params = i32Params('count', 'members', 'bits', 'invert', 'x', 'among', 'table', 'out');

/**
 * What {@link findAmong} does, at addresses, for elements and members of some dtypes: by a table of numbers, which
 * begin at their hash.
 */
const membershipKernel = memoized((key: `${DType} ${DType}`): ((...args: number[]) => void) => {
  const [ofElements, ofMembers] = key.split(' ') as [DType, DType];
  const module = new ModuleBuilder();
  module.define({ export: 'isin' }, params, (f, p) => {
    const { i, place, mask } = f.locals('i32', 'i', 'place', 'mask');
    const { value, other } = f.locals('f64', 'value', 'other');
    const load = (base: number, dtype: DType): FunctionBuilder =>
      // 0 and -0 are one number.
      f.pushPlace(base, i, dtype).loadNumber(dtype).f64Const(0).op('f64.add').tee(value);
    /** Leaves `place` where the number stands, or where there is none: NaN stands for that. */
    const look = (): void => {
      f.get(value).op('i64.reinterpret_f64').i32Const(-0x61c88647).op('i64.extend_i32_u').op('i64.mul');
      f.push(minus(is(64), p.bits))
        .op('i64.extend_i32_u')
        .op('i64.shr_u')
        .op('i32.wrap_i64')
        .set(place);
      const found = f.block();
      const next = f.loop();
      f.pushPlace(p.table, place, 8).load('f64.load').tee(other).get(value).op('f64.eq');
      f.get(other).get(other).op('f64.ne').op('i32.or').brIf(found);
      f.put(place, ['i32.and', plus(place, is(1)), mask])
        .i32Const(1)
        .brIf(next)
        .end()
        .end();
    };
    f.put(mask, minus(['i32.shl', is(1), p.bits], is(1)));
    f.get(p.table)
      .i32Const(255)
      .push(['i32.shl', is(8), p.bits])
      .memoryFill();
    f.upTo(i, p.members, is(1), () => {
      load(p.among, ofMembers).get(value).op('f64.eq').if();
      look();
      f.pushPlace(p.table, place, 8).get(value).store('f64.store').end();
    });
    f.upTo(i, p.count, is(1), () => {
      load(p.x, ofElements).get(value).op('f64.ne').if();
      f.f64Const(0).set(other).else();
      look();
      f.end();
      f.push(plus(p.out, i))
        .get(value)
        .get(other)
        .op('f64.eq')
        .get(p.invert)
        .op('i32.ne')
        .store('i32.store8');
    });
  });
  return module.instantiate<{ isin: (...args: number[]) => void }>().isin;
});
