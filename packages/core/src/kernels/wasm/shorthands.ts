/** Shorthands for writing kernels with the assembler: named parameters, counted loops, moving pointers. */

import type { FunctionBuilder, ModuleBuilder, ValueType } from './module-builder.ts';

/** The local of each parameter, by name. */
export type ParametersOf<P> = { readonly [K in keyof P]: number };

/** Adds a function whose parameters are known by name: `params` gives their types, in order. */
export function defineFunction<P extends Readonly<Record<string, ValueType>>>(
  module: ModuleBuilder,
  signature: { readonly name?: string; readonly export?: string; readonly result?: ValueType },
  params: P,
  emit: (f: FunctionBuilder, p: ParametersOf<P>) => void,
): number {
  const { result, ...names } = signature;
  const indices = Object.fromEntries(Object.keys(params).map((key, i) => [key, i]));
  return module.addFunction(
    { ...names, params: Object.values(params), results: result === undefined ? [] : [result] },
    (f) => emit(f, indices as ParametersOf<P>),
  );
}

/** Parameters of type i32, for {@link defineFunction}. */
export function i32Params<N extends string>(...names: N[]): Record<N, 'i32'> {
  return Object.fromEntries(names.map((name) => [name, 'i32'])) as Record<N, 'i32'>;
}

/** Fresh locals of one type, by name. */
export function locals<N extends string>(
  f: FunctionBuilder,
  type: ValueType,
  ...names: N[]
): Record<N, number> {
  return Object.fromEntries(names.map((name) => [name, f.local(type)])) as Record<N, number>;
}

/** 0 to n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The elements of two lists side by side, as far as the first goes; the second is at least as long. */
export const zip = <A, B>(a: readonly A[], b: readonly B[]): [A, B][] => a.map((x, i) => [x, b[i]!]);

/** `make`, whose result for a key is made at its first use and kept. */
export function memoized<Key, T>(make: (key: Key) => T): (key: Key) => T {
  const made = new Map<Key, T>();
  return (key) => {
    let it = made.get(key);
    if (it === undefined) {
      it = make(key);
      made.set(key, it);
    }
    return it;
  };
}

/** pointer += a constant number of bytes, or a local. */
export function bump(f: FunctionBuilder, pointer: number, by: { bytes: number } | { local: number }): void {
  f.get(pointer);
  if ('bytes' in by) f.i32Const(by.bytes);
  else f.get(by.local);
  f.op('i32.add').set(pointer);
}

/** Pushes the smaller of a local (taken as signed) and a constant. */
export function atMost(f: FunctionBuilder, local: number, limit: number): void {
  f.get(local).i32Const(limit).get(local).i32Const(limit).op('i32.lt_s').op('select');
}

/** Runs `body` while `counter` >= `step`, subtracting `step` each round. */
export function countdown(f: FunctionBuilder, counter: number, step: number, body: () => void): void {
  f.get(counter).i32Const(step).op('i32.ge_s').if();
  const top = f.loop();
  body();
  f.get(counter).i32Const(step).op('i32.sub').tee(counter).i32Const(step).op('i32.ge_s').brIf(top);
  f.end().end();
}

/**
 * Runs `step(0)`, `step(1)` ... `step(unroll - 1)` and then `advance`, over and over, until `counter` steps are done.
 *
 * The exit after each step keeps the steps in basic blocks of their own: within one, V8 would move the loads of all
 * steps ahead of the arithmetic and spill the accumulators. Leaving early, it skips `advance`.
 */
export function unrolled(
  f: FunctionBuilder,
  counter: number,
  unroll: number,
  step: (u: number) => void,
  advance: () => void,
): void {
  f.get(counter).i32Const(0).op('i32.gt_s').if();
  const done = f.block();
  const top = f.loop();
  for (let u = 0; u < unroll; u++) {
    step(u);
    if (u === unroll - 1) advance();
    f.get(counter).i32Const(1).op('i32.sub').tee(counter);
    if (u === unroll - 1) f.brIf(top);
    else f.op('i32.eqz').brIf(done);
  }
  f.end().end().end();
}
