/** A recording as a graph: the walk over calls, and which table each is looked up in. */
import type { Tensor } from '@kindling/core';
import { ExportError } from '../errors.ts';
import {
  type Call,
  type FunctionCall,
  type ModuleCall,
  type Operation,
  type Value,
  valuesIn,
} from '../recording/index.ts';
import { ExpressionWriter, NoCounterpart, type Term } from './expression.ts';
import { created, functions } from './functions/index.ts';
import type { Graph, Name, Size } from './graph.ts';
import { activations, hasNode, lowerings, NotInOnnx } from './lowering/index.ts';
import { expanded } from './lowering/views.ts';
import { Memories } from './memory.ts';
import { modules } from './modules.ts';

/** What lowerings of functions and modules are given besides their call. */
export interface Scope {
  readonly graph: Graph;
  /** What a value is called. */
  read(value: Value): Name;
  /** What a parameter or buffer is called; `null` for a tensor that is none. */
  state(x: Tensor): Name | null;
}

const at = (line: string | null): string => (line === null ? '' : ` (${line})`);

export class Translation implements Scope {
  readonly graph: Graph;
  readonly #memories: Memories;
  /** The names of the model's parameters and buffers. */
  readonly #state: ReadonlyMap<Tensor, string>;
  readonly #initialized = new Map<Tensor, Name>();
  /** Whether a lookup in a table is at work. */
  #shortens = false;

  constructor(graph: Graph, state: ReadonlyMap<Tensor, string>) {
    this.graph = graph;
    this.#state = state;
    this.#memories = new Memories(graph, (view, input) => this.#lower(view, [input])[0] ?? '');
  }

  define(value: Value, name: Name): void {
    this.#memories.define(value, name);
  }

  read(value: Value): Name {
    const name = this.#memories.read(value);
    if (name !== undefined && name !== '') return name;
    const { source } = value;
    if (name === '' || source.kind === 'result' || source.kind === 'input')
      throw new ExportError('exportOnnx: a value is read that no node of the graph gives');
    const initializer = this.#initializer(source.tensor);
    this.#memories.define(value, initializer);
    return initializer;
  }

