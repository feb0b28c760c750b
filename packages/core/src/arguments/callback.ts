import { errorFor } from './explain.ts';
import { callable, fits } from './kinds.ts';

/**
 * What a call of a user's function threw, unless that is a class: then that a class came where a function was to be
 * called. For where asking beforehand, at each call, would cost too much.
 */
export const ofCallback = (caller: string, fn: unknown, error: unknown): unknown =>
  fits(callable, fn) ? error : errorFor(caller, { fn: callable }, [fn]);
