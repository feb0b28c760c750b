import { isFloatingPoint } from '../../dtype.ts';
import { KindlingError } from '../../errors.ts';
import {
  type Area,
  type Emitted,
  emitProgram,
  type Kernel,
  memoryOfPrograms,
  Residence,
  type Stretch,
} from '../../kernels/index.ts';
import { allocateArray, Storage, timesMovedOut } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { bringBack, type HostResults, runEagerly } from '../calls.ts';
import { bytesOfMemory, hostValueIn, type Memory, type Program, rewritten, type Value } from '../program.ts';
import { moved } from '../values.ts';
import { isMemory, readsOfStep, writesOfStep } from './areas.ts';
import { bringElements, bringGradient, type GradientPlace, gradientOf, type Input } from './bring-in.ts';
import { decidingSteps, isDecision } from './decisions.ts';
import { type Layout, layOut, spareBytes } from './layout.ts';
import { Lodged } from './lodged.ts';
import { lowerProgram, type Step } from './lower.ts';
import { type EagerAct, type KernelsAct, type Part, partsOf } from './parts.ts';
import { passes } from './passes/index.ts';
import type { Plan } from './plan.ts';
import { isLeftIn, type Left, leave, Results } from './results.ts';
import { timeKernels } from './timing.ts';
import { type Undo, undoOf } from './undo.ts';

/** Thrown where a call is given what it cannot be, before anything has been changed. */
export class Refused extends Error {}

/** State of the program: a tensor's memory, and where kernels find it. */
interface State {
  readonly storage: Storage;
  readonly lodged: Lodged;
  readonly written: boolean;
}

/** Runs a program as WebAssembly, on memory that stays where kernels work. */
export class Machine {
  readonly program: Program;
  readonly steps: readonly Step[];
  readonly #layout: Layout;
  readonly #own: Residence;
  readonly #params: Lodged;
  readonly #places = new Map<Memory, Lodged>();
  readonly #storages = new Map<Memory, Storage>();
  readonly #states: State[] = [];
  /** State whose storage itself does not lie there: its elements are brought there and back. */
  #elsewhere: readonly State[] = [];
  /** The storages of state that is written. */
  readonly #changed: readonly Storage[];
  readonly #parts: readonly Part[];
  readonly #inputs: Input[] = [];
  readonly #refilled: { readonly memory: Memory; readonly lodged: Lodged }[] = [];
  readonly #gradients: GradientPlace[] = [];
  readonly #results: Results;
  readonly #left: readonly Left[];
  #timesMovedOut = timesMovedOut;
  /** How many steps come before the first one that changes more than memory of the program's own. */
  readonly #harmless: number;
  /** What comes up to the last step that sees to it that the call is one for this program. */
  readonly #decided: readonly Kernel[];
  /** Runs that. */
  #decide: Stretch = () => 0;
  /** The WebAssembly that the program is. */
  modules: readonly Uint8Array[] = [];
  #forget: () => void = () => {};
  /** How many calls have begun and not ended: the host's part of one may begin another. */
  #running = 0;
  /** What else is changed before the last check. */
  readonly #undo: Undo | null;

