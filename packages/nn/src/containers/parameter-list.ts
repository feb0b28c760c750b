import { IndexError, KindlingError, Tensor } from '@kindling/core';
import { Module } from '../module/module.ts';
import { Parameter } from '../module/parameter.ts';
import { partsOf } from '../module/registry.ts';

/** How a parameter stands in a printed list. */
const describe = (p: Parameter): string =>
  `Parameter containing: [torch.${p.dtype} of size ${p.shape.join('x')}]`;

const asParameter = (x: Tensor): Parameter => {
  if (x instanceof Parameter) return x;
  if (x instanceof Tensor) return new Parameter(x);
  throw new KindlingError(`ParameterList: expected tensors, got ${x === null ? 'null' : typeof x}`);
};

const parametersIn = (module: ParameterList): Parameter[] =>
  partsOf(module).parameters.map(([, value]) => value);

/**
 * An array of parameters that are registered; plain tensors become parameters. `list[0]` is the first.
 * Follows `torch.nn.ParameterList`.
 *
 * @example
 * ```ts
 * const weights = new nn.ParameterList([randn([3, 3]), randn([3])]);
 * ```
 */
export class ParameterList extends Module<never, never> {
  [index: number]: Parameter;

  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }

  /** How many parameters there are. */
  override get length(): number {
    return parametersIn(this).length;
  }

  /** The parameter at `index`, counted from the end where negative. Throws where there is none. */
  at(index: number): Parameter {
    const parameter = parametersIn(this).at(index);
    if (parameter === undefined) throw new IndexError(`ParameterList: index ${index} is out of range`);
    return parameter;
  }

  /** Adds a parameter behind the last. */
  append(value: Tensor): this {
    this.registerParameter(String(this.length), asParameter(value));
    return this;
  }

  /** Adds parameters behind the last. */
  extend(values: Iterable<Tensor>): this {
    for (const value of values) this.append(value);
    return this;
  }

  override toString(): string {
    const lines = parametersIn(this).map((p, i) => `(${i}): ${describe(p)}`);
    // PyTorch indents the lines of this container by four.
    return lines.length === 0
      ? `${this.constructor.name}()`
      : `${this.constructor.name}(\n    ${lines.join('\n    ')}\n)`;
  }

  [Symbol.iterator](): IterableIterator<Parameter> {
    return parametersIn(this).values();
  }
}

/** Parameters by name. Follows `torch.nn.ParameterDict`. */
export class ParameterDict extends Module<never, never> {
  readonly #parameters = new Map<string, Parameter>();

  constructor(values: Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor> = {}) {
    super();
    const entries = values instanceof Map ? values : Object.entries(values as Record<string, Tensor>);
    for (const [name, value] of entries as Iterable<[string, Tensor]>) this.set(name, value);
  }

  override registered(): [string, unknown][] {
    return [...super.registered(), ...this.#parameters];
  }

  /** The parameter of this name. Throws where there is none. */
  get(name: string): Parameter {
    const parameter = this.#parameters.get(name);
    if (parameter === undefined) throw new KindlingError(`ParameterDict: no parameter '${name}'`);
    return parameter;
  }

  /** Adds a parameter, or replaces the one of this name. */
  set(name: string, value: Tensor): this {
    if (name === '' || name.includes('.')) {
      throw new KindlingError(`parameter name can't be empty or contain ".", got: "${name}"`);
    }
    this.#parameters.set(name, asParameter(value));
    return this;
  }

  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  get size(): number {
    return this.#parameters.size;
  }

  keys(): IterableIterator<string> {
    return this.#parameters.keys();
  }

  values(): IterableIterator<Parameter> {
    return this.#parameters.values();
  }

  [Symbol.iterator](): IterableIterator<[string, Parameter]> {
    return this.#parameters.entries();
  }

  override extraRepr(): string {
    return [...this.#parameters].map(([name, p]) => `(${name}): ${describe(p)}`).join('\n');
  }
}
