import { checkArguments, K } from '../arguments/index.ts';
import { Interpreter } from '../compile/interpreter.ts';
import { programAsJson, programFormat, programVersion } from '../compile/json.ts';
import type { Memory, Origin, Program, Value } from '../compile/program.ts';
import { extentOf } from '../compile/values.ts';
import type { DType } from '../dtype.ts';
import { KindlingError, ShapeError, ValueError } from '../errors.ts';
import { defaultGenerator, type Generator } from '../random/generator.ts';
import { generatorKind } from '../random/generator-kind.ts';
import { formatShape, isContiguousLayout, sameShape } from '../shape.ts';
import { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import { Data } from './data.ts';
import { rerunOfCode } from './operations.ts';

/** A tensor that lived before the calls of a program and stays, such as a parameter: what is asked of {@link ReadOptions.state}. */
export interface StateMemory {
  /** Its number in the program. */
  readonly id: number;
  /** What it is called: `'Linear.weight'`; `null` where that is not known. */
  readonly name: string | null;
  /** The type of its elements. */
  readonly dtype: DType;
  /** How many elements it has. */
  readonly length: number;
}

/** Options of {@link readProgram}. */
export interface ReadOptions {
  /** Gives the tensors that a program works on beside its arguments: all elements of one, in row-major order. */
  readonly state?: (memory: StateMemory) => Tensor;
  /** Does what the host does in each call, by its number, and gives what the program takes of it: `step.programs[0].hostParts[i].run`. */
  readonly host?: (part: number) => unknown;
  /** Where draws come from. Default: the default generator. */
  readonly generator?: Generator;
}

/** A program that was read. */
export interface ReadProgram {
  /** Its equations and what they work on. */
  readonly program: Program;
  /**
   * Runs it by the kernels of eager calls, and gives the tensors among its results, in order.
   * @throws ShapeError, ValueError where the tensors are not such as the program was recorded with
   */
  run(...tensors: Tensor[]): Tensor[];
}

const readTakes = {
  data: K.kind('a program as JSON, or what JSON.parse gave', (x) => typeof x === 'string' || K.isOptions(x)),
  options: K.options<ReadOptions>({ state: K.callable, host: K.callable, generator: generatorKind }),
};

/**
 * Reads what `JSON.stringify(step.programs[0])` wrote, and runs it by the kernels of eager calls, with the bits of the
 * compiled function. Elementwise operations, updates and losses are made anew from their expressions; others are found
 * by their names. The tensors of the closure, parameters among them, are not in it, nor are the functions that
 * optimizers and `onHost` run in each call. Kindling's own.
 * @throws KindlingError for what is no program, one of a later version, and operations that are not known here;
 *   ValueError, DTypeError, ShapeError for state that is missing or does not fit
 * @example
 * ```ts
 * const w = tensor([0.5, 2]);
 * const scaled = compile((x: Tensor) => x.mul(w).sum());
 * for (let i = 0; i < 3; i++) scaled(ones(2));
 * const read = readProgram(JSON.stringify(scaled.programs[0]), { state: () => w });
 * read.run(tensor([1.5, 3])); // [ tensor(6.7500) ]
 * ```
 */
export function readProgram(data: string | object, options: ReadOptions = {}): ReadProgram {
  checkArguments('readProgram', readTakes, arguments);
  const program = new Reading(new Data(parsed(data)), options).program();
  const { host } = options;
  if (host === undefined && program.hostParts.length > 0)
    throw new ValueError(
      `readProgram: the program has ${program.hostParts.length} parts that the host does in each call, which are not in it; give ` +
        '{ host: (part) => ... }, such as (part) => program.hostParts[part].run() of the one that was written',
    );
  const interpreter = new Interpreter(program);
  return {
    program,
    run(...tensors) {
      checkArguments('ReadProgram.run', { tensors: K.tensors }, [tensors]);
      checkGiven(program, tensors);
      return interpreter.run(tensors, host);
    },
  };
}

function parsed(data: string | object): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch (error) {
    throw new KindlingError(`readProgram: the program is no JSON: ${(error as Error).message}`);
  }
}

