import { AutogradError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { autogradOf } from '../tensor.ts';
import { checkVersion, freed } from './node.ts';

/** Tensors kept for a backward pass: checked against being overwritten, and let go with the graph. */
export class SavedTensors {
  #tensors: readonly Tensor[] | null;
  readonly #versions: readonly number[];

  constructor(tensors: readonly Tensor[]) {
    if (tensors.some((x) => autogradOf(x).inference)) {
      throw new AutogradError(
        'Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and ' +
          'use it in autograd.',
      );
    }
    this.#tensors = tensors;
    this.#versions = tensors.map((x) => x.storage.version);
  }

  get freed(): boolean {
    return this.#tensors === null;
  }

  /** The tensors. Throws if the graph was freed, or if one was changed in place since it was saved. */
  read(node: string, trace: string | null): readonly Tensor[] {
    if (this.#tensors === null) throw freed(node);
    this.#tensors.forEach((x, i) => {
      checkVersion(x, this.#versions[i]!, node, `saved tensor ${i}`, trace);
    });
    return this.#tensors;
  }

  /** Lets go of the tensors. Where there are none, the graph can be walked again, as in PyTorch. */
  release(): void {
    if (this.#tensors !== null && this.#tensors.length > 0) this.#tensors = null;
  }
}
