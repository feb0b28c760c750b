import { autogradOf, type Tensor } from '../../tensor.ts';
import type { GradientLeft, Value } from '../program.ts';
import type { GradientAtFirst } from './settle.ts';

/** The gradients of leaves that a call meets. */
export class Gradients {
  /** What gradient a leaf had when the call began, for those of which it matters. */
  readonly #before = new Map<Tensor, Tensor | null>();
  /** Those that first became another one, or none, whatever they were. */
  readonly #replaced = new Set<Tensor>();

  meets(leaf: Tensor, replaced: boolean): void {
    if (this.#before.has(leaf)) return;
    this.#before.set(leaf, autogradOf(leaf).gradient);
    if (replaced) this.#replaced.add(leaf);
  }

  /** Those that mattered, or may have to these leaves, as they were when the call began. */
  atFirst(leaves: Iterable<Tensor>, given: readonly Tensor[]): GradientAtFirst[] {
    return [...new Set([...this.#before.keys(), ...leaves])].map((tensor) => {
      const index = given.indexOf(tensor);
      const met = this.#before.get(tensor);
      const before = met === undefined ? autogradOf(tensor).gradient : met;
      const matters = met !== undefined && !this.#replaced.has(tensor);
      return { leaf: { tensor, argument: index < 0 ? null : index }, before, matters };
    });
  }

  /** What becomes of them. */
  left(atFirst: readonly GradientAtFirst[], valueOf: (gradient: Tensor) => Value): GradientLeft[] {
    return atFirst.flatMap(({ leaf, before }) => {
      const now = autogradOf(leaf.tensor).gradient;
      const stays = now === before && (now !== null || !this.#replaced.has(leaf.tensor));
      return stays ? [] : [{ leaf, value: now === null ? null : valueOf(now) }];
    });
  }
}
