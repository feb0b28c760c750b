import { checkArguments, K } from '../arguments/index.ts';
import { CompileError, ValueError } from '../errors.ts';
import { timesWanted } from '../kernels/index.ts';
import { isGradEnabled, isInferenceModeEnabled } from '../record/grad-mode.ts';
import { askOwner } from '../record/host.ts';
import { anomalyMode, tracer } from '../record/observe.ts';
import { disown } from '../shape.ts';
import { type Tensor, timesChanged } from '../tensor.ts';
import { checkAgainstEager, unlessItFails } from './check.ts';
import { explain } from './explain.ts';
import { Given } from './given.ts';
import { firstChange } from './guards.ts';
import { Machine, Refused } from './machine/index.ts';
import type { Program } from './program.ts';
import { type ProgramReport, reportOf } from './report.ts';
import { Division, lookingOn, Rehearsal, Tracing } from './trace/index.ts';
import { sameForm, tensorsAmong, tensorsIn } from './tree.ts';
import {
  alike,
  type Form,
  formOfResult,
  programsMade,
  resultOf,
  type Version,
  Versions,
} from './versions.ts';

/** Options of {@link compile}. */
export interface CompileOptions {
  /**
   * Which calls are run both ways and compared, bit for bit: results, parameters, state, gradients, random streams.
   * `true`: each, for finding out, not for speed; `false`: none. Default: the first six of each program, then number
   * 27, 64, 125 and the other cubes, so that it comes to light when a function later does something else.
   */
  readonly check?: boolean | undefined;
  /** For what cannot be compiled: an error, or a warning, after which it runs as it is. Default: `'error'`. */
  readonly fallback?: 'error' | 'eager';
}

/** What {@link compile} returns: the function, with the same arguments and result, that says what became of it. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R;
  /** What became of the function: its programs with their equations, memory, and why there are several. */
  explain(): string;
  /** What {@link explain} prints, and the WebAssembly that runs, as data: one report a program. */
  report(): readonly ProgramReport[];
  /** The programs, one for each form of arguments and setting that was met. */
  readonly programs: readonly Program[];
}

/** A call that was looked at as the function ran. */
interface Rehearsed extends Form {
  readonly rehearsal: Rehearsal;
}

/** An earlier one, and whether its arguments were of the form of those now. */
interface Before {
  readonly rehearsal: Rehearsal;
  readonly isSameForm: boolean;
}

/** After so many calls that take something else from outside there is no hope; in another form of arguments, so many. */
const callsToSettle = 3;
const callsOfOtherForms = 8;
const compileKinds = { check: K.flag, fallback: K.oneOf('error', 'eager') };
/** So many calls of a program are run both ways, one after the other. */
const firstChecks = 6;
const checkAfter = (calls: number): number =>
  calls < firstChecks ? calls + 1 : (Math.round(Math.cbrt(calls)) + 1) ** 3;

const currentMode = (): number => Number(isGradEnabled()) + 2 * Number(isInferenceModeEnabled());

const leftBehind =
  'this tensor was made inside a compiled function and is none of its results: later calls do not fill it; return it from the ' +
  'function to have its values';

class CompiledFunction<A extends readonly unknown[], R> {
  readonly #versions = new Versions();
  readonly #fn: (...args: A) => R;
  readonly #options: CompileOptions;
  readonly #check: boolean | undefined;
  readonly #fallback: 'error' | 'eager';
  /** The parts that are programs, where no call is one. */
  #division: Division<A, CompiledFunction<A, unknown>> | null = null;
  #checksNext = false;
  /** The calls until there is a program; then the last that was recorded. */
  #before: readonly Rehearsed[] = [];
  /** How often a call took something else from outside than those before. */
  #differing = 0;
  /** How many calls in a row changed what they took for given. */
  #changing = 0;
  /** How many in a row made what lasts beyond them. */
  #making = 0;
  #eager = false;
  /** Counts calls. */
  #clock = 0;

