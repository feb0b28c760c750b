import type { DType } from '../../dtype.ts';
import {
  type FunctionBuilder,
  i32Params,
  type LoadOp,
  ModuleBuilder,
  memoized,
  type StoreOp,
  type ValueType,
} from '../wasm/index.ts';
import type { MoveKernels } from './move-kernels.ts';

/** How a value meets the one that is there. */
export type Combination = 'sum' | 'prod' | 'amax' | 'amin';

/** Values that meet elements. Addresses in bytes; nothing overlaps. */
interface CombineKernels extends Record<Combination, CombineKernel> {
  /**
   * Adds rows of `width` elements to those that begin at rows[r] of each block of `out`, which begin `pitch` bytes
   * apart.
   */
  addRows: MoveKernels['writeRows'];
  /**
   * Adds rows of `width` elements, those that begin at sources[r] of `values`, to those that begin at rows[r] of `out`.
   */
  addRowsOf(count: number, width: number, sources: number, rows: number, values: number, out: number): void;
}

/**
 * Lets values[i step] meet out[positions[i]], one after the other; `step`, in bytes, is 0 where one value meets all.
 * Where `seen` is an address, of a byte of zero for each element of `out`, the first value to come takes the element's
 * place.
 */
type CombineKernel = (
  count: number,
  step: number,
  positions: number,
  values: number,
  seen: number,
  out: number,
) => void;

/** How an element is read, and written, to be computed with in its own type. */
interface Element {
  readonly type: ValueType & ('i32' | 'f32' | 'f64');
  readonly bytes: number;
  readonly load: LoadOp;
  readonly store: StoreOp;
}

const byte: Element = { type: 'i32', bytes: 1, load: 'i32.load8_u', store: 'i32.store8' };
const elements: Readonly<Record<DType, Element>> = {
  float32: { type: 'f32', bytes: 4, load: 'f32.load', store: 'f32.store' },
  float64: { type: 'f64', bytes: 8, load: 'f64.load', store: 'f64.store' },
  int32: { type: 'i32', bytes: 4, load: 'i32.load', store: 'i32.store' },
  uint8: byte,
  bool: byte,
};

/** That of a dtype. */
export const elementOf = (dtype: DType): Element => elements[dtype];

/** Combines the two numbers on the stack, which are in two locals too. */
export function emitCombined(
  f: FunctionBuilder,
  { type }: Element,
  how: Combination,
  a: number,
  b: number,
): void {
  if (how === 'sum') f.op(`${type}.add`);
  else if (how === 'prod') f.op(`${type}.mul`);
  else if (type !== 'i32') f.op(how === 'amax' ? `${type}.max` : `${type}.min`);
  else
    f.get(a)
      .get(b)
      .op(how === 'amax' ? 'i32.gt_s' : 'i32.lt_s')
      .op('select');
}

/** The kernels of a dtype; those of int32 wrap around. */
export const combineKernels = memoized((dtype: DType): CombineKernels => {
  const module = new ModuleBuilder();
  const access = elementOf(dtype);
  const { type, bytes, load, store } = access;
  for (const how of ['sum', 'prod', 'amax', 'amin'] as const) {
    const params = i32Params('count', 'step', 'positions', 'values', 'seen', 'out');
    module.define({ export: how }, params, (f, p) => {
      const { position, at, flag } = f.locals('i32', 'position', 'at', 'flag');
      const { a, b } = f.locals(type, 'a', 'b');
      f.countdown(p.count, 1, () => {
        f.get(p.positions).load('i32.load').set(position);
        f.pushPlace(p.out, position, bytes).tee(at).load(load).set(a);
        f.get(at).get(p.values).load(load).set(b);
        f.get(a).get(b);
        emitCombined(f, access, how, a, b);
        f.set(a);
        f.get(p.seen).if();
        f.get(p.seen).get(position).op('i32.add').tee(flag).load('i32.load8_u').op('i32.eqz').if();
        f.get(b).set(a).get(flag).i32Const(1).store('i32.store8');
        f.end().end();
        f.get(a).store(store);
        f.bump(p.positions, { bytes: 4 });
        f.bump(p.values, { local: p.step });
      });
    });
  }

  emitAddRows(module, access);
  emitAddRowsOf(module, access);
  return module.instantiate<CombineKernels>();
});

/** Adds a row of so many elements to another, and moves both pointers on. */
function addRow(
  f: FunctionBuilder,
  { type, bytes, load, store }: Element,
  { from, to, width, left }: Readonly<Record<'from' | 'to' | 'width' | 'left', number>>,
): void {
  f.get(width).set(left);
  const vectors = (count: number): void => {
    f.countdown(left, (16 * count) / bytes, () => {
      for (let at = 0; at < 16 * count; at += 16) {
        f.get(to).get(to).load('v128.load', at).get(from).load('v128.load', at);
        f.op(type === 'f32' ? 'f32x4.add' : 'f64x2.add').store('v128.store', at);
      }
      f.bump(to, { bytes: 16 * count }).bump(from, { bytes: 16 * count });
    });
  };
  if (type !== 'i32') for (const count of [4, 1]) vectors(count);
  f.countdown(left, 1, () => {
    f.get(to).get(to).load(load).get(from).load(load).op(`${type}.add`).store(store);
    f.bump(to, { bytes }).bump(from, { bytes });
  });
}

function emitAddRows(module: ModuleBuilder, element: Element): void {
  const { bytes } = element;
  const params = i32Params('outer', 'pitch', 'count', 'width', 'rows', 'values', 'out');
  module.define({ export: 'addRows' }, params, (f, p) => {
    const { row, rows, position, to, left } = f.locals('i32', 'row', 'rows', 'position', 'to', 'left');
    f.countdown(p.outer, 1, () => {
      f.get(p.count).set(row).get(p.rows).set(rows);
      f.countdown(row, 1, () => {
        f.get(rows).load('i32.load').set(position);
        f.pushPlace(p.out, position, bytes).set(to);
        addRow(f, element, { from: p.values, to, width: p.width, left });
        f.bump(rows, { bytes: 4 });
      });
      f.bump(p.out, { local: p.pitch });
    });
  });
}

function emitAddRowsOf(module: ModuleBuilder, element: Element): void {
  const { bytes } = element;
  const params = i32Params('count', 'width', 'sources', 'rows', 'values', 'out');
  module.define({ export: 'addRowsOf' }, params, (f, p) => {
    const { position, from, to, left } = f.locals('i32', 'position', 'from', 'to', 'left');
    f.countdown(p.count, 1, () => {
      f.get(p.sources).load('i32.load').set(position);
      f.pushPlace(p.values, position, bytes).set(from);
      f.get(p.rows).load('i32.load').set(position);
      f.pushPlace(p.out, position, bytes).set(to);
      addRow(f, element, { from, to, width: p.width, left });
      f.bump(p.sources, { bytes: 4 }).bump(p.rows, { bytes: 4 });
    });
  });
}
