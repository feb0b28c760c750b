/** Elementwise kernels on several threads. */

import {
  compileRanged,
  type KernelSpec,
  lowered,
  operationsOf,
  type RangedFunction,
  rangedTypes,
  suitsBytes,
} from '../compile/index.ts';
import type { CallByRows } from '../threads/index.ts';

/** Slots of which views are kept are those of one thread: none of them is used. */
export const firstShared = 1;
/** Fewer elements are no matter of threads, whatever is done with them. */
export const leastShared = 2 ** 15;

/** What parts end at are multiples of so many elements: vectors of any dtype, as kernels write whole ones. */
const elementsTogether = 64;

/** A kernel that does some of the elements. */
export class SharedVariant {
  /** What an element takes, in multiply-adds. */
  readonly operations: number;
  readonly #spec: KernelSpec;
  readonly #hasRow: boolean;
  /** The most elements of a vector. */
  readonly #lanes: number;
  #run: RangedFunction | undefined;

  constructor(spec: KernelSpec) {
    this.#spec = spec;
    this.#hasRow = spec.inputs.some(({ mode }) => mode === 'row');
    const program = lowered(spec);
    this.operations = operationsOf(program);
    this.#lanes = suitsBytes(spec, program) ? 16 : 4;
  }

  /** Compiles it; not while scratch is elsewhere. */
  prepare(): void {
    this.#run ??= compileRanged(this.#spec);
  }

  /** Runs it over (outer, inner) elements. */
  run(byRows: CallByRows, outer: number, inner: number): void {
    const f = { kernel: this.#run as (...args: number[]) => unknown, types: rangedTypes };
    // Where each row reads the same, it is read from its beginning on.
    const flat = outer === 1 && !this.#hasRow;
    // A row that ends within a vector overwrites what the next begins with: then one thread does all.
    const together = flat ? elementsTogether : inner % this.#lanes === 0 ? 1 : outer;
    byRows(f, [outer, inner, 0, 0], {
      count: flat ? 1 : 0,
      steps: flat
        ? [[2, 1]]
        : [
            [2, inner],
            [3, 1],
          ],
      scratch: null,
      together,
      work: (flat ? 1 : inner) * this.operations,
    });
  }
}