  constructor(fn: (...args: A) => R, options: CompileOptions) {
    this.#fn = fn;
    this.#options = options;
    this.#check = options.check;
    this.#fallback = options.fallback ?? 'error';
  }

  get versions(): readonly Version[] {
    return this.#division === null
      ? this.#versions.list
      : this.#division.parts.flatMap((part) => part.versions);
  }

  /** Has the next call run both ways. */
  checkNext(): void {
    this.#checksNext = true;
  }

  /** @param owner on what the function was called, as a method */
  call(args: A, owner?: unknown): R {
    // Inside another compiled function it is part of that one.
    if (this.#eager || tracer !== null) return this.#fn(...args);
    if (this.#division !== null) return this.#division.run(args, this.#fn);
    const mode = currentMode();
    const tensors = tensorsAmong(args);
    if (this.#before.length === 0) return this.#rehearse(args, tensors, mode);
    if (anomalyMode.value !== null) return this.#watched(args);
    let reason = this.#versions.list.length === 0 ? 'the first call' : 'arguments of another form';
    for (const version of this.#versions.list) {
      if (version.mode !== mode) reason = 'another grad mode';
      else if (sameForm(args, version.form, tensors, alike)) {
        const changed = this.#changed(version, tensors);
        if (changed !== null) reason = changed;
        else if (version.executable.serves(tensors)) return this.#run(version, args, tensors);
        else reason = 'elements of arguments decide otherwise';
      }
    }
    return this.#versions.isWorthOne(args, tensors, mode)
      ? this.#trace(args, tensors, mode, reason, owner)
      : this.#fn(...args);
  }

  /** The first call: state comes into being, that of optimizers, say. */
  #rehearse(args: A, tensors: readonly Tensor[], mode: number): R {
    const rehearsal = new Rehearsal(tensors);
    const { form } = new Given(args, tensors);
    const result = lookingOn(rehearsal, () => this.#fn(...args));
    refusePromise(result);
    rehearsal.ends(tensorsIn(result));
    this.#before = [{ rehearsal, form, mode }];
    if (rehearsal.isDivided) this.#divide();
    return result;
  }

  /** From now on parts of the calls are programs. */
  #divide(): void {
    this.#versions.clear();
    this.#division = new Division(
      (part) => new CompiledFunction<A, unknown>(part, this.#options),
      (call) => call <= firstChecks || Number.isInteger(Math.cbrt(call)),
    );
  }

  /** A call under anomaly mode, which a program could not follow. */
  #watched(args: A): R {
    if (this.#fallback === 'eager') return this.#fn(...args);
    throw new CompileError(
      'compile: anomaly mode looks at values as they are computed; run the function itself under it',
    );
  }

  /** Whether the call took the same from outside as one before. */
  #isSettled(rehearsal: Rehearsal, before: readonly Before[]): boolean {
    if (this.versions.length > 0) return true;
    const begun = before.filter((call) => rehearsal.beganAs(call.rehearsal));
    const alike = begun.findLast(({ isSameForm }) => isSameForm) ?? begun.at(-1);
    const other = alike ?? before.at(-1);
    const difference = other && rehearsal.differsFrom(other.rehearsal, other.isSameForm);
    if (difference == null) return true;
    // Where gradients came or went, another program serves the call.
    if (alike === undefined) return before.length >= callsToSettle;
    // What has another form may well take other tensors; but not for ever.
    if (alike.isSameForm) this.#differing++;
    if (this.#differing < callsToSettle && before.length < callsOfOtherForms) return false;
    throw new CompileError(
      `compile: the function takes something else from outside in each call, lastly ${difference}; a program could not follow that. ` +
        'Pass what changes as an argument; or, if it decides what is done, name it by dependsOn',
    );
  }

  /**
   * Whether a call leaves what it takes for given as it was, and makes nothing that lasts. That may well be done once,
   * or by some parts after others, but not in each call.
   */
  #isLikeLaterOnes(tracing: Tracing): boolean {
    const { postponed } = tracing;
    const changed = tracing.changed();
    this.#changing = changed === null ? 0 : this.#changing + 1;
    this.#making = postponed === null ? 0 : this.#making + 1;
    if (this.#changing >= callsToSettle)
      throw new CompileError(
        `compile: the function changes ${changed} in each call, which a program would not do; do so outside of it; in the place of a tensor, ` +
          'change the tensor itself (copy_)',
      );
    if (this.#making >= callsOfOtherForms)
      throw new CompileError(
        `compile: ${postponed} in each call, which a program would not do; make once, outside of the function, what it is of`,
      );
    return changed === null && postponed === null;
  }

  #changed(version: Version, tensors: readonly Tensor[]): string | null {
    const { seldom, always } = version.guards;
    if (version.changes !== timesChanged) {
      const changed = firstChange(seldom, tensors);
      if (changed !== null) return changed;
      version.changes = timesChanged;
    }
    return firstChange(always, tensors);
  }

  #run(version: Version, args: A, tensors: readonly Tensor[]): R {
    version.calls++;
    version.used = ++this.#clock;
    version.madeBefore = programsMade;
    if (version.timesWanted !== timesWanted) followThreads(version);
    try {
      // No closure stands here: it would cost each call.
      if (this.#check ?? (this.#checksNext || version.calls >= version.nextCheck))
        return this.#runBothWays(version, args, tensors);
      return resultOf(version, tensors, version.executable.run(tensors)) as R;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.#runRefused(version, args, tensors);
    }
  }

  /** Runs a program and the function, and compares them. */
  #runBothWays(version: Version, args: A, tensors: readonly Tensor[]): R {
    const checked = checkAgainstEager(version.executable, tensors, () => this.#fn(...args), leftBehind);
    if (checked.difference !== null) return this.#giveUp(version, checked.difference, checked.result);
    version.nextCheck = checkAfter(version.calls);
    this.#checksNext = false;
    return resultOf(version, tensors, checked.found) as R;
  }

  #runRefused({ executable }: Version, args: A, tensors: readonly Tensor[]): R {
    return unlessItFails(executable, tensors, () => this.#fn(...args));
  }

  /** A program turned out to do something else than the function, which has just run: no program is to be trusted. */
  #giveUp({ calls }: Version, difference: string, result: R): R {
    this.#versions.clear();
    const message =
      `compile: ${difference}. Call ${calls} of this program shows that the function depends on something that changes and that no ` +
      'tensor, setting or onHost tells of, such as a number in a variable, or a count of its calls; those since the last check may ' +
      'have been wrong too. Pass it as an argument, name it by dependsOn, or do it outside or in onHost';
    this.#fallBack(new CompileError(message));
    return result;
  }

  /** Runs the function as it is, and makes a program of what it does. */
  #trace(args: A, tensors: readonly Tensor[], mode: number, reason: string, owner: unknown): R {
    const given = new Given(args, tensors);
    const before = this.#before.map(
      (call): Before => ({
        rehearsal: call.rehearsal,
        isSameForm: call.mode === mode && sameForm(args, call.form, tensors, alike),
      }),
    );
    const last = before.at(-1);
    const tracing = new Tracing(
      tensors,
      last?.rehearsal ?? null,
      last?.isSameForm === true,
      this.#fallback === 'eager',
    );
    const result = lookingOn(tracing, () => {
      askOwner(owner);
      return this.#fn(...args);
    });
    refusePromise(result);
    if (tracing.rehearsal.isDivided) {
      this.#divide();
      return result;
    }
    try {
      this.#adopt(tracing, given, before, { mode, reason, result });
    } catch (error) {
      this.#fallBack(error);
    }
    return result;
  }

  /** Has the function run as it is from now on, where that may be. */
  #fallBack(error: unknown): void {
    if (!(error instanceof CompileError && this.#fallback === 'eager')) throw error;
    console.warn(`Warning: ${error.message}; the function runs as it is from now on.`);
    this.#eager = true;
  }

  #adopt(
    tracing: Tracing,
    given: Given,
    before: readonly Before[],
    { mode, reason, result }: Pick<Version, 'mode' | 'reason' | 'result'>,
  ): void {
    if (tracing.failure !== null) throw tracing.failure;
    const changed = given.changedAt();
    if (changed !== null) {
      throw new CompileError(
        `compile: the function changes what it is given, arguments${changed}, which later calls would not do; return what it gives`,
      );
    }
    tracing.rehearsal.ends(tensorsIn(result));
    const isLikeLaterOnes = this.#isLikeLaterOnes(tracing);
    const settled = this.#isSettled(tracing.rehearsal, before);
    const earlier = settled ? [] : this.#before;
    this.#before = [...earlier, { rehearsal: tracing.rehearsal, form: given.form, mode }];
    if (!settled || !isLikeLaterOnes) return;
    const { program, guards, kinds, settings, leftBehind: storages } = tracing.finish(result);
    if (tracing.failure !== null) throw tracing.failure;
    const executable = new Machine(program);
    for (const storage of storages) storage.leaveBehind(leftBehind);
    this.#versions.add({
      form: given.form,
      mode,
      guards,
      executable,
      timesWanted,
      reason,
      changes: -1,
      calls: 0,
      nextCheck: 1,
      used: ++this.#clock,
      madeBefore: programsMade,
      result: formOfResult(result),
      requiring: given.requiring(),
      settings,
      kinds,
    });
  }
}

