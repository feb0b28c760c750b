import type { Rerun } from '../../record/observe.ts';
import { formatShape } from '../../shape.ts';
import type { Storage } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { Onlooker } from './onlooker.ts';

/** An operation that ran, and with what numbers. */
export interface Did {
  readonly name: string;
  readonly attrs: unknown;
}

/**
 * Looks at a call that runs as it is, to be held against a program: what the host's parts gave, so that they need not
 * run again, and what was done.
 */
export class Witness extends Onlooker {
  /** What the parts on the host gave. */
  readonly results: unknown[] = [];
  /** What ran, in order. */
  readonly did: Did[] = [];
  /** A change of memory that is not the call's, and none of those that it is known to change. */
  changedOutside: string | null = null;
  readonly #known: ReadonlySet<Storage>;
  readonly #made = new Set<Storage>();
  readonly #computed = new Set<Storage>();
  #inHost = false;

  /** @param known the memory from outside that the program has to do with */
  constructor(known: ReadonlySet<Storage>) {
    super();
    this.#known = known;
  }

  /** The memory of what was computed in the call. */
  get computed(): Iterable<Storage> {
    return this.#computed;
  }

  override host<T>(run: () => T): T {
    if (this.#inHost) return run();
    this.#inHost = true;
    try {
      const result = run();
      this.results.push(copyOf(result));
      return result;
    } finally {
      this.#inHost = false;
    }
  }

  override checks(_what: string, check: () => void): void {
    if (this.results.length === 0) check();
    else this.host(check);
  }

  override madeStorage(storage: Storage): void {
    this.#made.add(storage);
  }

  override ran(
    name: string,
    _inputs: readonly Tensor[],
    attrs: unknown,
    outputs: readonly Tensor[],
    rerun: Rerun | null,
  ): void {
    if (this.#inHost) return;
    this.did.push({ name, attrs });
    if (rerun === null) return;
    for (const { storage, shape } of outputs) {
      if (this.#made.has(storage)) this.#computed.add(storage);
      else if (!this.#known.has(storage)) this.changedOutside ??= `${name} of shape ${formatShape(shape)}`;
    }
  }

  /** What is made to last is of no concern here. */
  override postpone(_reason: string, make: () => Tensor): Tensor {
    const [ran, computed] = [this.did.length, new Set(this.#computed)];
    const state = make();
    this.did.length = ran;
    for (const storage of this.#computed) if (!computed.has(storage)) this.#computed.delete(storage);
    return state;
  }
}

/** A list may be filled anew in the next call, as may those in it. */
const copyOf = (x: unknown): unknown => (Array.isArray(x) ? x.map(copyOf) : x);
