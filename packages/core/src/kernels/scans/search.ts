import type { DType, TypedArray } from '../../dtype.ts';
import { dtypeOf, runCall } from '../recording/index.ts';
import { i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/** How values are looked for. */
export interface Search {
  /** How long each sorted row of boundaries is. */
  readonly size: number;
  /** How many values one after the other are looked for in one row; then comes the next. */
  readonly perRow: number;
  /** Whether a value that equals boundaries belongs after them. */
  readonly right: boolean;
}

/** How many boundaries of its row lie before each value. */
export function searchRows(
  boundaries: TypedArray,
  values: TypedArray,
  { size, perRow, right }: Search,
  out: TypedArray,
): void {
  const kernel = searchKernel(`${dtypeOf(boundaries)} ${dtypeOf(values)}`);
  const args = [values.length, perRow, size, Number(right), boundaries, values, out];
  if (runCall('search', kernel, args)) return;
  for (let i = 0; i < values.length; i++) {
    const start = Math.floor(i / perRow) * size;
    out[i] = insertionPoint(boundaries, start, start + size, values[i]!, right);
  }
}

/** How many of `boundaries[start..stop]` lie before the value. */
function insertionPoint(
  boundaries: TypedArray,
  start: number,
  stop: number,
  value: number,
  right: boolean,
): number {
  let low = start;
  let high = stop;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const boundary = boundaries[middle]!;
    // Written so that a NaN among the values goes last.
    if (right ? !(boundary > value) : !(boundary >= value)) low = middle + 1;
    else high = middle;
  }
  return low - start;
}

/** What {@link searchRows} does, at addresses, for boundaries and values of some dtypes. */
const searchKernel = memoized((key: `${DType} ${DType}`): ((...args: number[]) => void) => {
  const [ofBoundaries, ofValues] = key.split(' ') as [DType, DType];
  const module = new ModuleBuilder();
  const params = i32Params('count', 'perRow', 'size', 'right', 'boundaries', 'values', 'out');
  module.define({ export: 'search' }, params, (f, p) => {
    const { place, left, start } = f.locals('i32', 'place', 'left', 'start');
    const { low, high, middle } = f.locals('i32', 'low', 'high', 'middle');
    const { value, boundary } = f.locals('f64', 'value', 'boundary');
    f.get(p.perRow).set(left);
    f.countdown(p.count, 1, () => {
      f.pushPlace(p.values, place, ofValues).loadNumber(ofValues).set(value);
      f.get(start).set(low).get(start).get(p.size).op('i32.add').set(high);
      const found = f.block();
      const next = f.loop();
      f.get(low).get(high).op('i32.ge_s').brIf(found);
      f.get(low).get(high).op('i32.add').i32Const(1).op('i32.shr_u').set(middle);
      f.pushPlace(p.boundaries, middle, ofBoundaries).loadNumber(ofBoundaries).set(boundary);
      f.get(boundary).get(value).op('f64.gt').get(boundary).get(value).op('f64.ge');
      f.get(p.right).op('select').if();
      f.get(middle).set(high);
      f.else().get(middle).i32Const(1).op('i32.add').set(low).end();
      f.i32Const(1).brIf(next).end().end();
      f.get(p.out).get(low).get(start).op('i32.sub').store('i32.store');
      f.bump(p.out, { bytes: 4 });
      f.bump(place, { bytes: 1 });
      f.get(left).i32Const(1).op('i32.sub').tee(left).op('i32.eqz').if();
      f.get(p.perRow).set(left);
      f.bump(start, { local: p.size });
      f.end();
    });
  });
  return module.instantiate<{ search: (...args: number[]) => void }>().search;
});
