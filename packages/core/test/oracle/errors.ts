/** Calls that PyTorch's own databases say end in errors: they do here too, in errors of the library. */

import { KindlingError } from '@kindling/core';
import type { Sample } from './fixture.ts';
import { type Arguments, describeSample, makeArguments } from './run.ts';

/** A call that is refused, and what PyTorch says. */
export interface RefusedSample extends Sample {
  readonly message: string;
}

/** What is wrong with how a call ends, or `null`. */
export function accepted(
  sample: RefusedSample,
  call: (given: Arguments) => unknown,
  functions: Record<string, unknown> = {},
): string | null {
  const what = `${describeSample(sample)}; PyTorch: ${sample.message}`;
  try {
    call(makeArguments(sample, 'contiguous', functions));
  } catch (error) {
    return error instanceof KindlingError ? null : `${String(error)} for ${what}`;
  }
  return `accepted: ${what}`;
}
