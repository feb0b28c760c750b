/** What a page and the worker that runs its code say to one another. */

/** The blocks of a program, in their order: one program, told in parts. */
export interface RunRequest {
  readonly kind: 'run';
  readonly blocks: readonly string[];
  /** The last block whose output is asked for; those before it run too. */
  readonly from: number;
}

/** A message of the page to a module of the page that runs in the worker, such as what was drawn. */
interface ToModules {
  readonly kind: 'page';
  readonly message: unknown;
}

export type ToWorker = RunRequest | ToModules;

export type Level = 'log' | 'info' | 'warn' | 'error';

/** A line of the console. */
export interface LogLine {
  readonly level: Level;
  readonly text: string;
}

/** What ended a program; `block` and `line` (both from 0) say where, if an engine tells. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly block?: number;
  readonly line?: number;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'log'; readonly lines: readonly LogLine[] }
  | { readonly kind: 'page'; readonly message: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'done'; readonly milliseconds: number };