  #isKnown(value: Value): boolean {
    return this.#memories.has(value) || value.source.kind === 'state' || value.source.kind === 'constant';
  }

  state(x: Tensor): Name | null {
    return this.#state.has(x) ? this.#initializer(x) : null;
  }

  #initializer(x: Tensor): Name {
    let name = this.#initialized.get(x);
    if (name === undefined) {
      name = this.graph.state(this.#state.get(x) ?? 'data', x);
      this.#initialized.set(x, name);
    }
    return name;
  }

  walk(calls: readonly Call[]): void {
    for (const call of calls) {
      const { place } = this.graph;
      if (call.kind === 'module') this.graph.place = { path: call.path, line: call.line };
      else this.graph.place = { ...place, line: call.line };
      this.#call(call);
      this.graph.place = place;
    }
  }

  #call(call: Call): void {
    if (call.kind === 'operation') {
      this.#operation(call);
      return;
    }
    const written = this.#whole(call);
    if (written !== null) {
      for (const [i, value] of valuesIn(call.result).entries()) this.define(value, written[i] ?? '');
    } else if (call.unlike !== undefined) throw cannot(call, call.unlike);
    else if (call.body.length === 0 && valuesIn(call.result).some((value) => !this.#isKnown(value)))
      throw cannot(call, 'ONNX has no counterpart, and none is composed here');
    else {
      const before = this.#shortens;
      this.#shortens ||= /^embedding(?:Bag)?$/.test(call.kind === 'function' ? call.name : '');
      this.walk(call.body);
      this.#shortens = before;
    }
  }

  /** A module or function by a node of its own, where it has one. */
  #whole(call: ModuleCall | FunctionCall): readonly Name[] | null {
    try {
      if (call.kind === 'module') return modules(call, this);
      if (call.body.length === 0 && call.unlike === undefined) return created(call, this);
      return Object.hasOwn(functions, call.name) ? (functions[call.name]?.(call, this) ?? null) : null;
    } catch (error) {
      throw explained(error, call);
    }
  }

  #operation(operation: Operation): void {
    const { inputs, outputs, sharesWith, inPlace } = operation;
    const names = inputs.map((value) => this.read(value));
    const results = this.#lower(operation, names);
    for (const [i, output] of outputs.entries()) {
      const name = results[i] ?? '';
      const shared = sharesWith[i] ?? null;
      if (shared === null) this.define(output, name);
      else if (inPlace) this.#change(operation, shared, output, name);
      else this.#memories.defineView(output, shared, operation, name);
    }
  }

  #change(operation: Operation, before: Value, after: Value, name: Name): void {
    const { source } = this.#memories.wholeOf(before);
    // What shortens rows of a table finds them short the next time: each run may do it anew.
    if (source.kind === 'state' && !this.#shortens) {
      throw cannot(
        operation,
        `it changes ${source.name}, and a graph of ONNX keeps nothing from one run to the next`,
        `return the new value as a further result, and give it to the next call as an input`,
      );
    }
    if (source.kind === 'constant') {
      throw cannot(
        operation,
        'it changes a tensor that was made of data during the call, or before it',
        'change a clone() of it',
      );
    }
    this.#memories.change(before, after, name);
  }

  #lower(operation: Operation, inputs: readonly Name[]): readonly Name[] {
    try {
      const results = this.#lowered(operation, inputs);
      return typeof results === 'string' ? [results] : results;
    } catch (error) {
      throw explained(error, operation);
    }
  }

  #lowered(operation: Operation, inputs: readonly Name[]): Name | readonly Name[] {
    const { inPlace, elementwise } = operation;
    // In place is what the operation of that name gives.
    const name = inPlace ? operation.name.replace(/_$/, '') : operation.name;
    if (elementwise !== null) {
      const node = Object.hasOwn(activations, name) && hasNode(operation) ? activations[name] : undefined;
      return node === undefined ? this.#elementwise(operation, inputs) : node(this.graph, inputs, operation);
    }
    const lowering = Object.hasOwn(lowerings, name) ? lowerings[name] : undefined;
    if (lowering === undefined) throw new NotInOnnx('ONNX has no counterpart, and none is composed here');
    return lowering(this.graph, inputs, operation);
  }

  #elementwise(operation: Operation, inputs: readonly Name[]): Name {
    const { elementwise, outputs } = operation;
    const [output] = outputs;
    if (elementwise === null || output === undefined) throw new NotInOnnx('it gives nothing');
    const { attributes } = operation;
    const isReduced = !Array.isArray(attributes);
    const { params: numbers = [], mean = false } = isReduced
      ? (attributes as { readonly params?: readonly Size[]; readonly mean?: boolean })
      : { params: attributes as readonly Size[] };
    const { graph } = this;
    const operands = operation.inputs.map(({ dtype }, i) => ({ name: inputs[i] ?? '', dtype }));
    const writer = new ExpressionWriter(graph, elementwise.dtype, operands, numbers);
    const term = writer.write(elementwise.expression);
    if (!isReduced) return this.#fitted(term, writer, operation, output);
    const values = writer.elements(term);
    return graph.add(mean ? 'ReduceMean' : 'ReduceSum', [values], { keepdims: 0 });
  }

  /**
   * A term as the result of an operation: of its dtype, and of its shape where not all operands stand in the
   * expression.
   */
  #fitted(term: Term, writer: ExpressionWriter, { inputs }: Operation, output: Value): Name {
    const { graph } = this;
    let name = output.dtype === 'bool' ? writer.mask(term) : writer.elements(term);
    if (output.dtype !== 'bool' && output.dtype !== writer.dtype) name = graph.cast(name, output.dtype);
    if (writer.uses === inputs.length) return name;
    return expanded(graph, name, [], output.shape);
  }
}

function cannot(call: Call, why: string, instead?: string): ExportError {
  const what = call.kind === 'module' ? `${call.module.constructor.name} '${call.path}'` : call.name;
  return new ExportError(
    `exportOnnx: ${what}${at(call.line)} cannot be written in ONNX: ${why}` +
      `${instead === undefined ? '' : `; ${instead}`}`,
  );
}

function explained(error: unknown, call: Call): unknown {
  if (error instanceof NotInOnnx) return cannot(call, error.message, error.instead);
  if (error instanceof NoCounterpart) {
    return cannot(
      call,
      `ONNX has no ${error.message}`,
      'compute it of operations that ONNX has, or leave this part of the model to the code that runs the graph',
    );
  }
  return error;
}
