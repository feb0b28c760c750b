import { elementsOf } from '../../kernels/index.ts';
import { Generator } from '../../random/index.ts';
import { areSame } from '../../record/host.ts';
import type { Rerun } from '../../record/observe.ts';
import { assumesHeld } from '../../record/properties.ts';
import { formatShape } from '../../shape.ts';
import type { Storage } from '../../storage.ts';
import { autogradOf, type Tensor } from '../../tensor.ts';
import type { Assumption } from '../guards.ts';
import { attributesAsText } from '../json.ts';
import { userLine } from './lines.ts';
import { Onlooker } from './onlooker.ts';

/** Something that ran, and with what from outside. */
interface Ran {
  readonly name: string;
  readonly line: string | null;
  /** `null` where it is worked out on the host in each call. */
  readonly numbers: string | null;
  /** Whose stream it took, if that began before the call. */
  readonly generator: Generator | null;
}

/** Numbers beside tensors that host parts read, and what they were last. */
export interface Guarded {
  readonly what: string;
  readonly read: () => readonly unknown[];
  now: readonly unknown[];
}

/**
 * Notes what a call takes from outside: which tensors, numbers and streams. A function of which two calls in a row
 * differ in that depends on something that a program would not see change: a batch that a counter chooses, a factor
 * that grows.
 */
export class Rehearsal extends Onlooker {
  readonly #arguments: WeakSet<Tensor>;
  readonly #given: ReadonlySet<Storage>;
  /**
   * Memory of arguments that was met as a tensor that is neither given nor computed in the call: one of the closure.
   */
  readonly #beside = new Set<Storage>();
  /** What the call computed. */
  readonly #outputs = new WeakSet<Tensor>();
  readonly #made = new WeakSet<Storage>();
  /** What was made in the call and lasts: the state of optimizers. */
  readonly #lasting = new WeakSet<Storage>();
  readonly #used = new Map<Storage, string>();
  /** Gradients, which are known by their leaves. */
  readonly #gradients = new Set<Storage>();
  /** What steps gave, or were seen to be given. */
  readonly #known = new WeakSet<Storage>();
  readonly #begun = new Set<Generator>();
  readonly #ran: Ran[] = [];
  readonly #hostResults = new Set<unknown>();
  /** Whose gradients matter, and whether they had one then; `null` where it was replaced, whatever it was. */
  readonly #leaves = new Map<Tensor, boolean | null>();
  /** What was met from outside, and whether it required gradients then. */
  readonly #required = new Map<Tensor, boolean>();
  readonly #guarded: Guarded[] = [];
  /** What the call set that lasts, and what it was before. */
  readonly #settings = new Map<object, unknown>();
  /** What the call took for given: where that changes, so may all the rest. */
  readonly assumptions: Assumption[] = [];
  /** How it was decided what the call does. */
  readonly #decisions: boolean[] = [];

  /** Whether the call is none that could be one program. */
  isDivided = false;

  constructor(given: readonly Tensor[]) {
    super();
    this.#arguments = new WeakSet(given);
    this.#given = new Set(given.map((x) => x.storage));
  }

  override madeStorage(storage: Storage): void {
    this.#made.add(storage);
  }

  /** Whether the call made this memory. */
  hasMade(storage: Storage): boolean {
    return this.#made.has(storage);
  }

  /** Whether the call computed this tensor. */
  hasComputed(x: Tensor): boolean {
    return this.#outputs.has(x);
  }

  /** Whether it is a tensor of the call, or in memory that it made. */
  isOwn(x: Tensor): boolean {
    return this.#outputs.has(x) || this.#made.has(x.storage);
  }

  /** Whether a tensor lies in memory of arguments, but is none of them, nor computed in the call. */
  isBeside(x: Tensor): boolean {
    return this.#given.has(x.storage) && !this.#arguments.has(x) && !this.#outputs.has(x);
  }

  /** Whether the call met memory of arguments as a tensor from outside too. */
  hasMetBeside(storage: Storage): boolean {
    return this.#beside.has(storage);
  }

