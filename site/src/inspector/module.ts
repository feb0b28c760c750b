/** The module of the worker that looks on while a program runs, and tells the page what it saw. */
import { Tensor } from '@kindling/core';
import { Module } from '@kindling/nn';
import { postToPage } from '../live/page.ts';
import type { Declared } from '../workbench/declared-names.ts';
import { linesFromHere } from '../workbench/line-of-caller.ts';
import type { Inspection } from './inspection.ts';
import { Recorder } from './recorder.ts';

/** What the module says to the page. */
export interface Inspected {
  readonly kind: 'inspected';
  readonly inspection: Inspection;
}

/** The tensors that a value of the program holds, with their names. */
function tensorsOf(name: string, value: unknown): [Tensor, string][] {
  if (value instanceof Tensor) return [[value, name]];
  if (value instanceof Module)
    return value.namedParameters().map(([of, x]): [Tensor, string] => [x, `${name}.${of}`]);
  return [];
}

let recorder: Recorder | null = null;

export const inspector = {
  /** Looks on from now on. The code begins on the line after the one that calls this. */
  begin(): void {
    recorder = new Recorder(linesFromHere());
  },

  /** Tells the page what was seen; `values` are what the code's names stand for in the end. */
  finish(values: Readonly<Record<string, unknown>>, declared: readonly Declared[], post = postToPage): void {
    const of = new Map(declared.flatMap(({ name }) => tensorsOf(name, values[name])));
    const lines = new Map(declared.map(({ name, line }) => [name, line]));
    const lineOfName = (name: string): number | null => lines.get(name.split('.')[0] ?? '') ?? null;
    const inspection = recorder?.finish({ of, lineOf: lineOfName });
    recorder = null;
    if (inspection !== undefined) post({ kind: 'inspected', inspection } satisfies Inspected);
  },
};
