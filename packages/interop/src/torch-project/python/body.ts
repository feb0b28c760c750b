/** The body of a function: a recorded body as statements, one call a line. */
import type { Tensor } from '@kindling/core';
import { ExportError } from '../../errors.ts';
import {
  type Argument,
  type Call,
  isBatchNumber,
  isValue,
  type ModuleCall,
  type Value,
  valuesIn,
} from '../../recording/index.ts';
import { argumentsOf } from './arguments.ts';
import { Expressions, functionCall, operationCall, primitiveForms } from './calls/index.ts';
import {
  call,
  dtypeName,
  flat,
  list,
  literal,
  marked,
  Names,
  nested,
  number,
  type Py,
  prefixed,
  suffixed,
  text,
  tuple,
} from './text/index.ts';
import { givesOf, needed, readsOf, type Unit, unitsOf, Variables } from './units.ts';

/** A line of Python, and where it comes from. */
export interface Statement {
  readonly target: string;
  readonly value: Py;
  readonly line: string | null;
  /** Whether it stands in a block without gradients. */
  readonly noGrad?: boolean;
}

/** How what is no local variable is called: parameters, buffers and modules. */
interface Surroundings {
  /** `self.scale`; `null` where it cannot be reached from here. */
  state(tensor: Tensor, name: string): string | null;
  /** `self.fc1`. */
  module(call: ModuleCall): string | null;
  /** Whether a function with a flag `training` follows the mode. */
  followsMode(unit: Unit): boolean;
}

/** The largest constant that is written where it is used. */
const small = 16;

/** What makes tensors of nothing, and so must be told the device. */
const creations = new Set(
  'zeros ones empty full eye arange linspace logspace rand randn randint randperm'.split(' '),
);

export class Body {
  readonly statements: Statement[] = [];
  readonly names = new Names();
  readonly #where: Surroundings;
  readonly #units: readonly Unit[];
  readonly #variables: Variables;
  readonly #lastRead = new Map<number, number>();
  /** The variable of each value, by its number. */
  readonly #bound = new Map<number, string>();
  /** What each variable holds. */
  readonly #held = new Map<string, Value>();

