import { expect } from 'vitest';
import { KindlingError } from '../../src/index.ts';

/** The message of the KindlingError that `f` throws. */
export function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(KindlingError);
    return (error as Error).message;
  }
  throw new Error('expected an error');
}
