/** Writes down what a call does, as it does it. */
import { type CallListener, isGradEnabled, type Observer, Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { ExportError } from '../errors.ts';
import { type Frames, framesAbove, functionOf, lineIn } from './frames.ts';
import { calledAgain, isPlain, lastResult, operationsIn } from './function-results.ts';
import { libraryClass } from './library.ts';
import type { Argument, Call, FunctionCall, ModuleCall, Value } from './recording.ts';
import { type Values, valuesIn } from './values.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] } & { body: Call[] };

/** A call that goes on. */
interface Level {
  readonly call: Open<ModuleCall> | Open<FunctionCall>;
  /** How much had been made without an operation when it began: see {@link Values.result}. */
  readonly created: number;
  /** Its arguments as they came. */
  readonly given: readonly unknown[];
  /**
   * The stack up to the function that was called, and how many of its frames are outside of it; of a module nothing.
   */
  readonly frames: Frames;
  readonly depth: number;
}

/** An operation that runs. */
interface Running {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** What these are before it changes them. */
  readonly values: readonly Value[];
  readonly operands: readonly Argument[];
}

/** What reads elements without consequences for what is computed. */
const harmless = /^(?:views|toJSON|toString|save|gaussianNllLoss|print|anomaly|repr|assertClose)/;

export class Recorder implements Observer, CallListener {
  readonly body: Call[] = [];
  readonly values: Values;
  readonly #levels: Level[] = [];
  readonly #running: Running[] = [];
  /** How many frames of the stack are outside of the recorded call. */
  readonly #outside: number;
  #operands: Argument[] | null = null;
  /** While a function is called again, to see what it gives. */
  #looksAway = false;

  constructor(values: Values, outside: number) {
    this.values = values;
    this.#outside = outside;
  }

  get #body(): Call[] {
    return this.#levels.at(-1)?.call.body ?? this.body;
  }

  /** Whether gradients are wanted: what is checkpointed has some, though none are recorded meanwhile. */
  get #mode(): { readonly noGrad?: boolean } {
    const isCheckpoint = ({ call }: Level): boolean =>
      call.kind === 'function' && /^checkpoint/.test(call.name);
    return isGradEnabled() || this.#levels.some(isCheckpoint) ? {} : { noGrad: true };
  }

  /** What calls have that begin here. */
  #begun(frames: Frames) {
    return { result: undefined, body: [], line: lineIn(frames, this.#outside), ...this.#mode };
  }

  /** Closes functions that have returned by now: those whose frame is not among these. */
  #settle(frames: Frames, depth = frames.length): void {
    for (let level = this.#levels.at(-1); level?.call.kind === 'function'; level = this.#levels.at(-1)) {
      if (depth > level.depth && goesOn(level, frames)) return;
      this.#closeFunction();
    }
  }

  #closeFunction(): void {
    const level = this.#levels.pop() as Level;
    const { call } = level;
    if (call.kind !== 'function') return;
    call.result = this.#resultOf({ ...level, call });
    // A function in which nothing ran and which made nothing was a question, or gave back what it was given.
    if (call.body.length === 0 && valuesIn(call.result).every((x) => valuesIn(call.given).includes(x))) {
      const body = this.#body;
      body.splice(body.indexOf(call), 1);
    }
  }

  /** What a function gave, which its check does not tell: what it gives when it is called again. */
  #resultOf({ call, given, created: from }: Level & { call: FunctionCall }): Argument {
    const within = this.#levels.some(
      (level) => level.call.kind === 'module' && libraryClass(level.call.module) !== null,
    );
    const operations = operationsIn(call.body);
    // Of the library's modules nobody asks what their functions give, but what has none of their operations stands
    // nowhere else: zeros.
    if (isPlain(operations) || (within && operations.length > 0)) return lastResult(call.body);
    this.#looksAway = true;
    try {
      const result = calledAgain(call.name, given, operations);
      if (result === null) return lastResult(call.body);
      return this.values.result(
        result.tree,
        result.values,
        given.some((x) => x instanceof Tensor),
        from,
      );
    } finally {
      this.#looksAway = false;
    }
  }

  #closeFunctions(): void {
    while (this.#levels.at(-1)?.call.kind === 'function') this.#closeFunction();
  }

  // ---- Functions ----

  called(name: string, parameters: Readonly<Record<string, unknown>>, given: ArrayLike<unknown>): void {
    if (this.#looksAway || this.#running.length > 0) return;
    // This method's frame, that of the check, and that of `checkArguments` where it was called.
    const all = framesAbove(3);
    const frames = /\bcheckArguments\b/.test(all.at(-1) ?? '') ? all.slice(0, -1) : all;
    const depth = frames.length - 1;
    this.#settle(frames, depth);
    const arguments_: Record<string, Argument> = {};
    Object.keys(parameters).forEach((parameter, i) => {
      if (i < given.length) arguments_[parameter] = this.values.argument(given[i]);
    });
    const call: Open<FunctionCall> = { kind: 'function', name, given: arguments_, ...this.#begun(frames) };
    this.#body.push(call);
    const created = this.values.createdSoFar;
    this.#levels.push({ call, created, given: Array.from(given), frames, depth });
  }

  computes(operands: readonly unknown[]): void {
    if (!this.#looksAway) this.#operands = operands.map((x) => this.values.argument(x));
  }

  // ---- Operations ----

  before(name: string, inputs: readonly Tensor[]): void {
    if (this.#looksAway) return;
    const values = inputs.map((x) => this.values.of(x));
    this.#running.push({ name, inputs, values, operands: this.#operands ?? values });
    this.#operands = null;
  }

  after(
    name: string,
    inputs: readonly Tensor[],
    attrs: unknown,
    outputs: readonly Tensor[],
    operation: Parameters<NonNullable<Observer['after']>>[4],
  ): void {
    if (this.#looksAway) return;
    let running = this.#running.pop();
    // Those that failed, and whose error was caught, are still there.
    while (running !== undefined && (running.name !== name || running.inputs !== inputs))
      running = this.#running.pop();
    // What a kernel calls is its own affair.
    if (running === undefined || this.#running.length > 0) return;
    const frames = framesAbove(2);
    this.#settle(frames);
    const { values, operands } = running;
    this.#body.push({
      ...{ kind: 'operation', name, inputs: values, operands },
      attributes: this.values.argument(attrs),
      outputs: outputs.map((y) => this.values.made(y, inputs)),
      sharesWith: outputs.map(
        (y) => values[inputs.findIndex((x) => x === y || x.storage === y.storage)] ?? null,
      ),
      inPlace: outputs.some((y) => inputs.includes(y)),
      elementwise: operation?.elementwise?.(inputs, attrs as never) ?? null,
      line: lineIn(frames, this.#outside),
      ...this.#mode,
    });
  }

  read(x: Tensor, reason: string): void {
    if (this.#looksAway || this.#running.length > 0 || harmless.test(reason) || !this.values.depends(x))
      return;
    const frames = framesAbove(2);
    this.#settle(frames);
    // What the library looks at inside of its functions and layers, these look at in PyTorch too.
    const at = this.#levels.at(-1)?.call;
    if (at?.kind === 'function' || (at?.kind === 'module' && libraryClass(at.module) !== null)) return;
    const line = lineIn(frames, this.#outside);
    throw new ExportError(
      `${reason} reads the values of a tensor${line === null ? '' : ` (${line})`}, so what the call computes depends on them in ` +
        'ways that are not recorded. Compute with tensors instead, and choose between values with where',
    );
  }

  // ---- Modules ----

  entered(module: AnyModule, path: string, inputs: readonly unknown[]): void {
    if (this.#looksAway) return;
    const frames = framesAbove(2);
    this.#settle(frames);
    const given = inputs.map((x) => this.values.argument(x));
    const call: Open<ModuleCall> = { kind: 'module', module, path, inputs: given, ...this.#begun(frames) };
    this.#body.push(call);
    this.#levels.push({ call, created: 0, given: inputs, frames: [], depth: 0 });
  }

  left(module: AnyModule, result: unknown): void {
    if (this.#looksAway) return;
    this.#closeFunctions();
    const level = this.#levels.pop();
    if (level?.call.kind !== 'module' || level.call.module !== module) return;
    level.call.result = this.values.argument(result);
  }

  finish(): void {
    this.#closeFunctions();
  }
}

/** Whether a function is still at work: the frames around it are as they were, and its own is there. */
function goesOn({ frames, depth }: Level, now: Frames): boolean {
  if (now.length <= depth || functionOf(now[depth]) !== functionOf(frames[depth])) return false;
  for (let i = depth - 1; i >= 0; i--) if (now[i] !== frames[i]) return false;
  return true;
}
