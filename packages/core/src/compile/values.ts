import type { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import type { Value } from './program.ts';

/** The tensor that a value is in other memory, `shift` elements further on. */
export const moved = (
  { shape, dtype, offset, strides, dense }: Value,
  storage: Storage,
  shift: number,
): Tensor => new Tensor(storage, shape, dtype, offset + shift, dense ? null : strides);
