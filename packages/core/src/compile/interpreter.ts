import { arrayConstructor, type TypedArray } from '../dtype.ts';
import { Storage } from '../storage.ts';
import { autogradOf, setGradient, type Tensor } from '../tensor.ts';
import { bringBack, gradientGone, type HostResults, runEagerly } from './calls.ts';
import { leafAt } from './guards.ts';
import { Results } from './machine/index.ts';
import {
  type Argument,
  type Equation,
  type GradientLeft,
  type Memory,
  type Program,
  rewritten,
  type Value,
} from './program.ts';
import { moved } from './values.ts';

/** An equation on the tensors of this program's memory. */
interface Step {
  readonly equation: Equation;
  readonly inputs: Tensor[];
  readonly outputs: Tensor[];
  /** The numbers of the host parts that come before it. */
  readonly hosts: readonly number[];
}

/** Memory that the arguments of a call are brought into. */
interface Input {
  readonly members: readonly [Argument, ...Argument[]];
  readonly array: TypedArray;
  /** Whether what became of it goes back to the argument. */
  readonly written: boolean;
}

/**
 * Runs a program by the kernels that eager calls run, each of its memories in an array of its own: the interpreter,
 * which every other way to run a program is held against.
 */
export class Interpreter {
  readonly program: Program;
  readonly #storages = new Map<Memory, Storage>();
  readonly #tensors = new Map<string, Tensor>();
  readonly #steps: Step[] = [];
  /** The numbers of the host parts that come after all equations. */
  readonly #lastHosts: readonly number[];
  readonly #inputs: Input[] = [];
  readonly #refilled: { readonly array: TypedArray; readonly elements: TypedArray }[] = [];
  /** Gradients that the program reads, in memory that is their own. */
  readonly #gradients: { readonly memory: Memory; bound: Tensor | null }[] = [];
  readonly #written: Storage[] = [];
  /** The storages by which the last call left gradients. */
  readonly #left = new Map<Memory, Storage>();
  readonly #results: Results;

  constructor(program: Program) {
    this.program = program;
    const written = rewritten(program);
    for (const memory of program.memories) this.#place(memory, written.has(memory));
    let waiting: number[] = [];
    const hostsAt = (at: number): number[] =>
      program.hostParts.flatMap((part, i) => (part.at === at ? [i] : []));
    program.equations.forEach((equation, i) => {
      waiting.push(...hostsAt(i));
      if (equation.rerun === null) return;
      this.#steps.push(this.#stepOf(equation, waiting));
      waiting = [];
    });
    this.#results = new Results(program, (value) => this.#tensorOf(value));
    this.#lastHosts = [...waiting, ...hostsAt(program.equations.length)];
  }

  #place(memory: Memory, written: boolean): void {
    const { origin, dtype, length } = memory;
    if (origin.kind === 'state') {
      this.#storages.set(memory, origin.storage);
      if (written) this.#written.push(origin.storage);
      return;
    }
    if (origin.kind === 'gradient') {
      this.#gradients.push({ memory, bound: null });
      return;
    }
    const array = new (arrayConstructor(dtype))(length);
    this.#storages.set(memory, new Storage(array));
    if (origin.kind === 'argument') this.#inputs.push({ members: origin.members, array, written });
    if (origin.kind === 'constant') {
      array.set(origin.elements);
      if (written) this.#refilled.push({ array, elements: origin.elements });
    }
  }

  /** Where a memory lies; of gradients that is known in a call only. */
  #storageOf(memory: Memory): Storage {
    return this.#storages.get(memory) ?? nowhere;
  }

  /**
   * The tensor that a value is in this program's memory: one object for each place, as kernels tell operands apart by
   * it.
   */
  #tensorOf(value: Value): Tensor {
    const { memory, shape, offset, strides } = value;
    const key = `${memory.id} ${offset} ${shape.join(',')} ${strides.join(',')}`;
    let tensor = this.#tensors.get(key);
    if (tensor === undefined) {
      tensor = moved(value, this.#storageOf(memory), -memory.base);
      this.#tensors.set(key, tensor);
    }
    return tensor;
  }

  #stepOf(equation: Equation, hosts: readonly number[]): Step {
    return {
      equation,
      hosts,
      inputs: equation.inputs.map((x) => this.#tensorOf(x)),
      outputs: equation.outputs.map((y) => this.#tensorOf(y)),
    };
  }

  /** Runs the program on the tensors among the arguments; gives the tensors among the results. */
  run(given: readonly Tensor[], hostResults?: HostResults): Tensor[] {
    const { hostParts } = this.program;
    this.#bindGradients(given);
    for (const { members, array } of this.#inputs) bringIn(given, members[0], array);
    for (const { array, elements } of this.#refilled) array.set(elements);
    const found: unknown[] = [];
    const runHost = (i: number): void => {
      found[i] = hostResults === undefined ? hostParts[i]?.run() : hostResults(i);
    };
    for (const { equation, inputs, outputs, hosts } of this.#steps) {
      for (const i of hosts) runHost(i);
      runEagerly(equation, inputs, outputs, found);
    }
    for (const i of this.#lastHosts) runHost(i);
    for (const storage of this.#written) storage.version++;
    for (const { members, array, written } of this.#inputs)
      if (written) for (const { index, at } of members) bringBack(new Storage(array), at, given[index]);
    const results = this.#results.of(given);
    for (const left of this.program.gradients) this.#leave(left, given);
    this.#results.end();
    return results;
  }

  #bindGradients(given: readonly Tensor[]): void {
    for (const slot of this.#gradients) {
      const { origin } = slot.memory;
      if (origin.kind !== 'gradient') continue;
      const { gradient } = autogradOf(leafAt(origin.leaf, given));
      // The guards have seen to it.
      if (gradient === null) continue;
      gradient.storage.version++;
      if (slot.bound === gradient) continue;
      slot.bound = gradient;
      this.#storages.set(slot.memory, gradient.storage);
      const shift = gradient.offset - slot.memory.base;
      for (const { equation, inputs, outputs } of this.#steps) {
        equation.inputs.forEach((value, i) => {
          if (value.memory === slot.memory) inputs[i] = moved(value, gradient.storage, shift);
        });
        equation.outputs.forEach((value, i) => {
          if (value.memory !== slot.memory) return;
          const same = equation.inputs.findIndex(
            (x) => x.memory === value.memory && x.offset === value.offset,
          );
          outputs[i] = inputs[same] ?? moved(value, gradient.storage, shift);
        });
      }
    }
  }

  /** Gives a leaf the gradient that the call leaves; the one of the call before says from now on that it is gone. */
  #leave({ leaf, value }: GradientLeft, given: readonly Tensor[]): void {
    const gradient = value === null ? null : (this.#results.gradient(value) ?? this.#own(value));
    setGradient(autogradOf(leafAt(leaf, given)), gradient);
  }

  #own(value: Value): Tensor {
    const { memory } = value;
    const own = new Storage(this.#storageOf(memory).array);
    this.#left.get(memory)?.leaveBehind(gradientGone);
    this.#left.set(memory, own);
    return moved(value, own, -memory.base);
  }
}

const nowhere = new Storage(new Float32Array(0));

function bringIn(given: readonly Tensor[], { index, at }: Argument, target: TypedArray): void {
  const x = given[index];
  const from = (x?.offset ?? 0) - at;
  if (x !== undefined) target.set(x.storage.array.subarray(from, from + target.length));
}
