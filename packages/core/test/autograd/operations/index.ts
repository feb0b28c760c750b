import type * as fc from 'fast-check';
import { convolutions } from './convolutions.ts';
import { elementwise } from './elementwise.ts';
import { inPlace } from './in-place.ts';
import { linearAlgebra, statistics } from './linear-algebra.ts';
import { poolings } from './poolings.ts';
import { compositions, matrices } from './products.ts';
import { reductions } from './reductions.ts';
import type { Sample } from './sample.ts';
import { specials } from './special.ts';
import { indexing, rearrangements, views } from './structure.ts';

export type { Sample } from './sample.ts';

/** Every differentiable operation of core, with inputs drawn from where it is smooth. */
export const operations: Record<string, fc.Arbitrary<Sample>> = {
  ...elementwise,
  ...specials,
  ...reductions,
  ...matrices,
  ...compositions,
  ...linearAlgebra,
  ...statistics,
  ...views,
  ...rearrangements,
  ...indexing,
  ...convolutions,
  ...poolings,
  ...inPlace,
};
