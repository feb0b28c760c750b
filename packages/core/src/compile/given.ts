import { Tensor } from '../tensor.ts';
import { isElements, leavesOfArguments, mapArgument, TensorForm } from './tree.ts';

/** An argument that requires gradients after a call as it did not before, or the other way round. */
export interface Requiring {
  readonly index: number;
  readonly requiresGrad: boolean;
}

/** What a call is given, as it was when the call began: the function may change it. */
export class Given {
  /** The nesting of the arguments, with what each tensor must be like. */
  readonly form: readonly unknown[];
  readonly #args: readonly unknown[];
  readonly #tensors: readonly Tensor[];
  readonly #leaves: ReturnType<typeof leavesOfArguments>;
  readonly #required: readonly boolean[];

  constructor(args: readonly unknown[], tensors: readonly Tensor[]) {
    this.form = args.map((arg) => mapArgument(arg, (x) => formOf(x, tensors)));
    this.#args = [...args];
    this.#tensors = tensors;
    this.#leaves = leavesOfArguments(this.#args);
    this.#required = tensors.map(({ requiresGrad }) => requiresGrad);
  }

  /** Where the function has changed arrays or objects that it was given, as `[0].x`; `null` where it has not. */
  changedAt(): string | null {
    const now = leavesOfArguments(this.#args);
    const all = now.length < this.#leaves.length ? this.#leaves : now;
    for (const [i, { path }] of all.entries()) {
      const [a, b] = [this.#leaves[i], now[i]];
      if (a?.path !== b?.path || !Object.is(a?.leaf, b?.leaf)) return path;
    }
    return null;
  }

  /** Which tensors require gradients now as they did not, or the other way round. */
  requiring(): Requiring[] {
    return this.#tensors.flatMap(({ requiresGrad, gradFn }, index) =>
      gradFn === null && requiresGrad !== this.#required[index] ? [{ index, requiresGrad }] : [],
    );
  }
}

function formOf(x: unknown, tensors: readonly Tensor[]): unknown {
  if (x instanceof Tensor) return new TensorForm(x, tensors.indexOf(x));
  return isElements(x) ? x.slice() : x;
}
