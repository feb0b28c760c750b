import {
  type Compiled,
  CompileError,
  compile,
  isFloatingPoint,
  KindlingError,
  manualSeed,
  noGrad,
  type Tensor,
} from '@kindling/core';
import { expect } from 'vitest';
import { resultLeaves } from '../oracle/tensors.ts';

/** Something to be called several times, and the tensors that it leaves changed. */
export interface World {
  readonly call: (...args: never[]) => unknown;
  readonly argumentsOf?: (i: number) => unknown[];
  /** What stands around a call: a mode, say. */
  readonly around?: (i: number, run: () => unknown) => unknown;
  readonly state?: () => readonly (Tensor | null)[];
}

/** Gives the next call other inputs: the program must not keep the ones that it was recorded with. */
export function change(tensors: readonly Tensor[]): void {
  noGrad(() => {
    for (const x of tensors) if (isFloatingPoint(x.dtype)) x.mul_(0.875);
  });
}

/** dtype, shape and elements, such that NaN equals NaN and 0 is not -0. */
export const bitsOf = (x: Tensor | null): unknown =>
  x === null
    ? null
    : [
        x.dtype,
        [...x.shape],
        Array.from(x.detach().clone().data as Float32Array, (v) => (Object.is(v, -0) ? '-0' : v)),
      ];

const leavesAsBits = (result: unknown): unknown[] =>
  resultLeaves(result).map((leaf) => (typeof leaf === 'object' ? bitsOf(leaf) : leaf));

/** What each of some calls gives, and leaves. */
function outcomes(world: World, call: (...args: never[]) => unknown, calls: number): unknown[] {
  return Array.from({ length: calls }, (_, i) => {
    let result: unknown;
    try {
      const given = (world.argumentsOf?.(i) ?? []) as never[];
      const run = (): unknown => call(...given);
      result = leavesAsBits(world.around === undefined ? run() : world.around(i, run));
    } catch (error) {
      if (error instanceof CompileError || !(error instanceof KindlingError)) throw error;
      result = error.message;
    }
    return { result, state: (world.state?.() ?? []).map(bitsOf) };
  });
}

/** Two worlds made alike, one called as it is and one compiled: every call gives and leaves the same bits. */
export function expectSameBits(make: () => World, calls = 4): Compiled<never[], unknown> {
  const seeded = (): World => {
    manualSeed(3);
    return make();
  };
  const eager = seeded();
  const expected = outcomes(eager, eager.call, calls);
  const compiled = seeded();
  // Each call from the third on is the program's own.
  const fn = compile(compiled.call, { check: false });
  expect(outcomes(compiled, fn, calls)).toEqual(expected);
  return fn;
}
