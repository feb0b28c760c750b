/** One recording of several that were made at other batch sizes: what follows the batch is a {@link BatchNumber}. */
import { ExportError } from '../errors.ts';
import { libraryClass } from './library.ts';
import type { Argument, Call, FunctionCall, ModuleCall, Operation, Recording, Value } from './recording.ts';
import { isValue, sameElements } from './values.ts';

type Size = Value['shape'][number];

/** That recordings differ in more than numbers. */
class Unlike extends Error {}

const nearly = (a: number, b: number): boolean =>
  a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/** Merges what was recorded at these batch sizes. */
class Merging {
  readonly #sizes: readonly number[];
  /** For each recording but the first, the values there and those that they are here. */
  readonly #known: readonly Map<number, Value>[];
  readonly #merged = new Map<number, Value>();

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.#known = sizes.slice(1).map(() => new Map());
  }

  number(numbers: readonly number[], what: string): Size {
    const [first = 0] = numbers;
    if (numbers.every((n) => Object.is(n, first))) return first;
    const [b0 = 0, b1 = 0] = this.#sizes;
    const perSample = ((numbers[1] ?? 0) - first) / (b1 - b0);
    const fixed = first - perSample * b0;
    if (!numbers.every((n, i) => nearly(n, perSample * (this.#sizes[i] ?? 0) + fixed)))
      throw new Unlike(
        `${what} is ${numbers.join(', ')} for batches of ${this.#sizes.join(', ')}: only numbers that are a multiple of the batch's ` +
          'size, plus a number, can follow it. Divide by the size, where its reciprocal is a factor',
      );
    return { perSample, fixed: nearly(first, perSample * b0) ? 0 : fixed };
  }

  value(values: readonly Value[], what: string): Value {
    const [first] = values as [Value, ...Value[]];
    const known = this.#merged.get(first.id);
    if (known !== undefined) {
      if (this.#known.some((others, i) => others.get((values[i + 1] as Value).id) !== known))
        throw new Unlike(`${what} is another tensor for another batch size`);
      return known;
    }
    for (const { source, dtype, shape } of values) {
      const same =
        source.kind === first.source.kind &&
        dtype === first.dtype &&
        shape.length === first.shape.length &&
        (source.kind !== 'state' || (first.source.kind === 'state' && source.name === first.source.name)) &&
        (source.kind !== 'input' || (first.source.kind === 'input' && source.index === first.source.index));
      if (!same) throw new Unlike(`${what} is another tensor for another batch size`);
      if (
        source.kind === 'constant' &&
        first.source.kind === 'constant' &&
        !sameElements(source.tensor, first.source.tensor)
      )
        throw new Unlike(
          `${what} is a constant of shape [${first.shape.join(', ')}] that has other elements for another batch size. Make it by ` +
            'operations (arange, ones, full), with sizes of the input',
        );
    }
    const shape = first.shape.map((_, d) =>
      this.number(
        values.map((v) => v.shape[d] as number),
        `size ${d} of ${what}`,
      ),
    );
    const value: Value = { ...first, shape };
    this.#merged.set(first.id, value);
    this.#known.forEach((others, i) => void others.set((values[i + 1] as Value).id, value));
    return value;
  }

  argument(all: readonly Argument[], what: string): Argument {
    const [first] = all;
    if (all.every((x) => typeof x === 'number')) return this.number(all, what);
    if (typeof first !== 'object' || first === null) {
      if (all.some((x) => x !== first))
        throw new Unlike(`${what} is ${all.map(String).join(' or ')}, by the size of the batch`);
      return first;
    }
    if (all.every((x) => x !== undefined && isValue(x))) return this.value(all as readonly Value[], what);
    if (all.some((x) => typeof x !== 'object' || x === null))
      throw new Unlike(`${what} depends on the size of the batch`);
    const entries = all.map((x) => Object.entries(x as Record<string, Argument>));
    const names = entries.map((list) => list.map(([name]) => name).join());
    if (names.some((list) => list !== names[0]))
      throw new Unlike(`${what} is longer or shorter for another batch size`);
    const merged = (entries[0] ?? []).map(
      ([name], i) =>
        [
          name,
          this.argument(
            entries.map((list) => list[i]?.[1]),
            `${what}.${name}`,
          ),
        ] as const,
    );
    return Array.isArray(first) ? merged.map(([, x]) => x) : Object.fromEntries(merged);
  }

  #field<C, K extends keyof C>(all: readonly C[], key: K, what: string): C[K] {
    return this.argument(
      all.map((x) => x[key] as Argument),
      what,
    ) as C[K];
  }

  operation(all: readonly Operation[]): Operation {
    const [first] = all as [Operation, ...Operation[]];
    const { name } = first;
    return {
      ...first,
      inputs: this.#field(all, 'inputs', `an input of ${name}`),
      operands: this.#field(all, 'operands', `an operand of ${name}`),
      attributes: this.#field(all, 'attributes', name),
      outputs: this.#field(all, 'outputs', `what ${name} gives`),
      sharesWith: this.#field(all, 'sharesWith', `the memory of ${name}`),
    };
  }

  module(all: readonly ModuleCall[]): ModuleCall {
    const [first] = all as [ModuleCall, ...ModuleCall[]];
    const what = first.path === '' ? first.module.constructor.name : first.path;
    const inputs = this.#field(all, 'inputs', `an argument of ${what}`);
    const within = this.inner(all, libraryClass(first.module) !== null);
    return {
      ...first,
      inputs,
      ...within,
      result: this.#field(all, 'result', `what ${what} gives`),
    };
  }

  function(all: readonly FunctionCall[]): FunctionCall {
    const [first] = all as [FunctionCall, ...FunctionCall[]];
    const { name } = first;
    const given = this.#field(all, 'given', name);
    const within = this.inner(all, true);
    return {
      ...first,
      given,
      ...within,
      result: this.#field(all, 'result', `what ${name} gives`),
    };
  }

  /** Of what can be told by its name, the body need not be one. */
  inner(
    all: readonly (ModuleCall | FunctionCall)[],
    named: boolean,
  ): { body: readonly Call[]; unlike?: string } {
    try {
      return { body: this.body(all.map((x) => x.body)) };
    } catch (error) {
      if (!named || !(error instanceof Unlike)) throw error;
      return { body: [], unlike: error.message };
    }
  }

  body(all: readonly (readonly Call[])[]): Call[] {
    const length = Math.max(...all.map((body) => body.length));
    return Array.from({ length }, (_, i) => this.call(all.map((body) => body[i])));
  }

  call(all: readonly (Call | undefined)[]): Call {
    const first = all[0] ?? all.find((x) => x !== undefined);
    if (first === undefined) throw new Unlike('nothing was recorded');
    const kind = labelOf(first);
    for (const other of all)
      if (other === undefined || labelOf(other) !== kind)
        throw located(
          new Unlike(
            `${kind} is called for one size of the batch, and for another ${other === undefined ? 'it is not' : labelOf(other)}`,
          ),
          first.line,
        );
    try {
      if (first.kind === 'operation') return this.operation(all as readonly Operation[]);
      return first.kind === 'module'
        ? this.module(all as readonly ModuleCall[])
        : this.function(all as readonly FunctionCall[]);
    } catch (error) {
      throw located(error, first.line);
    }
  }
}

const labelOf = (call: Call): string => (call.kind === 'module' ? `the module ${call.path}` : call.name);

/** An error with the line, unless a call within has told it. */
function located(error: unknown, line: string | null): unknown {
  if (!(error instanceof Unlike) || line === null || error.message.endsWith(')')) return error;
  return new Unlike(`${error.message} (${line})`);
}

/**
 * Recordings of one call at batches of these sizes as one.
 * @throws ExportError where they differ in other ways than numbers that follow the batch
 */
export function merge(recordings: readonly Recording[], sizes: readonly number[]): Recording {
  const merging = new Merging(sizes);
  try {
    const inputs = merging.argument(
      recordings.map((r) => r.inputs),
      'an input',
    ) as readonly Value[];
    const body = merging.body(recordings.map((r) => r.body));
    return {
      inputs,
      body,
      result: merging.argument(
        recordings.map((r) => r.result),
        'the result',
      ),
    };
  } catch (error) {
    if (error instanceof Unlike) throw new ExportError(error.message, { cause: error });
    throw error;
  }
}
