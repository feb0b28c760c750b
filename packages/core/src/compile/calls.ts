/** What a call of a program does, by whatever the program is run. */
import { scatterStrided } from '../kernels/index.ts';
import { ofKernel } from '../record/apply.ts';
import type { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import { type Equation, hostValueIn } from './program.ts';

/** Gives the results of the host parts of a call; by default by running them. */
export type HostResults = (index: number) => unknown;

/** What a gradient says whose memory a later call has overwritten. */
export const gradientGone =
  'this gradient is of an earlier call of a compiled function, which has overwritten it; clone() it to keep it';

/** Does an equation by its eager kernel; `found` is what the host parts gave. */
export function runEagerly(
  { name, rerun, attrs, host, outputs: values }: Equation,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  found: readonly unknown[],
): void {
  try {
    rerun?.(inputs, host === null ? attrs : hostValueIn(found, host), outputs);
  } catch (error) {
    throw ofKernel(error, name, values[0]?.shape ?? [], inputs);
  }
}

/** Brings what became of an argument, which begins at element `at` of a memory, back to it. */
export function bringBack(memory: Storage, at: number, x: Tensor | undefined): void {
  if (x === undefined) return;
  const { shape, dtype, strides, dense } = x;
  scatterStrided(new Tensor(memory, shape, dtype, at, dense ? null : strides), x);
  x.storage.version++;
}