/** Refuses what a program was not recorded with. */
function checkGiven({ memories }: Program, tensors: readonly Tensor[]): void {
  let count = 0;
  const storages = new Map<Storage, Memory>();
  for (const memory of memories) {
    const { origin, dtype } = memory;
    if (origin.kind !== 'argument') continue;
    const [first] = origin.members;
    for (const { index, at, shape, strides } of origin.members) {
      count = Math.max(count, index + 1);
      const x = tensors[index];
      if (x === undefined) continue;
      const what = `ReadProgram.run: tensor ${index}`;
      if (x.dtype !== dtype || !sameShape(x.shape, shape))
        throw new ShapeError(
          `${what}: expected ${dtype} of shape ${formatShape(shape)}, got ${x.dtype} of shape ${formatShape(x.shape)}`,
        );
      if (!sameShape(x.strides, strides))
        throw new ValueError(
          `${what}: expected strides ${formatShape(strides)}, got ${formatShape(x.strides)}; give x.contiguous() where the ` +
            'program was recorded with such',
        );
      const other = tensors[first.index] as Tensor;
      const apart = x.storage === other.storage ? x.offset - other.offset === at - first.at : false;
      if (!apart || (storages.get(x.storage) ?? memory) !== memory)
        throw new ValueError(
          `${what}: it shares memory with others otherwise than when the program was recorded`,
        );
      storages.set(x.storage, memory);
    }
  }
  if (tensors.length < count)
    throw new ValueError(`ReadProgram.run: expected ${count} tensors, got ${tensors.length}`);
}

class Reading {
  readonly #data: Data;
  readonly #options: ReadOptions;
  readonly #memories: Memory[] = [];
  readonly #leaves: { readonly tensor: Tensor; readonly argument: number | null }[] = [];
  readonly #values = new Map<number, Value>();

  constructor(data: Data, options: ReadOptions) {
    this.#data = data;
    this.#options = options;
    if (data.at('format').value !== programFormat)
      throw data.at('format').refuse(`'${programFormat}', as JSON.stringify writes of one of step.programs`);
    const version = data.at('version');
    if (version.value !== programVersion)
      throw version.refuse(`${programVersion}, which this version of Kindling writes and reads`);
  }

  program(): Program {
    const data = this.#data;
    const memories = data.at('memories').list();
    for (const memory of memories) this.#memories.push(this.#memory(memory));
    for (const leaf of data.at('leaves').list()) this.#leaves.push(this.#leaf(leaf));
    for (const [i, memory] of memories.entries())
      this.#originOf(memory.at('origin'), this.#memories[i] as Memory);
    for (const value of data.at('values').list()) this.#readValue(value);
    const hostParts = data.at('hostParts').list();
    const parts: Omit<Program, 'toJSON'> = {
      memories: this.#memories,
      equations: data
        .at('equations')
        .list()
        .map((equation) => this.#equation(equation, hostParts.length)),
      hostParts: hostParts.map((part, i) => ({
        at: part.at('at').whole(),
        run: () => this.#options.host?.(i),
      })),
      results: this.#valuesOf(data.at('results')),
      gradients: data
        .at('gradients')
        .list()
        .map((gradient) => ({
          leaf: gradient.at('leaf').of(this.#leaves, 'leaves'),
          value: gradient.at('value').isNull() ? null : this.#valueOf(gradient.at('value')),
        })),
    };
    const program: Program = { ...parts, toJSON: () => programAsJson(program) };
    return program;
  }

  #memory(data: Data): Memory {
    const id = data.at('id').whole();
    if (id !== this.#memories.length) throw data.at('id').refuse(`${this.#memories.length}, its place`);
    const name = data.at('name').isNull() ? null : data.at('name').text();
    const memory: Memory = {
      id,
      dtype: data.at('dtype').dtype(),
      length: data.at('length').whole(),
      base: data.at('base').whole(),
      origin: { kind: 'local' },
      name,
    };
    const origin = data.at('origin');
    if (origin.at('kind').value === 'state') memory.origin = this.#state(memory, origin);
    return memory;
  }

  #state({ id, dtype, length, name }: Memory, origin: Data): Origin {
    const what = `readProgram: state ${id}${name === null ? '' : ` (${name})`}`;
    const { state } = this.#options;
    if (state === undefined)
      throw new ValueError(
        `${what}: the program works on a tensor of ${length} elements of ${dtype} beside its arguments; give { state: (memory) => tensor }`,
      );
    const x: unknown = state({ id, name, dtype, length });
    if (!Tensor.is(x)) throw new ValueError(`${what}: options.state gave no tensor`);
    const whole = x.dtype === dtype && x.storage.array.length === length && x.dense;
    if (!whole)
      throw new ShapeError(
        `${what}: expected a tensor of ${length} elements of ${dtype} that is no part of another, got ${x.dtype} of shape ` +
          formatShape(x.shape),
      );
    this.#given.set(id, x);
    const given = origin.at('given').isNull() ? [] : this.#argumentsOf(origin.at('given'));
    return { kind: 'state', storage: x.storage, ...(given.length > 0 && { given }) };
  }

  /** What `state` gave. */
  readonly #given = new Map<number, Tensor>();

  #argumentsOf(data: Data) {
    return data.list().map((member) => ({
      index: member.at('index').whole(),
      at: member.at('at').whole(),
      shape: member.at('shape').wholes(),
      strides: member.at('strides').wholes(),
    }));
  }

