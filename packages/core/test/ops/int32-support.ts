import fc from 'fast-check';
import { expect } from 'vitest';
import { type Tensor, tensor, ValueError } from '../../src/index.ts';

/*
 * int32 stands for PyTorch's int64: a result is what BigInt arithmetic gives, or a ValueError where that does not fit. Numbers
 * are drawn small, about the roots and at the ends of the range, so that both happen.
 */

export const least = -(2 ** 31);
export const greatest = 2 ** 31 - 1;
export const element = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.integer({ min: least, max: greatest }),
  fc.constantFrom(least, least + 1, -46341, -46340, 46340, 46341, greatest - 1, greatest),
);
/** Also beyond int32, and beyond 2^53 / 2^31. */
export const number = fc.oneof(
  element,
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 40),
);
export const list = fc.array(element, { minLength: 1, maxLength: 40 });
export const pair = fc.array(fc.tuple(element, element), { minLength: 1, maxLength: 40 });
export const fits = (x: bigint): boolean => x === BigInt.asIntN(32, x);
export const int = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'int32' });

/** What `run` gives is `wanted`, or an error that begins with `name` where one of these does not fit. */
export function check(name: string, run: () => Tensor, wanted: readonly bigint[]): void {
  if (wanted.every(fits)) {
    const got = run();
    expect(got.dtype).toBe('int32');
    expect(Array.from(got.flatten().toArray() as number[], BigInt)).toEqual(wanted);
    return;
  }
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ValueError);
  expect((thrown as Error).message).toMatch(new RegExp(`^${name}: .*int32.*float64`));
}

export const holds = (property: fc.IRawProperty<unknown, false>): void =>
  fc.assert(property, { numRuns: 150, seed: 20260 });
export const floor = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const abs = (x: bigint): bigint => (x < 0n ? -x : x);
