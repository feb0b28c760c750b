/** What kernels take of a grouping, and how they read and write the numbers of groups. */

import type { RowConfig } from '../rows/index.ts';
import type { FunctionBuilder } from '../wasm/index.ts';

/**
 * What each kernel takes of a grouping: samples, blocks, groups, parts of a group, elements of a part and of a group;
 * the bytes from one block, or sample, to the next; and what is added to the variance.
 */
export const sizes = {
  samples: 'i32',
  outer: 'i32',
  groups: 'i32',
  parts: 'i32',
  run: 'i32',
  inner: 'i32',
  pitch: 'i32',
  eps: 'f64',
} as const;

/** Pushes 1 / sqrt(variance + eps), of a float64 variance on the stack. */
export const pushRstd = (f: FunctionBuilder, variance: number, eps: number): FunctionBuilder =>
  f.f64Const(1).get(variance).get(eps).op('f64.add').op('f64.sqrt').op('f64.div');

/** Pushes the number at an address, as float64. */
export const pushNumber = (f: FunctionBuilder, t: RowConfig, address: number): FunctionBuilder =>
  f.get(address).loadNumber(t.lane);

/** Stores a float64 local at an address. */
export function storeNumber(f: FunctionBuilder, t: RowConfig, address: number, value: number): void {
  f.get(address).get(value).storeNumber(t.lane);
}

/** Pushes a float64 local rounded to the lane's type, as float64. */
export const rounded = (f: FunctionBuilder, t: RowConfig, value: number): FunctionBuilder =>
  f.get(value).fromNumber(t.lane).toNumber(t.lane);

/** Runs `body` for each block, moving `pointers` from one to the next. */
export function eachBlock(
  f: FunctionBuilder,
  p: { readonly outer: number; readonly pitch: number },
  pointers: readonly number[],
  left: number,
  body: () => void,
): void {
  f.get(p.outer).set(left);
  f.countdown(left, 1, () => {
    body();
    for (const pointer of pointers) f.bump(pointer, { local: p.pitch });
  });
}