  constructor(body: readonly Call[], result: Argument, where: Surroundings, withModules = true) {
    this.#where = where;
    const all = unitsOf(body, withModules);
    this.#units = needed(all, valuesIn(result));
    this.#variables = new Variables(all);
    this.#units.forEach((unit, i) => {
      for (const x of readsOf(unit)) this.#lastRead.set(this.#variables.of(x), i);
    });
    for (const x of valuesIn(result)) this.#lastRead.set(this.#variables.of(x), Number.POSITIVE_INFINITY);
  }

  /** Takes a value under a name, as a parameter; the name that it has. */
  bind(value: Value, name: string): string {
    const given = this.names.fresh(name);
    // What is given twice goes by its first name.
    if (!this.#bound.has(this.#variables.of(value))) this.hold(value, given);
    return given;
  }

  /** Whether any unit, or the result, reads a value. */
  reads(value: Value): boolean {
    return this.#lastRead.has(this.#variables.of(value));
  }

  /** Takes a value under a name that was given. */
  hold(value: Value, name: string): void {
    this.#bound.set(this.#variables.of(value), name);
    this.#held.set(name, value);
  }

  /** Writes all units. */
  write(): void {
    this.#units.forEach((unit, i) => {
      this.#write(unit, i);
    });
  }

  /** What the function returns. */
  result(x: Argument): Py {
    return this.py(x, [], tuple);
  }

  // ---- Expressions ----

  /** An argument in a call, `near` what it stands beside. */
  py(x: Argument, near: readonly Value[] = [], sequence: (items: readonly Py[]) => Py = list): Py {
    if (isBatchNumber(x)) return this.#size(x.perSample, x.fixed, near);
    if (typeof x === 'number') return marked(number(x));
    if (typeof x !== 'object' || x === null) return literal(x) as Py;
    if (isValue(x)) return this.#value(x);
    if ('$python' in x) return x.$python as string;
    if (Array.isArray(x))
      return (valuesIn(x).length > 0 ? sequence : tuple)(x.map((item) => this.py(item, near, sequence)));
    return {
      head: '{',
      items: Object.entries(x).map(([name, item]) =>
        prefixed(`${text(name)}: `, this.py(item, near, sequence)),
      ),
      tail: '}',
    };
  }

  #value(x: Value): Py {
    const { source } = x;
    const known = this.#bound.get(this.#variables.of(x));
    if (known !== undefined) return known;
    if (source.kind === 'state') {
      const state = this.#where.state(source.tensor, source.name);
      if (state !== null) return state;
      throw new ExportError(
        `the parameter or buffer ${source.name} is used where it cannot be reached: give it to the call as an argument`,
      );
    }
    if (source.kind === 'constant') {
      const written = this.constant(source.tensor);
      if (flat(written).length < 50) return written;
      const target = this.names.fresh('constant');
      this.statements.push({ target, value: written, line: null });
      this.hold(x, target);
      return target;
    }
    throw new ExportError(
      'a tensor is used that no recorded call gave: return it from the module that makes it',
    );
  }

  /** A tensor's elements, where they are few. */
  constant(x: Tensor): Py {
    if (x.requiresGrad)
      throw new ExportError(
        `a parameter of shape [${x.shape.join(', ')}] is no part of the model: assign it, or the module that holds it, to a property`,
      );
    if (x.count > small)
      throw new ExportError(
        `a constant of shape [${x.shape.join(', ')}] is no part of the model: register it, this.registerBuffer('name', tensor), ` +
          'or make it by operations',
      );
    const values = [...(x.detach().contiguous().data as unknown as number[])];
    const dtype = x.dtype === 'float64' || x.dtype === 'uint8' ? [`dtype=${dtypeName(x.dtype)}`] : [];
    return call('torch.tensor', [
      nested(values, x.shape, x.dtype),
      ...dtype,
      ...(x.ndim === 0 ? [] : this.#device()),
    ]);
  }

  #device(): string[] {
    const [name] = this.#held.keys();
    return name === undefined ? [] : [`device=${name}.device`];
  }

  /** A number that follows the batch, by the size of a variable at hand. */
  #size(perSample: number, fixed: number, near: readonly Value[]): Py {
    const beside = near.map((x) => [this.#bound.get(this.#variables.of(x)), x] as const);
    for (const [name, value] of [...beside, ...this.#held]) {
      if (name === undefined) continue;
      for (const [d, size] of value.shape.entries()) {
        if (!isBatchNumber(size) || size.fixed !== 0) continue;
        const times = perSample / size.perSample;
        const along = `${name}.shape[${d}]`;
        const product =
          times === 1
            ? along
            : Number.isInteger(1 / times)
              ? `${along} // ${1 / times}`
              : `${along} * ${number(times)}`;
        return fixed === 0 ? product : `${product} ${fixed < 0 ? '-' : '+'} ${number(Math.abs(fixed))}`;
      }
    }
    throw new ExportError('a number follows the size of the batch where no tensor is at hand that has it');
  }

  // ---- Statements ----

  #write(unit: Unit, i: number): void {
    try {
      const value = this.#callOf(unit);
      const target = this.#targetOf(unit, i);
      this.statements.push({
        ...target(value),
        line: unit.line,
        ...(unit.noGrad === true ? { noGrad: true } : {}),
      });
    } catch (error) {
      throw located(error, unit);
    }
  }

  #callOf(unit: Unit): Py {
    const near = readsOf(unit);
    const write = { py: (x: Argument) => this.py(x, near) };
    if (unit.kind === 'module') return this.#moduleCall(unit, near);
    const written =
      unit.kind === 'operation' ? operationCall(unit, write) : functionCall(this.#inMode(unit), write);
    if (written === null) return this.#computed(unit);
    const isMade = unit.kind === 'function' && creations.has(unit.name) && typeof written !== 'string';
    return isMade ? { ...written, items: [...written.items, ...this.#device()] } : written;
  }

  /** An operation that PyTorch has not, by its expression. */
  #computed(unit: Unit): Py {
    if (unit.kind !== 'operation') throw new ExportError('has no counterpart in PyTorch');
    const { elementwise, attributes, inputs, line } = unit;
    const form = primitiveForms[unit.name];
    if (form !== undefined) return form(unit, { py: (x) => this.py(x, inputs) });
    if (elementwise === null) throw new ExportError('has no counterpart in PyTorch');
    const reduced = Array.isArray(attributes)
      ? null
      : (attributes as { readonly params: readonly number[]; readonly mean: boolean });
    const numbers = (reduced?.params ?? attributes) as readonly number[];
    const expressions = new Expressions(
      inputs.map((x) => flat(this.py(x))),
      numbers,
      (of, value) => {
        const target = this.names.fresh(of);
        this.statements.push({ target, value, line, ...(unit.noGrad === true ? { noGrad: true } : {}) });
        return target;
      },
    );
    const value = expressions.write(elementwise.expression);
    if (reduced === null) return value;
    const reduce = reduced.mean ? '.mean()' : '.sum()';
    const isClosed = typeof value !== 'string' || /^[\w.]+(?:\([^()]*\))?$/.test(value);
    return isClosed ? suffixed(value, reduce) : `(${value})${reduce}`;
  }

  /** A function whose flag is the mode: `training=self.training`. */
  #inMode(unit: Unit & { kind: 'function' }): typeof unit {
    if (!this.#where.followsMode(unit)) return unit;
    const { options } = unit.given;
    return { ...unit, given: { ...unit.given, options: { ...(options as object), training: mode } } };
  }

  #moduleCall(unit: ModuleCall, near: readonly Value[]): Py {
    const callee = this.#where.module(unit);
    if (callee === null)
      throw new ExportError('a module is called that is no part of the one which calls it');
    const given = argumentsOf(unit.module, unit.inputs).map(({ name, value, byName }) => {
      const py = this.py(value, near, tuple);
      return byName ? prefixed(`${name}=`, py) : py;
    });
    return call(callee, given);
  }

  /** What a unit's result is assigned to. */
  #targetOf(unit: Unit, i: number): (value: Py) => { target: string; value: Py } {
    const result =
      unit.kind === 'operation' ? (unit.outputs.length === 1 ? unit.outputs[0] : unit.outputs) : unit.result;
    const gives = givesOf(unit).filter((y) => (this.#lastRead.get(this.#variables.of(y)) ?? -1) > i);
    if (gives.length === 0 || result === undefined) return (value) => ({ target: '', value });
    const reads = readsOf(unit);
    const inPlace = gives.find((y) => this.#bound.has(this.#variables.of(y)));
    if (inPlace !== undefined && isValue(result)) {
      const name = this.#bound.get(this.#variables.of(inPlace)) as string;
      this.hold(result, name);
      return (value) => ({ target: '', value });
    }
    if (isValue(result)) {
      const name = this.#nameAfter(reads, i) ?? this.names.fresh(baseName(unit));
      this.hold(result, name);
      return (value) => ({ target: name, value });
    }
    return this.#unpacked(unit, result, gives);
  }

  /** The name of the first operand, if nobody reads it any more. */
  #nameAfter(reads: readonly Value[], i: number): string | null {
    for (const x of reads) {
      const root = this.#variables.of(x);
      const name = this.#bound.get(root);
      if (name === undefined) continue;
      return this.#lastRead.get(root) === i &&
        this.#held.get(name) !== undefined &&
        this.#variables.of(this.#held.get(name) as Value) === root
        ? name
        : null;
    }
    return null;
  }

  #unpacked(
    unit: Unit,
    result: Argument,
    gives: readonly Value[],
  ): (value: Py) => { target: string; value: Py } {
    const wanted = new Set(gives.map(({ id }) => id));
    const parts = Array.isArray(result)
      ? result.map((x) => ['', x] as const)
      : Object.entries(result as Record<string, Argument>);
    const used = parts.flatMap(([, x], k) => (valuesIn(x).some((y) => wanted.has(y.id)) ? [k] : []));
    const [only] = used;
    if (
      used.length === 1 &&
      only !== undefined &&
      isValue(parts[only]?.[1]) &&
      (parts.length > 3 || parts.length === 1)
    ) {
      const value = parts[only]?.[1] as Value;
      const name = this.names.fresh(baseName(unit));
      this.hold(value, name);
      return (py) => ({ target: name, value: `${flat(py)}[${only}]` });
    }
    const pattern = (items: readonly (readonly [string, Argument])[], depth: number): string => {
      const names = items.map(([key, x], k) => {
        if (!valuesIn(x).some((y) => wanted.has(y.id))) return '_';
        if (isValue(x)) {
          const name = this.names.fresh(partName(unit, key, k, depth, items.length));
          this.hold(x, name);
          return name;
        }
        const inner = Array.isArray(x)
          ? x.map((y) => ['', y] as const)
          : Object.entries(x as Record<string, Argument>);
        return `(${pattern(inner, depth + 1)})`;
      });
      return names.length === 1 ? `${names[0]},` : names.join(', ');
    };
    const target = pattern(parts, 0);
    return (value) => ({ target, value });
  }
}

