/** Mutants that no test can kill, since the program does the same with them. */

export interface Equivalent {
  readonly file: string;
  /** The line that it stands on, what stands there, and what the mutant has instead. */
  readonly code: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export const equivalents: readonly Equivalent[] = [];
