import { AutogradError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { autogradOf } from '../tensor.ts';
import { checkVersion, freed } from './node.ts';

/** Tensors kept for a backward pass: checked against being overwritten, and let go with the graph. */
export class SavedTensors {
  #saved: readonly { readonly x: Tensor; readonly version: number }[] | null;

  constructor(tensors: readonly Tensor[]) {
    if (tensors.some((x) => autogradOf(x).inference)) {
      throw new AutogradError(
        'Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and ' +
          'use it in autograd.',
      );
    }
    this.#saved = tensors.map((x) => ({ x, version: x.storage.version }));
  }

  get freed(): boolean {
    return this.#saved === null;
  }

  /** The tensors. Throws if the graph was freed, or if one was changed in place since it was saved. */
  read(node: string, trace: string | null): readonly Tensor[] {
    if (this.#saved === null) throw freed(node);
    return this.#saved.map(({ x, version }, i) => {
      checkVersion(x, version, node, `saved tensor ${i}`, trace);
      return x;
    });
  }

  /** Lets go of the tensors. Where there are none, the graph can be walked again, as in PyTorch. */
  release(): void {
    if (this.#saved !== null && this.#saved.length > 0) this.#saved = null;
  }
}
