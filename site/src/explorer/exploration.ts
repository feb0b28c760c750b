/** What is shown of a compiled step: plain data, which the worker sends to the page. */
import type { ProgramReport } from '@kindling/core';

/** A step of the code, with what became of it. */
export interface Exploration {
  /** What it is called in the code; `step` where it has no name. */
  readonly name: string;
  readonly report: ProgramReport;
  /** What `explain()` says. */
  readonly explanation: string;
  /** The line of the code, from 0, that each equation was called from. */
  readonly lines: readonly (number | null)[];
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
  readonly times: readonly Times[];
  readonly isolated: boolean;
}
