import { calledAs } from '../errors.ts';

/** A function under a second name, which its errors give. */
export function alias<F extends (...args: never[]) => unknown>(name: string, of: F): F {
  const f = of as unknown as (...args: unknown[]) => unknown;
  return Object.assign((...args: unknown[]) => {
    try {
      return f(...args);
    } catch (error) {
      throw calledAs(name, error);
    }
  }, of) as unknown as F;
}
