import { sameShape } from '../shape.ts';
import { autogradOf, type HookList, Tensor } from '../tensor.ts';
import { Given, type Requiring } from './given.ts';
import type { Guards } from './guards.ts';
import type { Machine } from './machine/index.ts';
import { type Kinds, ofKinds, type SettingLeft } from './trace/index.ts';
import { mapLeaves, sameForm, type TensorForm } from './tree.ts';

/** What a call is given, in which mode. */
export interface Form {
  readonly form: readonly unknown[];
  readonly mode: number;
}

/** A program, and when it stands for a call. */
export interface Version extends Form {
  readonly guards: Guards;
  /** How much had changed when the seldom ones were last asked. */
  changes: number;
  executable: Machine;
  /** How often the number of threads had been said when {@link executable} was made. */
  timesWanted: number;
  /** The nesting of the results, around what stands in the places of tensors. */
  readonly result: unknown;
  /** The arguments that require gradients afterwards as they did not before, or the other way round. */
  readonly requiring: readonly Requiring[];
  /** The settings that calls leave otherwise than they find them. */
  readonly settings: readonly SettingLeft[];
  /** What results are beside their elements. */
  readonly kinds: Kinds;
  /** Why the ones before did not serve. */
  readonly reason: string;
  calls: number;
  /** Which call is run both ways. */
  nextCheck: number;
  /** When it was last used, in calls. */
  used: number;
  /** How many programs had been made by then, of all functions. */
  madeBefore: number;
}

/** How many programs were made, of all functions. */
export let programsMade = 0;

/** Of more programs than so many, or of more memory of theirs, the one that was not used for longest goes. */
const mostVersions = 64;
const mostBytes = 2 ** 30;
/**
 * Those of functions that nobody has any more are collected when the event loop turns, and some loops never let it. So
 * of more memory than so much those programs go, of any function, that were not used while so many others were made.
 */
const mostBytesOfAll = 2 ** 28;
const outOfUse = 16;
/** The programs of each function. */
const functions = new Set<WeakRef<Versions>>();

/** From this number of programs on a warning says why there are so many, and what comes once gets none. */
const manyVersions = 8;
/** So many forms are remembered. */
const mostForms = 256;

/** Another tensor may have the same hooks, in a list of its own. */
function haveSameHooks(a: HookList<unknown> | null, b: HookList<unknown> | null): boolean {
  if (a === b) return true;
  const [now, before] = [a ?? [], b ?? []];
  return now.length === before.length && now.every(({ hook }, i) => hook === before[i]?.hook);
}

/** Stands for a tensor in the form of a result. */
const tensorHere = Symbol('tensor');

/** The nesting of a result, around what stands for its tensors. */
export const formOfResult = (result: unknown): unknown =>
  mapLeaves(result, (leaf) => (leaf instanceof Tensor ? tensorHere : leaf));

/** What the function gives, around the tensors that its program gave. */
export function resultOf(
  { requiring, settings, kinds, result }: Version,
  tensors: readonly Tensor[],
  given: readonly Tensor[],
): unknown {
  for (const { write, value } of settings) write(value);
  for (const { index, requiresGrad } of requiring) tensors[index]?.requiresGrad_(requiresGrad);
  const found = kinds === null ? given : ofKinds(kinds, given, tensors);
  if (result === tensorHere) return found[0];
  let next = 0;
  return mapLeaves(result, (leaf) => (leaf === tensorHere ? found[next++] : leaf));
}

/** Whether a tensor among the arguments of a call is as one was. */
export const alike = (x: Tensor, form: TensorForm, tensors: readonly Tensor[]): boolean =>
  tensors[form.index] === x &&
  x.dtype === form.dtype &&
  x.requiresGrad === form.requiresGrad &&
  autogradOf(x).inference === form.inference &&
  haveSameHooks(autogradOf(x).hooks, form.hooks) &&
  haveSameHooks(autogradOf(x).accumulateHooks, form.accumulateHooks) &&
  sameShape(x.shape, form.shape) &&
  (form.strides === null ? x.dense : !x.dense && sameShape(x.strides, form.strides));

/** The programs of a function. */
export class Versions {
  /** Those that there are. */
  readonly list: Version[] = [];
  readonly #reference = new WeakRef(this);
  /** How many were made. */
  #made = 0;
  /** What calls were given that no program stands for. */
  readonly #met: Form[] = [];

  /** Whether what a call is given is worth a program: where there are many, it has to come again. */
  isWorthOne(args: readonly unknown[], tensors: readonly Tensor[], mode: number): boolean {
    if (this.#made < manyVersions) return true;
    if (this.#met.some((one) => one.mode === mode && sameForm(args, one.form, tensors, alike))) return true;
    this.#meet({ form: new Given(args, tensors).form, mode });
    return false;
  }

  #meet({ form, mode }: Form): void {
    this.#met.push({ form, mode });
    if (this.#met.length > mostForms) this.#met.shift();
  }

  add(version: Version): void {
    functions.add(this.#reference);
    this.list.push(version);
    programsMade++;
    if (++this.#made === manyVersions) this.#warnOfMany();
    while (this.list.length > mostVersions || (this.list.length > 1 && bytesOf(this.list) > mostBytes))
      this.drop(this.list.reduce((a, b) => (b.used < a.used ? b : a)));
    dropOutOfUse();
  }

  /** Gives one up. */
  drop(version: Version): void {
    this.list.splice(this.list.indexOf(version), 1);
    this.#meet(version);
    version.executable.giveBack();
  }

  /** Gives all of them up. */
  clear(): void {
    for (const { executable } of this.list.splice(0)) executable.giveBack();
  }

  #warnOfMany(): void {
    console.warn(
      `Warning: compile: the function has been compiled ${manyVersions} times (${reasonsOf(this.list)}). Each form of arguments and each setting ` +
        'has a program of its own: pad short batches, or keep what changes out of the function. From now on another form is compiled ' +
        'when it comes for the second time.',
    );
  }
}

/** Why each was made, a reason of some in a row once: `1: the first call; 2 to 8: arguments of another form`. */
function reasonsOf(list: readonly Version[]): string {
  const rows: { reason: string; from: number; to: number }[] = [];
  for (const [i, { reason }] of list.entries()) {
    const last = rows.at(-1);
    if (last?.reason === reason) last.to = i + 1;
    else rows.push({ reason, from: i + 1, to: i + 1 });
  }
  return rows
    .map(({ reason, from, to }) => `${from === to ? from : `${from} to ${to}`}: ${reason}`)
    .join('; ');
}

const bytesOf = (list: readonly Version[]): number =>
  list.reduce((sum, { executable }) => sum + executable.bytes, 0);

/** Gives up those of all functions that are out of use, where all take much memory. */
function dropOutOfUse(): void {
  const all: { readonly versions: Versions; readonly version: Version }[] = [];
  for (const reference of functions) {
    const versions = reference.deref();
    if (versions === undefined || versions.list.length === 0) functions.delete(reference);
    else for (const version of versions.list) all.push({ versions, version });
  }
  let bytes = bytesOf(all.map(({ version }) => version));
  for (const { versions, version } of all.sort((a, b) => a.version.madeBefore - b.version.madeBefore)) {
    if (bytes <= mostBytesOfAll || programsMade - version.madeBefore < outOfUse) return;
    bytes -= version.executable.bytes;
    versions.drop(version);
  }
}
