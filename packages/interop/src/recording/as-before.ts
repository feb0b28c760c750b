/** What a recorded call leaves as it was: modules, their state, generators. */
import { defaultGenerator, Generator, type Observer, observe, type Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { elementsBefore, propertiesOf, stateBefore, type Undo } from './put-back.ts';

/** Notes what is there before a call, and what it is about to change. */
class AsBefore implements Observer {
  readonly #undo: Undo[] = [];
  readonly #parameters = new Map<unknown, Tensor>();
  readonly #generators = new Set<Generator>();

  constructor(models: readonly AnyModule[]) {
    this.#keep(defaultGenerator);
    for (const model of models) {
      for (const module of model.modules()) this.#undo.push(propertiesOf(module));
      for (const buffer of model.buffers()) this.#undo.push(elementsBefore(buffer));
      for (const p of model.parameters()) {
        this.#parameters.set(p.storage, p);
        const { grad, requiresGrad } = p;
        // So nothing is recorded for backward, and noGrad of the user's can be told.
        if (requiresGrad) p.requiresGrad = false;
        this.#undo.push(() => {
          if (p.requiresGrad !== requiresGrad) p.requiresGrad = requiresGrad;
          if (p.grad !== grad) p.grad = grad;
        });
      }
    }
  }

  #keep(generator: Generator): void {
    if (this.#generators.has(generator)) return;
    this.#generators.add(generator);
    this.#undo.push(stateBefore(generator));
  }

  before(name: string, inputs: readonly Tensor[], attrs: unknown): void {
    // A parameter is seldom changed in a call: it is copied where it may be.
    if (name.endsWith('_')) for (const x of inputs) this.#copy(x);
    for (const x of typeof attrs === 'object' && attrs !== null ? Object.values(attrs) : [])
      if (x instanceof Generator) this.#keep(x);
  }

  #copy({ storage }: Tensor): void {
    const p = this.#parameters.get(storage);
    if (p === undefined) return;
    this.#parameters.delete(storage);
    this.#undo.push(elementsBefore(p));
  }

  /** Puts everything back. */
  restore(): void {
    for (const undo of this.#undo.reverse()) undo();
  }
}

/**
 * Runs what leaves models, their state, gradients and modes, and generators as they were. Nothing is recorded for
 * backward meanwhile.
 */
export function leavingAsBefore<T>(models: readonly AnyModule[], run: () => T): T {
  const before = new AsBefore(models);
  const stop = observe({ before: (...told) => before.before(...told) });
  try {
    return run();
  } finally {
    stop();
    before.restore();
  }
}
