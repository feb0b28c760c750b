/** Runs an instrumented example. */
import { format, inspect } from 'node:util';
import { compare, type Failure } from './compare.ts';
import { instrument, reports } from './instrument.ts';

export interface Run {
  readonly failures: readonly Failure[];
  /** What an unclaimed statement threw, and in which line of the example, from 0. */
  readonly error: { readonly line: number; readonly error: unknown } | null;
}

type Body = (...values: readonly unknown[]) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...namesAndCode: string[]) => Body;

/** What the rewritten code calls: see instrument.ts. */
class Reports {
  line = 0;
  readonly got: string[][];
  readonly #log: string[] = [];

  constructor(claims: number) {
    this.got = Array.from({ length: claims }, () => []);
  }

  value<T>(claim: number, value: T): T {
    this.got[claim]?.push(inspect(value));
    return value;
  }

  threw(claim: number, error: unknown): void {
    this.got[claim]?.push(error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));
  }

  log(...args: unknown[]): void {
    this.#log.push(format(...args));
  }

  logFrom(): void {
    this.#log.length = 0;
  }

  logged(claim: number): void {
    this.got[claim]?.push(this.#log.splice(0).join('\n'));
  }

  load(specifier: string): Promise<unknown> {
    return import(specifier);
  }
}

/** Runs the code with the names of `scope` in scope, and compares its claims with what comes. */
export async function runExample(code: string, scope: Readonly<Record<string, unknown>>): Promise<Run> {
  const example = instrument(code);
  const report = new Reports(example.claims.length);
  const quiet = { ...console, log: report.log.bind(report), warn: () => {} };
  const given: Record<string, unknown> = { ...scope, [reports]: report, console: quiet };
  // The inner block lets an example declare a name that is in scope.
  const body = new AsyncFunction(...Object.keys(given), `'use strict';\n{\n${example.code}\n}`);
  let error: Run['error'] = null;
  try {
    await body(...Object.values(given));
  } catch (thrown) {
    error = { line: report.line, error: thrown };
  }
  return { failures: compare(example.claims, report.got), error };
}
