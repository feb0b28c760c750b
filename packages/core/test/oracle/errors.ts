/** Calls that PyTorch's own databases say end in errors: they do here too, in errors that name what was called. */

import { KindlingError } from '@kindling/core';
import type { Sample } from './fixture.ts';
import { type Arguments, describeSample, makeArguments } from './run.ts';

/** A call that is refused, and what PyTorch says. */
export interface RefusedSample extends Sample {
  readonly message: string;
}

/** What is wrong with how a call of the function or class of this name ends, or `null`. */
export function accepted(
  name: string,
  sample: RefusedSample,
  call: (given: Arguments) => unknown,
  functions: Record<string, unknown> = {},
): string | null {
  const what = `${describeSample(sample)}; PyTorch: ${sample.message}`;
  try {
    call(makeArguments(sample, 'contiguous', functions));
  } catch (error) {
    const said = error instanceof KindlingError ? error.message.split(/[:( ]/)[0] : undefined;
    return said === name || said === name.split('.').at(-1) ? null : `${String(error)} for ${what}`;
  }
  return `accepted: ${what}`;
}
