/**
 * What values are called in the graph, where several are one memory: ONNX has neither views nor changes in place, so
 * what is changed becomes another value, and views of it are taken anew when they are next read.
 */
import type { Operation, Value } from '../recording/index.ts';
import { type Graph, isStatic, type Name } from './graph.ts';

/** A memory, as it is now. */
interface Memory {
  name: Name;
  /** The value that is all of it. */
  readonly whole: Value;
  /** How often it was changed. */
  version: number;
}

/** What a value shows of a memory. */
interface Shown {
  readonly memory: Memory;
  /** The views that lead from the memory to the value. */
  readonly chain: readonly Operation[];
  name: Name;
  version: number;
}

/** Writes a view, of the name of its input. */
type View = (view: Operation, input: Name) => Name;

/** Views that show all elements, by how they are undone. */
const undone: Readonly<Record<string, (graph: Graph, x: Name, view: Operation) => Name>> = {
  transpose(graph, x, view) {
    const [a, b] = view.attributes as readonly [number, number];
    const rank = view.outputs[0]?.shape.length ?? 0;
    return graph.transpose(
      x,
      Array.from({ length: rank }, (_, d) => (d === a ? b : d === b ? a : d)),
    );
  },
  t: (graph, x) => graph.transpose(x, [1, 0]),
  permute(graph, x, view) {
    const order = view.attributes as readonly number[];
    return graph.transpose(
      x,
      order.map((_, d) => order.indexOf(d)),
    );
  },
  detach: (_, x) => x,
  alias: (_, x) => x,
  ...Object.fromEntries(
    ['view', 'squeeze', 'unsqueeze'].map((name) => [
      name,
      (graph: Graph, x: Name, view: Operation) => graph.reshape(x, view.inputs[0]?.shape ?? []),
    ]),
  ),
};

export class Memories {
  readonly #graph: Graph;
  readonly #view: View;
  readonly #shown = new Map<number, Shown>();

  constructor(graph: Graph, view: View) {
    this.#graph = graph;
    this.#view = view;
  }

  has(value: Value): boolean {
    return this.#shown.has(value.id);
  }

  /** A value with a memory of its own. */
  define(value: Value, name: Name): void {
    const memory = { name, whole: value, version: 0 };
    this.#shown.set(value.id, { memory, chain: [], name, version: 0 });
  }

  /** A view of another value. */
  defineView(value: Value, of: Value, view: Operation, name: Name): void {
    const from = this.#shown.get(of.id);
    if (from === undefined) this.define(value, name);
    else {
      const { memory, chain } = from;
      this.#shown.set(value.id, { memory, chain: [...chain, view], name, version: memory.version });
    }
  }

  /** What a value is called now. */
  read(value: Value): Name | undefined {
    const shown = this.#shown.get(value.id);
    if (shown === undefined) return undefined;
    const { memory } = shown;
    if (shown.version !== memory.version) {
      shown.name = this.#through(memory.name, shown.chain);
      shown.version = memory.version;
    }
    return shown.name;
  }

  /** The value that is all of the memory which this one shows. */
  wholeOf(value: Value): Value {
    return this.#shown.get(value.id)?.memory.whole ?? value;
  }

  /** A value that was changed in place: `after` is what it is then, `name` its elements. */
  change(before: Value, after: Value, name: Name): void {
    const shown = this.#shown.get(before.id);
    if (shown === undefined) {
      this.define(after, name);
      return;
    }
    const { memory, chain } = shown;
    memory.name = chain.length === 0 ? name : this.#written(memory, chain, name, after);
    memory.version++;
    this.#shown.set(after.id, { memory, chain, name, version: memory.version });
  }

  #through(name: Name, chain: readonly Operation[]): Name {
    return chain.reduce((x, view) => this.#view(view, x), name);
  }

  /** The memory with the elements of a view in their places. */
  #written(memory: Memory, chain: readonly Operation[], elements: Name, value: Value): Name {
    const graph = this.#graph;
    if (chain.every(({ name }) => Object.hasOwn(undone, name)))
      return chain.reduceRight((x, view) => undone[view.name]?.(graph, x, view) ?? x, elements);
    // Where elements lie is found by taking the same views of their numbers.
    const flat = graph.add('Reshape', [memory.name, graph.sizes([-1])]);
    const { shape } = memory.whole;
    const count = shape.every(isStatic) ? shape.reduce((n, size) => n * size, 1) : undefined;
    const numbers =
      count === undefined
        ? graph.add('Range', [
            graph.number(0, 'int32'),
            graph.add('Squeeze', [graph.add('Shape', [flat]), graph.sizes([0])]),
            graph.number(1, 'int32'),
          ])
        : graph.constant(
            Array.from({ length: count }, (_, i) => i),
            [count],
            'int32',
          );
    const places = this.#through(graph.reshape(numbers, shape), chain);
    const row = (x: Name): Name => graph.add('Reshape', [x, graph.sizes([-1])]);
    const isBool = value.dtype === 'bool';
    const [data, updates] = [flat, row(elements)].map((x) => (isBool ? graph.cast(x, 'uint8') : x));
    const written = graph.add('ScatterElements', [data ?? '', row(places), updates ?? ''], { axis: 0 });
    return graph.reshape(isBool ? graph.cast(written, 'bool') : written, shape);
  }
}
