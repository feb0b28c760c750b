import { sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { Given, type Requiring } from './given.ts';
import type { Guards } from './guards.ts';
import type { Machine } from './machine/index.ts';
import { sameForm, type TensorForm } from './tree.ts';

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
  /** Why the ones before did not serve. */
  readonly reason: string;
  calls: number;
  /** Which call is run both ways. */
  nextCheck: number;
  /** When it was last used, in calls. */
  used: number;
}

/** Of more programs than so many, or of more memory of theirs, the one that was not used for longest goes. */
const mostVersions = 64;
const mostBytes = 2 ** 30;
/** From this number of programs on a warning says why there are so many, and what comes once gets none. */
const manyVersions = 8;
/** So many forms are remembered. */
const mostForms = 256;

/** Whether a tensor among the arguments of a call is as one was. */
export const alike = (x: Tensor, form: TensorForm, tensors: readonly Tensor[]): boolean =>
  tensors[form.index] === x &&
  x.dtype === form.dtype &&
  x.requiresGrad === form.requiresGrad &&
  sameShape(x.shape, form.shape) &&
  (form.strides === null ? x.dense : !x.dense && sameShape(x.strides, form.strides));

/** The programs of a function. */
export class Versions {
  /** Those that there are. */
  readonly list: Version[] = [];
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
    this.list.push(version);
    if (++this.#made === manyVersions) this.#warnOfMany();
    const bytes = (): number => this.list.reduce((sum, { executable }) => sum + executable.plan.bytes, 0);
    while (this.list.length > mostVersions || (this.list.length > 1 && bytes() > mostBytes)) {
      const oldest = this.list.reduce((a, b) => (b.used < a.used ? b : a));
      this.list.splice(this.list.indexOf(oldest), 1);
      this.#meet(oldest);
      oldest.executable.giveBack();
    }
  }

  /** Gives all of them up. */
  clear(): void {
    for (const { executable } of this.list.splice(0)) executable.giveBack();
  }

  #warnOfMany(): void {
    const reasons = this.list.map(({ reason }, i) => `${i + 1}: ${reason}`).join('; ');
    console.warn(
      `Warning: compile: the function has been compiled ${manyVersions} times (${reasons}). Each form of arguments and each setting ` +
        'has a program of its own: pad short batches, or keep what changes out of the function. From now on another form is compiled ' +
        'when it comes for the second time.',
    );
  }
}