  constructor(program: Program) {
    this.program = program;
    this.steps = passes.reduce(
      (steps, pass) => pass.run(steps, program),
      lowerProgram(program) as readonly Step[],
    );
    const left = new Set(program.gradients.map(({ value }) => value?.memory));
    const isSeen = (memory: Memory): boolean => memory.origin.kind !== 'local' || left.has(memory);
    const changing = this.steps.findIndex(
      (step) => step.kind === 'eager' || writesOfStep(step).some((area) => isMemory(area) && isSeen(area)),
    );
    this.#harmless = changing < 0 ? this.steps.length : changing;
    this.#decided = decidingSteps(this.steps, program, this.#harmless);
    this.#layout = layOut(program, this.steps);
    const { bytes, params, paramCount } = this.#layout;
    this.#own = new Residence(bytes, memoryOfPrograms());
    this.#params = new Lodged(this.#own, 'float64', spareBytes, paramCount);
    const written = rewritten(program);
    for (const memory of program.memories) this.#place(memory, written.has(memory));
    this.#lookForStates();
    this.#changed = this.#states.flatMap(({ storage, written }) => (written ? [storage] : []));
    const numbers = this.#params.array();
    for (const [kernel, at] of params)
      kernel.params.forEach((p, i) => {
        if (typeof p === 'number') numbers[at + i] = p;
      });
    this.#parts = partsOf(program, this.steps, params, {
      tensorOf: (value) => this.#tensorOf(value),
      emit: (stretches) => this.#emitted(stretches),
    });
    this.#undo = undoOf(program, this.steps, this.#harmless, isSeen, (memory) => this.#places.get(memory));
    this.#results = new Results(program, (value) => this.#tensorOf(value));
    this.#left = program.gradients.map(({ leaf, value }) => {
      if (value === null) return { leaf, value, left: null };
      const lodged = this.#places.get(value.memory) as Lodged;
      return { leaf, value, left: { lodged, tensor: moved(value, lodged.storage(), -value.memory.base) } };
    });
  }

  /** Whether there are threads that it was not made for. */
  get isForFewer(): boolean {
    return this.#own.memory === null && memoryOfPrograms() !== null;
  }

  /** Whether the elements are a gradient of the call before, in whose place this one leaves its own. */
  overwrites(storage: Storage): boolean {
    return this.#left.some(({ left }) => left !== null && isLeftIn(left, storage));
  }

  /** How much memory it works on, that of state too. */
  get bytes(): number {
    return this.#states.reduce((sum, { lodged }) => sum + lodged.bytes, this.#own.bytes);
  }

  /** What the memory of its own takes. */
  get plan(): Plan {
    return this.#layout.plan;
  }

  #emit(stretches: readonly (readonly Kernel[])[]): Emitted {
    const own = this.#own.address;
    const { places, params } = this.#layout;
    return emitProgram(
      stretches,
      {
        of: (area) => this.#places.get(area as Memory)?.address ?? own + (places.get(area) ?? 0),
        params: (kernel) => this.#params.address + 8 * (params.get(kernel) ?? 0),
        spare: own,
      },
      this.#own.memory,
    );
  }

  #emitted(stretches: readonly (readonly Kernel[])[]): Emitted['stretches'] {
    const { stretches: emitted, modules, forget } = this.#emit([...stretches, this.#decided]);
    this.modules = modules;
    this.#forget = forget;
    this.#decide = emitted.at(-1) as Stretch;
    return emitted;
  }

  /** Gives its memory back, for good: gradients that lie there move out, and state that no other machine works on. */
  giveBack(): void {
    // What ended in an error, or is still going on, is left to the collector.
    if (this.#running > 0) return;
    for (const { left } of this.#left) left?.tensor.storage.moveOut(left.lodged);
    for (const { resident, lodged } of this.#gradients) resident?.moveOut(lodged);
    for (const { storage, lodged } of this.#states) lodged.release(storage);
    this.#forget();
    this.#own.giveBack();
  }

  /**
   * How long each step takes, in microseconds; `null` for what eager kernels do, and where kernels could not run again:
   * a call changes integers that it is given, or one refuses.
   */
  timings(): (number | null)[] {
    const written = rewritten(this.program);
    for (const memory of written)
      if (memory.origin.kind === 'argument' && !isFloatingPoint(memory.dtype))
        return this.steps.map(() => null);
    this.#refill();
    const steps = this.steps.filter((step) => step.kind === 'kernel');
    const { stretches } = this.#emit(steps.map(({ kernel }) => [kernel]));
    const kernels = stretches.map((run, i) => ({ run, changed: this.#changedBy(steps[i]) }));
    const all = new Lodged(this.#own, 'uint8', 0, this.#own.bytes);
    const times = timeKernels(kernels, [all, ...this.#states.map(({ lodged }) => lodged)]).values();
    return this.steps.map((step) => (step.kind === 'kernel' ? (times.next().value ?? null) : null));
  }

  /** What a step changes of what it reads. */
  #changedBy(step: Step | undefined): readonly Lodged[] {
    if (step === undefined) return [];
    const { places } = this.#layout;
    const read = readsOfStep(step);
    const isRead = (area: Area): boolean =>
      read.some((x) => x === area || (places.has(x) && places.get(x) === places.get(area)));
    return writesOfStep(step).flatMap((area) => {
      if (!isRead(area)) return [];
      const at = places.get(area);
      if (at === undefined) return this.#places.get(area as Memory) ?? [];
      return new Lodged(this.#own, 'uint8', at, bytesOfMemory(area));
    });
  }

  #place(memory: Memory, written: boolean): void {
    const { origin, dtype, length } = memory;
    if (origin.kind === 'state') {
      const { storage } = origin;
      const { lodging } = storage;
      const known = lodging instanceof Lodged && lodging.isAlone ? lodging : null;
      const stays = known !== null && known.memory === this.#own.memory;
      const lodged = stays
        ? known
        : new Lodged(new Residence(bytesOfMemory(memory), this.#own.memory), dtype, 0, length, true);
      // From another memory too: whoever counts on that brings the elements there and back from now on.
      if (!stays && (storage.mayMove || known !== null)) storage.moveInto(lodged);
      lodged.hold();
      this.#places.set(memory, lodged);
      this.#states.push({ storage, lodged, written });
      return;
    }
    const at = this.#layout.places.get(memory);
    // What became of no consequence has no place.
    if (at === undefined) return;
    const lodged = new Lodged(this.#own, dtype, at, length);
    this.#places.set(memory, lodged);
    if (origin.kind === 'gradient') this.#gradients.push({ memory, lodged, written, resident: null });
    if (origin.kind === 'argument') this.#inputs.push({ members: origin.members, lodged, written });
    if (origin.kind === 'constant') {
      lodged.array().set(origin.elements);
      if (written) this.#refilled.push({ memory, lodged });
    }
  }

  /**
   * Of state too it is one of the machine's: the tensor's own may leave the place. What is of no consequence has none,
   * and yet is written where an eager kernel has to say what it refuses.
   */
  #storageOf(memory: Memory): Storage {
    let storage = this.#storages.get(memory);
    if (storage === undefined) {
      storage =
        this.#places.get(memory)?.storage() ?? new Storage(allocateArray(memory.dtype, memory.length));
      this.#storages.set(memory, storage);
    }
    return storage;
  }

  #tensorOf(value: Value): Tensor {
    return moved(value, this.#storageOf(value.memory), -value.memory.base);
  }

  /** Whether the program stands for a call with these arguments, of its form, as far as their elements decide that. */
  serves(given: readonly Tensor[]): boolean {
    if (this.#decided.length === 0) return true;
    if (!this.#bringIn(given)) return true;
    const refused = this.#decide();
    const step = this.steps[refused - 1];
    // What is refused otherwise is so again as the program runs.
    return step === undefined || !isDecision(step, this.program);
  }

  /** Runs the program on the tensors among the arguments; gives the tensors among the results. */
  run(given: readonly Tensor[], hostResults?: HostResults): Tensor[] {
    if (!this.#bringIn(given)) throw new Refused();
    this.#running++;
    if (this.#undo !== null) this.#undo.keep();
    // Of its final length from the start, and loops by number: each call pays for what it allocates.
    const found = new Array<unknown>(this.program.hostParts.length);
    let i = 0;
    try {
      for (; i < this.#parts.length; i++) this.#runPart(this.#parts[i] as Part, found, hostResults);
    } catch (error) {
      // What was done by then stays, in tensors that lie elsewhere too.
      if (!(error instanceof Refused)) {
        this.#bringOut(given);
        const missing = new Set(this.steps.slice(this.#parts[i]?.begins).flatMap(writesOfStep));
        const isDone = ({ value }: Left): boolean => value !== null && !missing.has(value.memory);
        for (const left of this.#left) if (isDone(left)) leave(left, this.#results, given);
        this.#results.end();
      }
      throw error;
    }
    this.#bringOut(given);
    const results = this.#results.of(given);
    for (i = 0; i < this.#left.length; i++) leave(this.#left[i] as Left, this.#results, given);
    this.#results.end();
    this.#running--;
    return results;
  }

  #runPart(part: Part, found: unknown[], hostResults: HostResults | undefined): void {
    const { hosts, act, numbers } = part;
    if (hosts.length > 0) this.#runHosts(hosts, found, hostResults);
    if (numbers.length > 0) this.#bringNumbers(numbers, found);
    if (act === null) return;
    if (act.kind === 'kernels') {
      const refused = act.run();
      if (refused !== 0) this.#refuse(part, act, refused - 1, found);
    } else this.#runEagerly(part, act, found);
  }

  #runHosts(hosts: readonly number[], found: unknown[], hostResults: HostResults | undefined): void {
    const { hostParts } = this.program;
    for (let k = 0; k < hosts.length; k++) {
      const i = hosts[k] as number;
      found[i] = hostResults === undefined ? hostParts[i]?.run() : hostResults(i);
    }
  }

  #bringNumbers(numbers: Part['numbers'], found: readonly unknown[]): void {
    const params = this.#params.array();
    for (let k = 0; k < numbers.length; k++) {
      const { host, from, at } = numbers[k] as Part['numbers'][number];
      const given = hostValueIn(found, host) as Readonly<Record<number, number>>;
      for (let i = 0; i < from.length; i++) params[at + i] = given[from[i] as number] ?? Number.NaN;
    }
  }

  #runEagerly(part: Part, { equation, inputs, outputs }: EagerAct, found: readonly unknown[]): void {
    try {
      runEagerly(equation, inputs, outputs, found);
    } catch (error) {
      this.#giveUp(part);
      throw error;
    }
  }

  /** Leaves the call to the function itself, if all can be made as it was: not where the host has done its part. */
  #giveUp({ hostHasBegun }: Part): void {
    if (this.#undo === null || hostHasBegun) return;
    this.#undo.putBack();
    throw new Refused();
  }

  /** A kernel refused what it found. Where nothing was changed, the function itself says why, else the eager kernel. */
  #refuse(part: Part, act: KernelsAct, kernel: number, found: readonly unknown[]): never {
    if (part === this.#parts[0] && kernel < this.#harmless) throw new Refused();
    this.#giveUp(part);
    const equation = this.program.equations[act.equations[kernel] ?? -1]!;
    const tensorOf = (value: Value): Tensor => this.#tensorOf(value);
    runEagerly(equation, equation.inputs.map(tensorOf), equation.outputs.map(tensorOf), found);
    throw new Error(`compile: ${equation.name} was refused, and its eager kernel does not say why`);
  }

  /** Whether all that a call needs is there: memory may have been transferred, of which the function itself tells. */
  #bringIn(given: readonly Tensor[]): boolean {
    try {
      this.#bringAll(given);
      return true;
    } catch (error) {
      if (error instanceof KindlingError) return false;
      throw error;
    }
  }

  #bringAll(given: readonly Tensor[]): void {
    if (timesMovedOut !== this.#timesMovedOut) this.#lookForStates();
    for (let i = 0; i < this.#inputs.length; i++) {
      const { members, lodged } = this.#inputs[i] as Input;
      bringElements(given, members[0], lodged);
    }
    if (this.#refilled.length > 0) this.#refill();
    if (this.#elsewhere.length > 0)
      for (const { storage, lodged } of this.#elsewhere) lodged.array().set(storage.array);
    for (let i = 0; i < this.#gradients.length; i++) {
      const place = this.#gradients[i] as GradientPlace;
      const gradient = gradientOf(place.memory, given);
      if (gradient !== null && gradient.storage.lodging !== place.lodged) bringGradient(gradient, place);
    }
  }

  /** Fills the constants that the call before has changed, or whose place it has used for something else. */
  #refill(): void {
    for (const { memory, lodged } of this.#refilled)
      if (memory.origin.kind === 'constant') lodged.array().set(memory.origin.elements);
  }

  #bringOut(given: readonly Tensor[]): void {
    for (let i = 0; i < this.#changed.length; i++) (this.#changed[i] as Storage).version++;
    if (this.#elsewhere.length > 0)
      for (const { storage, lodged, written } of this.#elsewhere)
        if (written) storage.array.set(lodged.array());
    for (let i = 0; i < this.#inputs.length; i++) {
      const { members, lodged, written } = this.#inputs[i] as Input;
      if (!written || this.overwrites((given[members[0].index] as Tensor).storage)) continue;
      for (const { index, at } of members) bringBack(lodged.storage(), at, given[index]);
    }
    for (let i = 0; i < this.#gradients.length; i++) {
      const { memory, lodged, written } = this.#gradients[i] as GradientPlace;
      const gradient = written ? gradientOf(memory, given) : null;
      if (gradient === null) continue;
      gradient.storage.version++;
      if (gradient.storage.lodging !== lodged && !this.overwrites(gradient.storage))
        gradient.storage.array.set(lodged.array(), gradient.offset);
    }
  }

  /** Somewhere a storage left its place, since its array was handed to the user. */
  #lookForStates(): void {
    this.#timesMovedOut = timesMovedOut;
    this.#elsewhere = this.#states.filter(({ storage, lodged }) => storage.lodging !== lodged);
  }
}