  #originOf(data: Data, memory: Memory): void {
    const kind = data.at('kind');
    switch (kind.value) {
      case 'argument': {
        const [first, ...others] = this.#argumentsOf(data.at('members'));
        if (first === undefined) throw data.at('members').refuse('at least one argument');
        memory.origin = { kind: 'argument', members: [first, ...others] };
        return;
      }
      case 'constant': {
        const elements = data.at('elements').elements(memory.dtype);
        if (elements.length !== memory.length) throw data.at('elements').refuse(`${memory.length} elements`);
        memory.origin = { kind: 'constant', elements };
        return;
      }
      case 'gradient':
        memory.origin = { kind: 'gradient', leaf: data.at('leaf').of(this.#leaves, 'leaves') };
        return;
      case 'state':
      case 'local':
        return;
      default:
        throw kind.refuse('argument, state, gradient, constant or local');
    }
  }

  /** A leaf that is no argument is what `state` gave, where it lies as that does. */
  #leaf(data: Data): { readonly tensor: Tensor; readonly argument: number | null } {
    const argument = data.at('argument').isNull() ? null : data.at('argument').whole();
    const [dtype, shape, strides] = [
      data.at('dtype').dtype(),
      data.at('shape').wholes(),
      data.at('strides').wholes(),
    ];
    const offset = data.at('offset').whole();
    const memory = data.at('memory').isNull() ? null : data.at('memory').of(this.#memories, 'memories');
    const given = memory === null ? undefined : this.#given.get(memory.id);
    if (
      given !== undefined &&
      given.offset === offset &&
      sameShape(given.shape, shape) &&
      sameShape(given.strides, strides)
    )
      return { tensor: given, argument };
    const storage = given?.storage ?? new Storage(new Data([], '').elements(dtype));
    return { tensor: new Tensor(storage, shape, dtype, offset, strides), argument };
  }

  #readValue(data: Data): void {
    const memory = data.at('memory').of(this.#memories, 'memories');
    const [shape, strides] = [data.at('shape').wholes(), data.at('strides').wholes()];
    const value: Value = {
      id: data.at('id').whole(),
      memory,
      dtype: data.at('dtype').dtype(),
      shape,
      strides,
      offset: data.at('offset').whole(),
      dense: isContiguousLayout(shape, strides),
      version: data.at('version').whole(),
    };
    if (shape.length !== strides.length) throw data.at('strides').refuse(`${shape.length} strides`);
    const from = value.offset - memory.base;
    if (extentOf(value) > 0 && (from < 0 || from + extentOf(value) > memory.length))
      throw data.at('offset').refuse(`a place among the ${memory.length} elements of memory ${memory.id}`);
    this.#values.set(value.id, value);
  }

  #valueOf(data: Data): Value {
    const value = this.#values.get(data.whole());
    if (value === undefined) throw data.refuse('the number of a value');
    return value;
  }

  #valuesOf(data: Data): Value[] {
    return data.list().map((x) => this.#valueOf(x));
  }

  #equation(data: Data, hostParts: number): Program['equations'][number] {
    const name = data.at('name').text();
    const isView = data.at('view').value === true;
    const host = data.at('host');
    return {
      name,
      inputs: this.#valuesOf(data.at('inputs')),
      outputs: this.#valuesOf(data.at('outputs')),
      attrs: this.#attributesOf(data.at('attributes')),
      host: host.isNull() ? null : this.#hostOf(host, hostParts),
      rerun: isView ? null : this.#rerunOf(data.at('code'), name),
      line: data.at('line').isNull() ? null : data.at('line').text(),
    };
  }

  #attributesOf(data: Data): unknown {
    const attrs = data.parsed();
    if (K.isOptions(attrs) && 'generator' in attrs)
      return { ...attrs, generator: this.#options.generator ?? defaultGenerator };
    return attrs;
  }

  #hostOf(data: Data, hostParts: number): { readonly part: number; readonly item: number | null } {
    const part = data.at('part').whole();
    if (part >= hostParts)
      throw data.at('part').refuse(`the number of one of ${hostParts} parts of the host`);
    return { part, item: data.at('item').isNull() ? null : data.at('item').whole() };
  }

  #rerunOf(code: Data, name: string): Program['equations'][number]['rerun'] {
    if (code.isNull())
      throw new KindlingError(
        `readProgram: ${name} cannot be read: what it does, or is given, is no plain data`,
      );
    try {
      return rerunOfCode(code.value);
    } catch (error) {
      throw code.refuseFor(error);
    }
  }
}
