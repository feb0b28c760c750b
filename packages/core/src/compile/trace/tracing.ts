import { describe } from '../../arguments/explain.ts';
import type { TypedArray } from '../../dtype.ts';
import { CompileError } from '../../errors.ts';
import { elementsOf, worksInJavaScript } from '../../kernels/index.ts';
import { fails } from '../../record/host.ts';
import { type GradNode, youngestNode } from '../../record/node.ts';
import type { Rerun, Tracer } from '../../record/observe.ts';
import type { Tensors } from '../../record/primitive.ts';
import { formatShape, isContiguousLayout } from '../../shape.ts';
import type { Storage } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { type Assumption, type Guard, type Guards, guardOfAssumptions, guardOfLeaves } from '../guards.ts';
import { flagIs, programAsJson } from '../json.ts';
import {
  argumentOf,
  decision,
  type Equation,
  type HostPart,
  type HostValue,
  type Origin,
  type Program,
  type Value,
} from '../program.ts';
import { leavesOf, tensorLeavesOf } from '../tree.ts';
import { elementType, extentOf } from '../values.ts';
import { Gradients } from './gradients.ts';
import { type Kinds, kindsOf } from './kinds.ts';
import { userLine } from './lines.ts';
import { isOfUse } from './live-graph.ts';
import { Rehearsal } from './rehearsal.ts';
import { type SettingLeft, Settings, Unchanged } from './settings.ts';
import { type MutableMemory, settleMemories } from './settle.ts';

/** What a recorded call came to. */
export interface Traced {
  readonly program: Program;
  readonly guards: Guards;
  /** What its results are beside their elements. */
  readonly kinds: Kinds;
  /** The settings that it leaves otherwise than it found them. */
  readonly settings: readonly SettingLeft[];
  /** The memory that its tensors had, which no later call fills. */
  readonly leftBehind: readonly Storage[];
}

/** Records a call as it runs: the {@link Tracer} behind `compile`. */
export class Tracing implements Tracer {
  readonly records = true;
  readonly #memories = new Map<Storage, MutableMemory>();
  readonly #equations: Equation[] = [];
  readonly #hostParts: HostPart[] = [];
  readonly #hostResults = new Map<unknown, HostValue>();
  readonly #guards = { seldom: [] as Guard[], always: [] as Guard[] };
  readonly #assumptions = { seldom: [] as Assumption[], always: [] as Assumption[] };
  readonly #checks: Assumption[] = [];
  readonly #settings = new Settings();
  readonly #unchanged: Unchanged;
  readonly #leaves = new Set<Tensor>();
  readonly #gradients = new Gradients();
  readonly #names = new Map<Storage, string>();
  /** What the call takes from outside, to be held against the one before. */
  readonly rehearsal: Rehearsal;
  #values = 0;
  #inHost = false;
  /** Why the call can be compiled at a later time only. */
  postponed: string | null = null;
  /** The error that says why it cannot be compiled. */
  failure: CompileError | null = null;

  readonly #arguments: readonly Tensor[];
  /** The age of graphs that come from outside, at most. */
  readonly #age = youngestNode();
  #goesOn: boolean;
  readonly #before: Rehearsal | null;

  /**
   * @param before the call before, of those run as they are; @param isAlike whether this one is given the like of it
   * @param goesOn whether the call goes on where it cannot be compiled
   */
  constructor(tensors: readonly Tensor[], before: Rehearsal | null, isAlike: boolean, goesOn = false) {
    this.#goesOn = goesOn;
    this.#before = before;
    this.#unchanged = new Unchanged(this.#settings, isAlike ? before : null, before?.guarded() ?? []);
    this.#arguments = tensors;
    this.rehearsal = new Rehearsal(tensors);
    for (const x of new Set(tensors)) this.#rememberArgument(x);
  }

