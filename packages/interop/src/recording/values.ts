/** What tensors are in a recording: each a value, another one once it was changed in place. */
import { elementsOf, listenToCalls, sameShape, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import type { Argument, Recorded, Source, Value } from './recording.ts';

/** How deep arguments are looked into. */
const deepest = 12;

/** The tensors of a model by name: the first of its names, where it has several. */
export function stateOf(models: Readonly<Record<string, AnyModule>>): Map<Tensor, string> {
  const names = new Map<Tensor, string>();
  for (const [prefix, model] of Object.entries(models))
    for (const [name, x] of [...model.namedParameters({ prefix }), ...model.namedBuffers({ prefix })])
      if (!names.has(x)) names.set(x, name);
  return names;
}

export class Values {
  readonly #values = new Map<Tensor, Value>();
  readonly #state: ReadonlyMap<Tensor, string>;
  /** Which memory depends on what is given or on the state, and so is another one in another call. */
  readonly #dependent = new Set<unknown>();
  /**
   * What functions made without an operation (`zeros`, `nonzero`) and nothing has read yet: copies, as the functions
   * were called again.
   */
  readonly #created: { readonly tensor: Tensor; readonly value: Value; readonly depends: boolean }[] = [];
  #count = 0;

  constructor({ inputs, models }: Recorded) {
    this.#state = stateOf(models);
    for (const x of this.#state.keys()) this.#dependent.add(x.storage);
    inputs.forEach((x, index) => {
      this.#add(x, { kind: 'input', index });
      this.#dependent.add(x.storage);
    });
  }

  #add(x: Tensor, source: Source): Value {
    const value: Value = { id: this.#count++, source, dtype: x.dtype, shape: [...x.shape] };
    this.#values.set(x, value);
    return value;
  }

  /** The value of a tensor that is read. */
  of(x: Tensor): Value {
    const known = this.#values.get(x);
    if (known !== undefined) return known;
    const name = this.#state.get(x);
    if (name !== undefined) return this.#add(x, { kind: 'state', name, tensor: x });
    const created = this.#created.findIndex(({ tensor }) => sameElements(tensor, x));
    const [found] = created < 0 ? [] : this.#created.splice(created, 1);
    if (found === undefined) return this.#add(x, { kind: 'constant', tensor: x });
    this.#values.set(x, found.value);
    if (found.depends) this.#dependent.add(x.storage);
    return found.value;
  }

  /** The value of a tensor that an operation gave, or changed. */
  made(x: Tensor, from: readonly Tensor[]): Value {
    if (from.some((y) => this.#dependent.has(y.storage))) this.#dependent.add(x.storage);
    return this.#add(x, { kind: 'result' });
  }

  /** Whether the elements of a tensor follow from what the call was given, or from the model's state. */
  depends(x: Tensor): boolean {
    return this.#dependent.has(x.storage);
  }

  /** How much functions have made so far without an operation that nothing has read. */
  get createdSoFar(): number {
    return this.#created.length;
  }

  /**
   * What a function gave, of which these tensors are these values; others it may have made without an operation, itself
   * or by functions that it called: those since `from`.
   * @param depends whether it read what follows from inputs or state
   */
  result(tree: unknown, given: ReadonlyMap<Tensor, Value>, depends: boolean, from: number): Argument {
    const before = new Map<Tensor, Value | undefined>();
    const take = (x: Tensor, value: Value): void => {
      if (!before.has(x)) before.set(x, this.#values.get(x));
      this.#values.set(x, value);
    };
    for (const [x, value] of given) take(x, value);
    for (const x of tensorsIn(tree)) {
      if (given.has(x) || this.#values.has(x) || this.#state.has(x)) continue;
      const within = this.#created.slice(from).find(({ tensor }) => sameElements(tensor, x));
      if (within === undefined)
        this.#created.push({ tensor: x, value: this.#add(x, { kind: 'result' }), depends });
      else take(x, within.value);
    }
    const argument = this.argument(tree);
    for (const [x, value] of before) {
      if (value === undefined) this.#values.delete(x);
      else this.#values.set(x, value);
    }
    return argument;
  }

  /** An argument or a result, with values in the places of tensors. */
  argument(x: unknown, depth = 0): Argument {
    if (x instanceof Tensor) return this.of(x);
    if (x === null || ['number', 'string', 'boolean', 'undefined'].includes(typeof x)) return x as Argument;
    if (typeof x === 'bigint') return Number(x);
    if (ArrayBuffer.isView(x) && Symbol.iterator in x) return Array.from(x as unknown as Iterable<number>);
    if (depth >= deepest || typeof x !== 'object') return { $class: classOf(x) };
    if (Array.isArray(x)) return x.map((item) => this.argument(item, depth + 1));
    const entries = x instanceof Map ? [...x] : Object.entries(x);
    const fields = entries.map(([name, item]) => [String(name), this.argument(item, depth + 1)] as const);
    const proto: unknown = Object.getPrototypeOf(x);
    const plain = proto === null || proto === Object.prototype || x instanceof Map;
    return plain ? Object.fromEntries(fields) : { $class: classOf(x), ...Object.fromEntries(fields) };
  }
}

/** Whether two tensors hold the same. */
export function sameElements(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const listener = listenToCalls(null);
  const [x, y] = [elementsOf(a), elementsOf(b)];
  listenToCalls(listener);
  return x.every((element, i) => Object.is(element, y[i]));
}

/** The tensors in a nesting of lists and objects, in order. */
export function tensorsIn(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (typeof x !== 'object' || x === null) return [];
  return Object.values(x).flatMap(tensorsIn);
}

const classOf = (x: unknown): string =>
  (x as { constructor?: { name?: string } }).constructor?.name ?? typeof x;

/** Whether an argument is a value. */
export const isValue = (x: Argument): x is Value =>
  typeof x === 'object' && x !== null && 'id' in x && 'source' in x;

/** Whether an argument is a number that follows the batch. */
export const isBatchNumber = (x: unknown): x is { perSample: number; fixed: number } =>
  typeof x === 'object' && x !== null && 'perSample' in x && 'fixed' in x;

/** The values in an argument, in order. */
export function valuesIn(x: Argument): Value[] {
  if (typeof x !== 'object' || x === null) return [];
  if (isValue(x)) return [x];
  return (Array.isArray(x) ? x : Object.values(x as Record<string, Argument>)).flatMap(valuesIn);
}