/** Stands for `self.training` among options. */
const mode = { $python: 'self.training' } as const;

/** What the result of a unit is called, where its operand goes on under its own name. */
const baseName = (unit: Unit): string => {
  if (unit.kind !== 'module') return unit.name;
  const last = unit.path.split('.').at(-1) ?? '';
  return /^\d*$/.test(last)
    ? unit.module.constructor.name.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (c) => c.toLowerCase())
    : last;
};

/** What the parts of results are called that PyTorch documents under names. */
const partNames: Readonly<Record<string, readonly string[]>> = {
  LSTM: ['output', 'h_n', 'c_n'],
  GRU: ['output', 'h_n'],
  RNN: ['output', 'h_n'],
  LSTMCell: ['h', 'c'],
  MultiheadAttention: ['attended', 'weights'],
};

function partName(unit: Unit, key: string, k: number, depth: number, count: number): string {
  if (key !== '') return key;
  const known = unit.kind === 'module' ? partNames[unit.module.constructor.name]?.[k + depth] : undefined;
  return known ?? (count === 1 ? baseName(unit) : `${baseName(unit)}${k + 1}`);
}

/** An error with the name of what could not be written, and its line. */
function located(error: unknown, unit: Unit): unknown {
  if (!(error instanceof ExportError) || /\(\S+:\d+\)/.test(error.message)) return error;
  const what = unit.kind === 'module' ? unit.module.constructor.name : unit.name;
  const line = unit.line === null ? '' : ` (${unit.line})`;
  const message = error.message.startsWith('has no')
    ? `${what}${line} ${error.message}; write it with other operations`
    : `${what}${line}: ${error.message}`;
  return new ExportError(message, { cause: error });
}
