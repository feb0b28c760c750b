/** What is shown of a compiled step: plain data, which the worker sends to the page. */
import type { ProgramReport } from '@kindling/core';

/** One of the programs of a function. */
export interface ExploredProgram {
  /** Why it came to be, and for which arguments. */
  readonly label: string;
  readonly report: ProgramReport;
  /** The line of the code, from 0, that each equation was called from. */
  readonly lines: readonly (number | null)[];
}

/** A step of the code, with what became of it. */
export interface Exploration {
  /** What it is called in the code; `step` where it has no name. */
  readonly name: string;
  /** What `explain()` says of all its programs. */
  readonly explanation: string;
  readonly programs: readonly ExploredProgram[];
}

/** Times of calls in one way, in microseconds. */
export interface Times {
  readonly label: string;
  /** In order, each of a slice of several calls. */
  readonly slices: readonly number[];
}

export interface Explored {
  readonly kind: 'explored';
  readonly explorations: readonly Exploration[];
  /** How many compiled functions there are that never ran as a program, and what to do. */
  readonly note: string | null;
}

export interface Measured {
  readonly kind: 'measured';
  /** Of which of the explorations. */
  readonly of: number;
  /** Of which of its programs. */
  readonly program: number;
  /** None where the call would not run this program any more. */
  readonly times: readonly Times[];
  readonly isolated: boolean;
}
