/** Calls that are no program, since what they do depends on values, but parts of them are. */
import { type Divider, setDivider } from '../../record/observe.ts';

/** The program of a part, or what becomes one. */
export interface Part<A extends readonly unknown[]> {
  call(args: A): unknown;
  /** The programs that there are. */
  readonly versions: readonly unknown[];
  /** Has the next call run both ways. */
  checkNext(): void;
}

/** A part, and what it does in the call that is under way. */
interface Place<P> {
  readonly part: P;
  now: () => unknown;
}

/**
 * The parts of the calls of one function. A part is given the arguments of the call, as it may take any of them. What
 * the rest of a call hands it beside them, a tensor that is computed anew, say, is the same until the call ends: so a
 * part is looked at once a call until it has a program, and that is held against the part itself in the calls that
 * `isChecked` names.
 */
export class Division<A extends readonly unknown[], P extends Part<A>> implements Divider {
  readonly #places = new Map<object, Place<P>[]>();
  readonly #make: (run: () => unknown) => P;
  readonly #isChecked: (call: number) => boolean;
  #calls = 0;
  /** How many parts of each owner the call has come to. */
  #met = new Map<object, number>();
  #args: A | null = null;

  constructor(make: (run: () => unknown) => P, isChecked: (call: number) => boolean) {
    this.#make = make;
    this.#isChecked = isChecked;
  }

  /** The parts that there are. */
  get parts(): readonly P[] {
    return [...this.#places.values()].flatMap((places) => places.map(({ part }) => part));
  }

  /** A call of the function, which runs as it is but for its parts. */
  run<R>(args: A, fn: (...args: A) => R): R {
    const outer = { divider: setDivider(this), args: this.#args, met: this.#met };
    this.#args = args;
    this.#met = new Map();
    this.#calls++;
    try {
      return fn(...args);
    } finally {
      setDivider(outer.divider);
      this.#args = outer.args;
      this.#met = outer.met;
    }
  }

  programOf<T>(owner: object, part: () => T): () => T {
    const number = this.#met.get(owner) ?? 0;
    this.#met.set(owner, number + 1);
    const places = this.#places.get(owner) ?? [];
    this.#places.set(owner, places);
    let place = places[number];
    if (place === undefined) {
      const made: Place<P> = { part: this.#make(() => made.now()), now: part };
      places[number] = made;
      place = made;
    }
    place.now = part;
    if (this.#isChecked(this.#calls)) place.part.checkNext();
    const { part: program } = place;
    const args = this.#args;
    let isFirst = true;
    return () => {
      const isLookedAt = isFirst || program.versions.length > 0;
      isFirst = false;
      return args !== null && isLookedAt ? (program.call(args) as T) : part();
    };
  }
}
