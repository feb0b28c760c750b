import { AutogradError } from '../errors.ts';
import type { GradNode } from '../record/node.ts';
import { SavedTensors } from '../record/saved-tensors.ts';
import { Tensor } from '../tensor.ts';

/**
 * The first tensors count as present, so that `const [x, y] = ctx.savedTensors` needs no assertions under
 * `noUncheckedIndexedAccess`: how many were saved, only `forward` knows.
 */
type SavedList = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, ...Tensor[]];

/** What `forward` of a custom function passes on to its `backward`. Follows PyTorch's `ctx`. */
export class FunctionContext<State extends object = Record<string, unknown>> {
  /** Anything but tensors that `backward` needs: numbers, shapes, flags. */
  readonly state: State = {} as State;
  /** For each argument of `forward`: whether it is a tensor that wants a gradient. */
  readonly needsInputGrad: readonly boolean[];
  /** The node of the call, while its backward runs. @internal */
  node: GradNode<null> | null = null;

  readonly #name: string;
  #tensors: readonly Tensor[] = [];
  #saved: SavedTensors | null = null;
  #dirty: ReadonlySet<Tensor> = new Set();
  #nonDifferentiable: ReadonlySet<Tensor> = new Set();
  #materialize = true;

  /** @internal Made by the custom function itself. */
  constructor(name: string, needsInputGrad: readonly boolean[]) {
    this.#name = name;
    this.needsInputGrad = needsInputGrad;
  }

  /**
   * Keeps inputs and outputs of the function for `backward`, until the graph is freed; in-place changes to them are
   * noticed. Called at most once, with all of them. Tensors that are neither belong here as well, but second
   * derivatives do not flow through them.
   * @throws AutogradError for what is no tensor
   */
  saveForBackward(...tensors: readonly Tensor[]): void {
    for (const [i, x] of tensors.entries()) {
      if (x instanceof Tensor) continue;
      throw new AutogradError(
        `saveForBackward can only save tensors, but argument ${i} is of type ${typeof x}; keep other values in ctx.state`,
      );
    }
    this.#tensors = tensors;
  }

  /**
   * What {@link saveForBackward} kept.
   * @throws AutogradError once the graph is freed, or where a tensor was changed in place since
   */
  get savedTensors(): SavedList {
    const list =
      this.#saved === null ? this.#tensors : this.#saved.read(this.#name, this.node?.trace ?? null);
    return list as unknown as SavedList;
  }

  /** Declares outputs (indices, masks) that no gradient flows through; those of integer dtypes are so anyway. */
  markNonDifferentiable(...outputs: readonly Tensor[]): void {
    this.#nonDifferentiable = new Set(outputs);
  }

  /** Declares inputs that `forward` changed in place; it must return them as well. */
  markDirty(...inputs: readonly Tensor[]): void {
    this.#dirty = new Set(inputs);
  }

  /**
   * With `false`, `backward` gets `null`, instead of zeros, as the gradient of an output that was not used. Default:
   * true.
   */
  setMaterializeGrads(value: boolean): void {
    this.#materialize = value;
  }

  /** What forward declared. @internal */
  get marks() {
    return { dirty: this.#dirty, nonDifferentiable: this.#nonDifferentiable, materialize: this.#materialize };
  }

  /** Ends forward: from now on the saved tensors must not change. @internal */
  seal(): SavedTensors {
    this.#saved = new SavedTensors(this.#tensors);
    this.#tensors = [];
    return this.#saved;
  }
}