/** Has a program of one thread made anew where there are several now. */
function followThreads(version: Version): void {
  version.timesWanted = timesWanted;
  const { executable } = version;
  if (!executable.isForFewer) return;
  version.executable = new Machine(executable.program);
  executable.giveBack();
}

function refusePromise(result: unknown): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return;
  disown(result);
  throw new ValueError('compile: the function is asynchronous; compile the synchronous step, await outside');
}

/**
 * Makes a function a program that gives the same numbers, bit for bit, without recording gradients, checking arguments
 * or allocating memory: a training step (zeroGrad, loss, backward, step), the step of several models and optimizers, or
 * a model that is only used.
 *
 * The first call runs the function as it is, the second one too and is recorded; from the third on the program runs, and
 * the function's own code only in calls that are compared. Another form of arguments (a short last batch), or of settings
 * (train and eval, grad mode, requiresGrad), is recorded as another program. The rates and counts of optimizers are
 * worked out anew in each call; random numbers are drawn as the function would draw them. Parameters, state, buffers and
 * gradients are ordinary tensors between calls, to be read, saved and changed. Follows `torch.compile`.
 * @throws CompileError where the function reads values of tensors (`item()`, a branch on data), returns what is no
 *   tensor, or takes tensors in with their graph: what cannot be done later without its code
 * @throws ValueError for what is no function, or an asynchronous one
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const step = compile((x: Tensor) => {
 *   w.grad = null;
 *   const loss = w.mul(x).square().sum();
 *   loss.backward();
 *   noGrad(() => w.sub_(w.grad!, { alpha: 0.25 }));
 *   return loss;
 * });
 * for (let i = 0; i < 4; i++) step(tensor([1, 0.5]));
 * w; // tensor([ 0.0938, -1.1724], requires_grad=True)
 * ```
 */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  checkArguments('compile', { fn: K.callable, options: K.options<CompileOptions>(compileKinds) }, arguments);
  const compiled = new CompiledFunction(fn, options);
  const call = function (this: unknown, ...args: A): R {
    return compiled.call(args, this);
  };
  return Object.defineProperties(call, {
    name: { value: `compiled ${fn.name || 'function'}` },
    explain: { value: () => explain(compiled.versions.map(reportOf)) },
    report: { value: () => compiled.versions.map(reportOf) },
    programs: { get: () => compiled.versions.map(({ executable }) => executable.program) },
    machines: { get: () => compiled.versions.map(({ executable }) => executable) },
  }) as Compiled<A, R>;
}
