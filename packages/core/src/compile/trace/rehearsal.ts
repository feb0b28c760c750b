import type { Rerun } from '../../record/observe.ts';
import { formatShape } from '../../shape.ts';
import type { Storage } from '../../storage.ts';
import { autogradOf, type Tensor } from '../../tensor.ts';
import { attributesAsText } from '../attributes.ts';
import { userLine } from './lines.ts';
import { Onlooker } from './onlooker.ts';

/** An operation that ran, and with what numbers. */
interface Ran {
  readonly name: string;
  /** `null` where they are worked out on the host in each call. */
  readonly attributes: string | null;
  readonly line: string | null;
}

/**
 * Notes what a call takes from outside: which tensors, and which numbers. A function of which two calls in a row differ in that
 * depends on something that a program would not see change: a batch that a counter chooses, a factor that grows.
 */
export class Rehearsal extends Onlooker {
  readonly #given: ReadonlySet<Storage>;
  readonly #made = new WeakSet<Storage>();
  readonly #used = new Map<Storage, string>();
  /** The memory of gradients that there were: in the next call they may be others. */
  readonly #gradients = new Set<Storage>();
  readonly #ran: Ran[] = [];
  readonly #hostResults = new Set<unknown>();
  /** What the call took for given: where that changes, so may all the rest. */
  readonly #assumptions: (() => boolean)[] = [];

  constructor(given: readonly Tensor[]) {
    super();
    this.#given = new Set(given.map((x) => x.storage));
  }

  override madeStorage(storage: Storage): void {
    this.#made.add(storage);
  }

  /** Whether the call made this memory. */
  hasMade(storage: Storage): boolean {
    return this.#made.has(storage);
  }

  /** Whether the call was given this memory, or found it outside. */
  hasTaken(storage: Storage): boolean {
    return this.#given.has(storage) || this.#used.has(storage) || this.#gradients.has(storage);
  }

  override meets(inputs: readonly Tensor[]): void {
    for (const { storage, shape } of inputs) {
      if (this.hasTaken(storage) || this.#made.has(storage)) continue;
      const line = userLine();
      this.#used.set(storage, `${formatShape(shape)}${line === null ? '' : ` (${line})`}`);
    }
  }

  override gradientMatters(leaf: Tensor): void {
    const { gradient } = autogradOf(leaf);
    if (gradient !== null && !this.#made.has(gradient.storage)) this.#gradients.add(gradient.storage);
  }

  override ran(
    name: string,
    _inputs: readonly Tensor[],
    attrs: unknown,
    _outputs: readonly Tensor[],
    rerun: Rerun | null,
    line = userLine(),
  ): void {
    if (rerun === null) return;
    const attributes = this.#hostResults.has(attrs) ? null : attributesAsText(attrs);
    this.#ran.push({ name, attributes, line });
  }

  ranBeside(name: string, attrs: unknown, again: () => void): void {
    this.ran(name, [], attrs, [], again);
  }

  override host<T>(run: () => T): T {
    const result = run();
    if (Array.isArray(result)) for (const item of result) this.#hostResults.add(item);
    if (typeof result === 'object' && result !== null) this.#hostResults.add(result);
    return result;
  }

  /** What this call took from outside that the one before did not, or the other way round; `null` where they are alike. */
  differsFrom(before: Rehearsal): string | null {
    if (before.#assumptions.some((holds) => !holds())) return null;
    for (const [storage, what] of this.#used)
      if (!before.hasTaken(storage) && !before.#made.has(storage))
        return `a tensor of shape ${what} that the call before did not use`;
    for (const [storage, what] of before.#used)
      if (!this.hasTaken(storage)) return `no longer the tensor of shape ${what} that the call before used`;
    if (this.#ran.length !== before.#ran.length) return null;
    if (this.#ran.some(({ name }, i) => name !== before.#ran[i]?.name)) return null;
    for (const [i, { name, attributes, line }] of this.#ran.entries()) {
      const was = before.#ran[i]?.attributes ?? null;
      if (attributes !== null && was !== null && attributes !== was)
        return `${attributes} for ${name}${line === null ? '' : ` (${line})`} where the call before took ${was}`;
    }
    return null;
  }

  override assumes(_what: string, holds: () => boolean): void {
    this.#assumptions.push(holds);
  }
}
