/** What is made of the steps of a machine before they are emitted. */
import type { Program } from '../../program.ts';
import type { Step } from '../lower.ts';
import { checksFirst } from './checks-first.ts';
import { withoutRepetitions } from './common-subexpressions.ts';
import { withoutDeadCode } from './dead-code.ts';
import { fuse } from './fuse.ts';
import { keepInputs } from './keep-inputs.ts';

/** The passes, in order: each takes a program's steps and gives others that do the same. */
export const passes: readonly {
  readonly name: string;
  readonly run: (steps: readonly Step[], program: Program) => readonly Step[];
}[] = [
  { name: 'common subexpressions', run: withoutRepetitions },
  { name: 'checks first', run: checksFirst },
  { name: 'inputs of checks', run: keepInputs },
  { name: 'fusion of elementwise kernels', run: fuse },
  { name: 'dead code', run: withoutDeadCode },
];