  /**
   * Whether the call found this memory outside, or may have: nobody can tell where it was given a tensor that `now` is
   * given too. Parts of one tensor, such as the batches of a data set, are others in each call.
   */
  mayHaveFound(storage: Storage, now: readonly Tensor[]): boolean {
    const sharing = now.filter((x) => x.storage === storage);
    const gaveOthers = sharing.length > 0 && sharing.every((x) => this.isBeside(x));
    return gaveOthers ? this.#beside.has(storage) || this.#gradients.has(storage) : this.hasTaken(storage);
  }

  /** Whether the call was given this memory, or found it outside. */
  hasTaken(storage: Storage): boolean {
    if (this.#given.has(storage) || this.#used.has(storage)) return true;
    return this.#gradients.has(storage) && !this.#made.has(storage);
  }

  override meets(inputs: readonly Tensor[]): void {
    for (const x of inputs) {
      const { storage, shape, requiresGrad } = x;
      if (storage.isGone) continue;
      if (requiresGrad) this.gradientMatters(x);
      if (this.isBeside(x)) this.#beside.add(storage);
      if (x.gradFn === null && !this.#made.has(storage) && !this.#required.has(x)) {
        this.#required.set(x, requiresGrad);
        if (!this.#arguments.has(x)) assumesHeld(x);
      }
      if (this.#given.has(storage) || this.#known.has(storage)) continue;
      this.#known.add(storage);
      const line = userLine();
      if (this.#made.has(storage))
        this.#ran.push({ name: 'a tensor made of numbers', line, numbers: textOf(storage), generator: null });
      else this.#used.set(storage, `${formatShape(shape)}${inWords(line)}`);
    }
  }

  override gradientMatters(leaf: Tensor, replaced = false): void {
    if (this.#made.has(leaf.storage)) return;
    const { gradient } = autogradOf(leaf);
    if (!this.#leaves.has(leaf)) this.#leaves.set(leaf, replaced ? null : gradient !== null);
    if (gradient !== null) this.#gradients.add(gradient.storage);
  }

  override ran(
    name: string,
    inputs: readonly Tensor[],
    attrs: unknown,
    outputs: readonly Tensor[],
    rerun: Rerun | null,
    line = userLine(),
  ): void {
    for (const y of outputs) {
      if (this.#made.has(y.storage)) this.#known.add(y.storage);
      if (!inputs.includes(y)) this.#outputs.add(y);
    }
    const { generator = null } = (attrs ?? {}) as { generator?: Generator | null };
    const fromOutside = generator instanceof Generator && !this.#begun.has(generator) ? generator : null;
    const numbers = rerun === null ? placesOf(inputs, outputs) : attributesAsText(attrs);
    this.#ran.push({
      name,
      line,
      numbers: this.#hostResults.has(attrs) ? null : numbers,
      generator: fromOutside,
    });
  }

  ranBeside(name: string, attrs: unknown, again: () => void): void {
    this.begins(name, attrs);
    this.ran(name, [], attrs, [], again);
  }

  /** Notes what is done to a generator beside drawing: a stream that begins in the call is none from outside. */
  begins(name: string, attrs: unknown): void {
    const { generator } = (attrs ?? {}) as { generator?: Generator };
    if (generator !== undefined && name !== 'get_rng_state') this.#begun.add(generator);
  }

  override host<T>(run: () => T): T {
    const result = run();
    if (Array.isArray(result)) for (const item of result) this.#hostResults.add(item);
    if (typeof result === 'object' && result !== null) this.#hostResults.add(result);
    return result;
  }

  override sets(of: object, read: () => unknown): void {
    if (!this.#settings.has(of)) this.#settings.set(of, read());
  }

  override guards(what: string, read: () => readonly unknown[]): void {
    this.#guarded.push({ what, read, now: [...read()] });
  }

  /** What a call guards, as it is now. */
  guarded(): Guarded[] {
    return this.#guarded.map(({ what, read }) => ({ what, read, now: [...read()] }));
  }

  /** Takes in what the call gives and leaves. */
  ends(results: readonly Tensor[]): void {
    this.meets(results);
    for (const leaf of this.#leaves.keys()) {
      const { gradient } = autogradOf(leaf);
      if (gradient !== null) this.meets([gradient]);
    }
  }

  override postpone(_reason: string, make: () => Tensor): Tensor {
    const { length } = this.#ran;
    const state = make();
    // The next call does none of this.
    this.#ran.length = length;
    this.#lasting.add(state.storage);
    this.#known.add(state.storage);
    return state;
  }

  override decides(flag: Tensor): void {
    this.#decisions.push(elementsOf(flag)[0] !== 0);
  }

  override divides(): void {
    this.isDivided = true;
  }

  override assumes(what: Assumption['what'], holds: () => boolean): void {
    this.assumptions.push({ what, holds });
  }

  /**
   * What this call took from outside that the one before did not, or the other way round; `null` where they are alike,
   * or where something that is asked for in each call has changed.
   * @param isSameForm whether both were given arguments of one form: else only tensors tell
   */
  differsFrom(before: Rehearsal, isSameForm: boolean): string | null {
    if (before.assumptions.some(({ holds }) => !holds()) || this.#requiresOthers(before)) return null;
    return this.#usesOthers(before) ?? (isSameForm ? this.#doesOtherwise(before) : null);
  }

  /**
   * Whether a tensor requires gradients as it did not in the call before, or the other way round: guards tell of that.
   */
  #requiresOthers(before: Rehearsal): boolean {
    for (const [x, required] of this.#required) if (before.#required.get(x) === !required) return true;
    return false;
  }

  /**
   * Whether leaves had gradients, flags decided and settings were as in the call before: where not, it may do
   * otherwise, and another program serves it.
   */
  beganAs(before: Rehearsal): boolean {
    if (!areSame(this.#decisions, before.#decisions)) return false;
    for (const [of, value] of this.#settings)
      if (before.#settings.has(of) && !Object.is(before.#settings.get(of), value)) return false;
    for (const [leaf, had] of this.#leaves)
      if (had !== null && before.#leaves.get(leaf) === !had) return false;
    return true;
  }

  #usesOthers(before: Rehearsal): string | null {
    const isLeafs = (storage: Storage): boolean =>
      this.#gradients.has(storage) || before.#gradients.has(storage);
    for (const [storage, what] of this.#used) {
      if (before.hasTaken(storage) || before.#lasting.has(storage) || isLeafs(storage)) continue;
      return `a tensor of shape ${what} that ${before.#made.has(storage) ? 'the call before made' : 'the call before did not use'}`;
    }
    for (const [storage, what] of before.#used)
      if (!this.hasTaken(storage) && !isLeafs(storage))
        return `no longer the tensor of shape ${what} that the call before used`;
    return null;
  }

  #doesOtherwise(before: Rehearsal): string | null {
    for (const [i, step] of this.#ran.entries()) {
      const difference = differenceOf(step, before.#ran[i]);
      if (difference !== null) return difference;
    }
    const left = before.#ran[this.#ran.length];
    return left === undefined
      ? null
      : `no longer ${left.name}${inWords(left.line)}, which the call before did`;
  }
}

const inWords = (line: string | null): string => (line === null ? '' : ` (${line})`);

/** How two steps differ; `null` where they do not. */
function differenceOf(step: Ran, before: Ran | undefined): string | null {
  if (step.name !== before?.name || step.line !== before.line)
    return `${step.name}${inWords(step.line)}, which the call before did not do`;
  if (step.generator !== before.generator) return `another generator for ${step.name}${inWords(step.line)}`;
  if (step.numbers === before.numbers || step.numbers === null || before.numbers === null) return null;
  return `${step.numbers} for ${step.name}${inWords(step.line)} where the call before took ${before.numbers}`;
}

/** Where views lie, as seen from what they are views of. */
const placesOf = (inputs: readonly Tensor[], outputs: readonly Tensor[]): string =>
  outputs
    .map(({ shape, strides, offset }) => {
      const from = offset - (inputs[0]?.offset ?? 0);
      return `shape ${formatShape(shape)}, strides ${formatShape(strides)} from element ${from}`;
    })
    .join('; ');

/** So many elements are named, and of the others a sum. */
const fewElements = 4;

/** The elements of a memory, as text that tells them from others. */
function textOf({ array }: Storage): string {
  const first = `[${Array.from(array.subarray(0, fewElements), String).join(', ')}`;
  if (array.length <= fewElements) return `${first}]`;
  let sum = 0;
  for (const byte of new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    sum = (Math.imul(sum, 31) + byte) | 0;
  return `${first}, ...] (${array.length} of them, checksum ${sum})`;
}