  /** Arguments that share memory are of one, from the first element of any to the last. */
  #rememberArgument(x: Tensor): void {
    if (this.#memories.has(x.storage)) return;
    const sharing = this.#arguments.filter(({ storage }) => storage === x.storage);
    const base = Math.min(...sharing.map(({ offset }) => offset));
    const memberOf = (y: Tensor) => argumentOf(y, this.#arguments.indexOf(y), y.offset - base);
    const members = [memberOf(x), ...sharing.filter((y) => y !== x).map(memberOf)] as const;
    const memory = this.#remember(x.storage, x, { kind: 'argument', members });
    memory.base = base;
    memory.length = Math.max(...sharing.map((y) => y.offset - base + extentOf(y)));
  }

  madeStorage(storage: Storage): void {
    this.rehearsal.madeStorage(storage);
  }

  meets(inputs: readonly Tensor[]): void {
    if (this.failure !== null) return;
    this.rehearsal.meets(inputs);
    for (const x of inputs) {
      if (x.storage.isGone) {
        // Whoever reads it says so.
        this.postponed ??= 'memory was transferred';
        continue;
      }
      if (!this.#memories.has(x.storage)) this.#discover(x);
      const kind = this.#memories.get(x.storage)?.origin.kind;
      if (kind === 'state' || (kind === 'argument' && this.rehearsal.isBeside(x))) this.#meetsState(x);
    }
  }

  ran(name: string, inputs: Tensors, attrs: unknown, outputs: Tensors, rerun: Rerun | null): void {
    if (this.failure !== null) return;
    if (this.#inHost) {
      this.#fail(`${name} ran inside onHost, where tensors cannot be computed with`);
      return;
    }
    const line = userLine();
    this.rehearsal.ran(name, inputs, attrs, outputs, rerun, line);
    if (inputs.some(({ storage }) => storage.isGone)) return;
    const read = inputs.map((x) => this.#valueOf(x));
    if (rerun !== null) {
      for (const y of outputs) {
        const memory = this.#memories.get(y.storage);
        if (memory === undefined) this.#remember(y.storage, y, { kind: 'local' });
        else memory.version++;
      }
    }
    this.#equations.push({
      name,
      inputs: read,
      attrs,
      host: this.#hostResults.get(attrs) ?? null,
      outputs: outputs.map((y) => this.#valueOf(y)),
      rerun,
      line,
    });
  }

  ranBeside(name: string, attrs: unknown, again: () => void): void {
    // The host does it again by itself.
    if (this.#inHost) return;
    this.rehearsal.begins(name, attrs);
    this.ran(name, [], attrs, [], () => {
      worksInJavaScript('done to the generator, in JavaScript');
      again();
    });
  }

  read(x: Tensor, reason: string): void {
    const origin = this.#memories.get(x.storage)?.origin.kind;
    if (origin === undefined && this.rehearsal.hasMade(x.storage)) return;
    this.#fail(
      `${reason} reads the values of a tensor of shape ${formatShape(x.shape)} inside the compiled function, which runs later ` +
        'without that code. Return the tensor and read it outside; choose between values with where; or leave this part outside',
    );
  }

  decides(flag: Tensor, what: string): void {
    this.rehearsal.decides(flag);
    const [value = 0] = elementsOf(flag);
    this.meets([flag]);
    this.ran(decision, [flag], { what }, [], flagIs(value));
  }

  gradientMatters(leaf: Tensor, replaced = false): void {
    this.rehearsal.gradientMatters(leaf, replaced);
    // What is made in the call ends with it, and so do its gradients.
    if (!this.rehearsal.isOwn(leaf)) this.#gradients.meets(leaf, replaced);
  }

  goesBack({ name, sequence }: GradNode): void {
    if (sequence > this.#age) return;
    this.#fail(
      `backward goes on into the graph that an argument comes with (${name}), which is another one in each call; compute the ` +
        'argument inside, or give it detached',
    );
  }

  host<T>(run: () => T): T {
    // It runs again with the one that it is part of.
    if (this.#inHost) return run();
    this.#seesToGuarded();
    this.#unchanged.hostBegins();
    const index = this.#hostParts.length;
    this.#hostParts.push({ run, at: this.#equations.length });
    this.#inHost = true;
    let result: T;
    try {
      result = this.rehearsal.host(run);
    } finally {
      this.#inHost = false;
      this.#unchanged.hostEnds();
    }
    if (Array.isArray(result))
      for (const [item, value] of result.entries())
        if (typeof value === 'object' && value !== null) this.#hostResults.set(value, { part: index, item });
    if (typeof result === 'object' && result !== null)
      this.#hostResults.set(result, { part: index, item: null });
    return result;
  }

  checks(what: string, check: () => void): void {
    if (this.#hostParts.length > 0) this.host(check);
    else check();
    this.#checks.push({ what, holds: () => !fails(check) });
  }

  assumes(what: Assumption['what'], holds: () => boolean, seldom: boolean): void {
    this.#assumptions[seldom ? 'seldom' : 'always'].push({ what, holds });
    this.#unchanged.assumes({ what, holds });
    this.rehearsal.assumes(what, holds);
  }

  sets(of: object, read: () => unknown, write: (value: unknown) => void): void {
    this.rehearsal.sets(of, read);
    // What is made in the call ends with it, and each is given its own arguments.
    const isOfCall = of instanceof Tensor && (this.#arguments.includes(of) || this.rehearsal.isOwn(of));
    // The host does it again in each call.
    if (!isOfCall && !this.#inHost) this.#settings.meets(of, read, write);
  }

  guards(what: string, read: () => readonly unknown[]): void {
    this.rehearsal.guards(what, read);
    this.#unchanged.guards(what, read);
  }

  #seesToGuarded(): void {
    const changed = this.#unchanged.changedOfHost();
    if (changed === null) return;
    this.#fail(
      `the function changes ${changed}, which later calls would not do; do so outside of it, or inside onHost`,
    );
  }

  /** What the call changed of what it takes for given. */
  changed(): string | null {
    return this.#unchanged.changed();
  }

  names(x: Tensor, name: string): void {
    if (!this.#names.has(x.storage)) this.#names.set(x.storage, name);
  }

  refuses(reason: string): void {
    this.#fail(reason);
  }

  divides(): void {
    this.rehearsal.divides();
    this.#goesOn = true;
    this.#fail('the call is no program, parts of it are');
  }

  postpone(reason: string, make: () => Tensor): Tensor {
    this.postponed ??= reason;
    return this.rehearsal.postpone(reason, make);
  }

  /** Ends the recording of a call with this result. */
  finish(result: unknown): Traced {
    const settings = this.#settings.left();
    const traced = this.#settings.asBefore(() => this.#finish(result));
    return { ...traced, settings };
  }

  #finish(result: unknown): Omit<Traced, 'settings'> {
    this.#seesToGuarded();
    for (const { path, leaf } of leavesOf(result)) this.#checkResult(path, leaf);
    // What the host sees to in each call may not hold before.
    this.#assumptions.always.push(...this.#checks.filter(({ holds }) => holds()));
    const tensors = tensorLeavesOf(result);
    this.meets(tensors);
    const results = tensors.map((x) => this.#valueOf(x));
    const atFirst = this.#gradients.atFirst(this.#leaves, this.#arguments);
    const gradients = this.#gradients.left(atFirst, (gradient) => this.#valueOf(gradient));
    const kept = new Set([...results, ...gradients.flatMap(({ value }) => value ?? [])].map((v) => v.memory));
    const leftBehind = [...this.#memories].flatMap(([storage, memory]) =>
      memory.origin.kind === 'local' && !kept.has(memory) ? [storage] : [],
    );
    const alsoOutside = (storage: Storage): boolean =>
      this.rehearsal.hasMetBeside(storage) || this.#before?.mayHaveFound(storage, this.#arguments) === true;
    const settled = settleMemories(this.#memories, this.#arguments, atFirst, this.#leaves, alsoOutside);
    this.#guards.seldom.push(
      guardOfAssumptions(this.#assumptions.seldom),
      guardOfLeaves([...this.#leaves]),
      ...this.#settings.guard(),
      ...settled.seldom,
    );
    this.#guards.always.push(guardOfAssumptions(this.#assumptions.always), ...settled.always);
    const program = serialisable({
      memories: [...this.#memories.values()],
      equations: this.#equations,
      hostParts: this.#hostParts,
      results,
      gradients,
    });
    const kinds = kindsOf(tensors, this.#arguments, this.#leaves, atFirst);
    return { program, guards: this.#guards, kinds, leftBehind };
  }

  #checkResult(path: string, leaf: unknown): void {
    if (leaf === undefined || leaf === null || leaf instanceof Tensor) {
      if (leaf instanceof Tensor && leaf.gradFn !== null && isOfUse(leaf.gradFn)) {
        this.#fail(
          `the result${path} requires a gradient, and its graph does not leave the compiled function; call backward inside, ` +
            'or return result.detach()',
        );
      }
      return;
    }
    this.#fail(
      `the result${path} is ${describe(leaf)}, which later calls could not give anew; results are tensors, in arrays and plain objects`,
    );
  }

  /** From here on there is nothing to record. A call that may fall back goes on. */
  #fail(message: string): void {
    const line = userLine();
    this.failure ??= new CompileError(`compile: ${message}${line === null ? '' : ` (${line})`}`);
    if (!this.#goesOn) throw this.failure;
  }

  #remember(storage: Storage, x: Tensor, origin: Origin): MutableMemory {
    const memory: MutableMemory = {
      id: this.#memories.size,
      dtype: elementType(storage.array, x.dtype),
      length: storage.array.length,
      base: 0,
      origin,
      name: this.#names.get(storage) ?? null,
      version: 0,
      values: new Map(),
    };
    this.#memories.set(storage, memory);
    return memory;
  }

  /** A tensor that no equation gave: it was there before, or was made of no tensor. */
  #discover(x: Tensor): void {
    if (!this.rehearsal.hasMade(x.storage)) {
      this.#remember(x.storage, x, { kind: 'state', storage: x.storage });
      return;
    }
    const elements: TypedArray = x.storage.array.slice();
    this.#remember(x.storage, x, { kind: 'constant', elements });
  }

  #meetsState(x: Tensor): void {
    // A view made in the call is of this memory too, and a tensor changed in place has its graph from there.
    if (this.#leaves.has(x) || this.rehearsal.hasComputed(x)) return;
    if (x.gradFn !== null) {
      if (this.#equations.some((e) => e.outputs.some((y) => y.memory === this.#memories.get(x.storage))))
        return;
      this.#fail(
        `a tensor of shape ${formatShape(x.shape)} comes from outside with its graph (${x.gradFn.name}); compute it inside, or detach it`,
      );
      return;
    }
    this.#leaves.add(x);
  }

  #valueOf(x: Tensor): Value {
    const memory = this.#memories.get(x.storage);
    if (memory === undefined) {
      this.#discover(x);
      return this.#valueOf(x);
    }
    const strides = x.strides;
    const key = `${memory.version} ${x.offset} ${x.shape.join(',')} ${strides.join(',')} ${x.dtype}`;
    const known = memory.values.get(key);
    if (known !== undefined) return known;
    const value: Value = {
      id: this.#values++,
      memory,
      dtype: x.dtype,
      shape: x.shape,
      strides,
      offset: x.offset,
      dense: isContiguousLayout(x.shape, strides),
      version: memory.version,
    };
    memory.values.set(key, value);
    return value;
  }
}

/** Outside of the class: a function made in a method would keep all tensors that the recording met. */
function serialisable(parts: Omit<Program, 'toJSON'>): Program {
  const program: Program = { ...parts, toJSON: () => programAsJson(program) };
  return program;
}
