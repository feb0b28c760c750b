/** Elements of planes at the places that pooling found: gathered, or put back. */

import { bytesOf, type DType, type TypedArray } from '../../../dtype.ts';
import { placeOf, recordCall, recorder } from '../../recording/index.ts';
import { is, plus, times } from '../../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../../wasm/index.ts';

type Kernel = (...args: number[]) => number | void;
type MoveName = 'add' | 'put' | 'take';

/** Whether it looks for indices that are none of a plane. */
const checks = (name: MoveName): boolean => name === 'put';

/**
 * Of each of so many planes of `size` elements `count` ones, at `index`: those of `a` that the others at `b` are added
 * to or put in the place of, or that are taken there. Where an index is none of a plane, as that of a window without
 * entries is, nothing is added, and 0 is taken; to put an element there gives 1, and does no more.
 */
const kernels = memoized((dtype: DType): Readonly<Record<MoveName, Kernel>> => {
  const bytes = bytesOf(dtype);
  const lane = dtype === 'float32' ? 'f32' : 'f64';
  const module = new ModuleBuilder();
  const params = i32Params('planes', 'size', 'count', 'index', 'a', 'b');
  const define = (
    name: MoveName,
    clears: boolean,
    move: (f: FunctionBuilder, p: Readonly<Record<'a' | 'b', number>>, at: number) => void,
    beyond: (f: FunctionBuilder, p: Readonly<Record<'b', number>>) => void,
  ): void => {
    module.define({ export: name, ...(checks(name) && { result: 'i32' }) }, params, (f, p) => {
      const v = f.locals('i32', 'n', 'i', 'at');
      if (clears) {
        f.get(p.a).i32Const(0);
        f.push(times(p.planes, p.size, is(bytes))).memoryFill();
      }
      f.upTo(v.n, p.planes, is(1), () => {
        f.upTo(v.i, p.count, is(1), () => {
          f.get(p.index).load('i32.load').tee(v.at).get(p.size).op('i32.ge_u').if();
          beyond(f, p);
          f.else();
          f.put(v.at, plus(p.a, times(v.at, is(bytes))));
          move(f, p, v.at);
          f.end();
          f.bump(p.b, { bytes });
          f.bump(p.index, { bytes: 4 });
        });
        f.put(p.a, plus(p.a, times(p.size, is(bytes))));
      });
      if (checks(name)) f.i32Const(0);
    });
  };
  const load = `${lane}.load` as const;
  const store = `${lane}.store` as const;
  define(
    'add',
    true,
    (f, p, at) => f.get(at).get(at).load(load).get(p.b).load(load).op(`${lane}.add`).store(store),
    () => {},
  );
  define(
    'put',
    true,
    (f, p, at) => f.get(at).get(p.b).load(load).store(store),
    (f) => f.i32Const(1).return(),
  );
  define(
    'take',
    false,
    (f, p, at) => f.get(p.b).get(at).load(load).store(store),
    (f, p) => f.get(p.b)[lane === 'f32' ? 'f32Const' : 'f64Const'](0).store(store),
  );
  return module.instantiate();
});

/** An index that is none of a plane, to be told the caller; `null` where all are. */
type BadIndex = number | null;

/** The places of elements: `count` in each of so many planes of `size` elements. */
interface Places {
  readonly planes: number;
  readonly size: number;
  readonly count: number;
  readonly index: TypedArray;
}

function record(
  name: MoveName,
  { planes, size, count, index }: Places,
  a: TypedArray,
  b: TypedArray,
): boolean {
  if (recorder === null) return false;
  const callee = kernels(placeOf(a).area.dtype)[name];
  const writes = [name === 'take' ? b : a];
  recordCall(name, callee, [planes, size, count, index, a, b], { writes, checks: checks(name) });
  return true;
}

function badIndex({ size, index }: Places): BadIndex {
  for (const i of index) if (i < 0 || i >= size) return i;
  return null;
}

/** Zeros, and values at places of their planes: each in the place of those before it. */
export function putInPlanes(places: Places, values: TypedArray, out: TypedArray): BadIndex {
  if (record('put', places, out, values)) return null;
  const bad = badIndex(places);
  if (bad === null) fillPlanes(places, values, out, false);
  return bad;
}

/** Zeros, and values added up at places of their planes; those of no place are left out. */
export function addInPlanes(places: Places, values: TypedArray, out: TypedArray): void {
  if (!record('add', places, out, values)) fillPlanes(places, values, out, true);
}

function fillPlanes(places: Places, values: TypedArray, out: TypedArray, adds: boolean): void {
  out.fill(0);
  // Of float32 alone, so that the loop is compiled to plain loads and stores.
  if (out instanceof Float32Array && values instanceof Float32Array) fillEach(places, values, out, adds);
  else fillEach(places, values, out, adds);
}

function fillEach(
  { planes, size, count, index }: Places,
  values: TypedArray,
  out: TypedArray,
  adds: boolean,
): void {
  for (let n = 0, i = 0, base = 0; n < planes; n++, base += size)
    for (const end = i + count; i < end; i++) {
      const place = index[i] ?? 0;
      if (place >= size) continue;
      const at = base + place;
      out[at] = adds ? (out[at] ?? 0) + (values[i] ?? 0) : (values[i] ?? 0);
    }
}

/** The elements at places of their planes; 0 of no place. */
export function takeFromPlanes(places: Places, source: TypedArray, out: TypedArray): void {
  if (record('take', places, source, out)) return;
  const { planes, size, count, index } = places;
  for (let n = 0, i = 0, base = 0; n < planes; n++, base += size)
    for (const end = i + count; i < end; i++) {
      const place = index[i] ?? 0;
      out[i] = place < size ? (source[base + place] ?? 0) : 0;
    }
}
