import type { TypedArray } from '../dtype.ts';
import { calledAs } from '../errors.ts';
import { elementsOf } from '../kernels/index.ts';
import { camelCase } from '../names.ts';
import { Single } from '../single.ts';
import type { Tensor } from '../tensor.ts';
import { notifyDecision, notifyRead, observed } from './observe.ts';

/**
 * The elements of x in row-major order: the one door to data outside the kernels of operations. `reason` says by what
 * they are read and for what (`'item'`, `'print'`, `'one_hot: number of classes'`): observers see it, and a tracer
 * refuses it.
 *
 * Of a dense tensor this is its memory itself, of any other a copy.
 */
export function valuesOf(x: Tensor, reason: string): TypedArray {
  if (observed) notifyRead(x, reason);
  return read(elementsOf, x, reason);
}

/** The element of a tensor of one that has no array yet; `null` where it has, and where somebody observes reads. */
export function singleOf({ storage: { lodging } }: Tensor): number | null {
  return lodging instanceof Single && !observed ? lodging.value : null;
}

const arrayOf = (x: Tensor): TypedArray => x.storage.array;

/** The memory may be gone: the error bears the name of who reads. */
function read(how: (x: Tensor) => TypedArray, x: Tensor, reason: string): TypedArray {
  try {
    return how(x);
  } catch (error) {
    throw calledAs(camelCase(reason.replace(/:.*/, '')), error);
  }
}

/**
 * Whether a bool holds, {@link valuesOf} for what decides which operations run: where a call is being compiled, the
 * program serves the calls in which it is the same.
 */
export function decidesBy(flag: Tensor, reason: string): boolean {
  if (observed) notifyDecision(flag, reason);
  return read(elementsOf, flag, reason)[0] !== 0;
}

/**
 * {@link valuesOf} for who wants few of many elements, or changes some for a moment: x's memory, which its strides lead
 * through.
 */
export function memoryOf(x: Tensor, reason: string): TypedArray {
  if (observed) notifyRead(x, reason);
  return read(arrayOf, x, reason);
}
